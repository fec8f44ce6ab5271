// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a node can be asked to do, done: writing needs only the node's own disk, reading too; what
// only the hub knows is asked of it.

import Foundation
import Synchronization
public import WiciCore

extension Node: NodeOperations {
    /// The node's state now.
    public func status() async -> NodeStatus {
        let shown = state.withLock { $0 }
        let counts = (try? store.inboxCounts()) ?? (unacknowledged: 0, suspect: 0)
        let id = configuration.node
        return NodeStatus(
            node: id,
            institution: shown.documents.registry?.institution(of: id)?.id,
            program: Self.program,
            connection: shown.connection,
            since: shown.since,
            hub: configuration.hubEndpoint,
            refusal: shown.refusal,
            registry: shown.documents.registry.map {
                ReleaseStatus(
                    release: $0.release,
                    digest: $0.digest.hexadecimal,
                    validUntil: $0.contents.expires.description
                )
            },
            policy: shown.documents.policy.map {
                ReleaseStatus(
                    release: $0.release,
                    digest: $0.digest.hexadecimal,
                    validUntil: $0.expires.description
                )
            },
            mailboxHead: shown.mailboxHead,
            storedThrough: (try? store.storedThrough()) ?? .none,
            unacknowledged: counts.unacknowledged,
            suspect: counts.suspect,
            pending: (try? store.openOutboxCount()) ?? 0,
            ledgerSize: shown.checkpoint?.size ?? 0,
            clockDifference: shown.clockDifference
        )
    }

    /// Says what would happen to a draft, by the code that the hub decides with.
    public func preview(draft: MessageDraft) async throws(NodeError) -> Preview {
        let now = clock()
        let writer = try writer(at: now)
        let message = try writer.compose(
            draft,
            operator: configuration.operatorPseudonym,
            id: newID(at: now),
            now: now
        )
        guard let labels = labels(message.header) else { throw NodeError(.malformedHeader) }
        do throws(NodeError) {
            let found = try writer.preview(message, now: now)
            return Preview(
                labels: self.labels(found.header) ?? labels,
                eligible: found.eligible.nodes.map { RecipientModel($0) },
                sealed: found.isSealed,
                size: message.body.count
            )
        } catch {
            return Preview(
                labels: labels,
                eligible: [],
                sealed: false,
                size: message.body.count,
                refusal: error.report
            )
        }
    }

    /// Writes a message to the outbox, durably; it leaves when the hub is there.
    public func send(draft: MessageDraft) async throws(NodeError) -> MessageID {
        try await send(draft, answering: nil, acknowledging: nil)
    }

    /// The outbox entry of a message, waiting up to a time for its final state.
    public func outcome(
        of message: MessageID,
        wait: Duration
    ) async throws(NodeError) -> OutboxEntry {
        let row = try outboxRow(message)
        guard !row.isSettled, wait > .zero else { return entry(row) }
        let deadline = ContinuousClock.now.advanced(by: wait)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let taken = commands.offer(
                .awaitOutcome(message, deadline: deadline, continuation)
            )
            if !taken { continuation.resume() }
        }
        return entry(try outboxRow(message))
    }

    /// The latest entries of the outbox, newest first; at most 1,000.
    public func outbox(limit: Int) async throws(NodeError) -> [OutboxEntry] {
        do throws(NodeStoreError) {
            return try store.outbox(limit: limit.clamped(to: 1...1_000)).map { entry($0) }
        } catch {
            throw NodeError(error)
        }
    }

    /// Entries of the inbox after a number, in order; at most 1,000.
    public func inbox(
        after number: MailboxNumber,
        limit: Int,
        unacknowledgedOnly: Bool
    ) async throws(NodeError) -> [InboxEntry] {
        do throws(NodeStoreError) {
            return try store.inbox(
                after: number,
                limit: limit.clamped(to: 1...1_000),
                unacknowledgedOnly: unacknowledgedOnly
            ).map { entry($0) }
        } catch {
            throw NodeError(error)
        }
    }

    /// The last entries of the inbox, in order; at most 1,000.
    public func latestInbox(
        limit: Int,
        unacknowledgedOnly: Bool
    ) async throws(NodeError) -> InboxPage {
        do throws(NodeStoreError) {
            let (rows, omitted) = try store.latestInbox(
                limit: limit.clamped(to: 1...1_000),
                unacknowledgedOnly: unacknowledgedOnly
            )
            return InboxPage(entries: rows.map { entry($0) }, omitted: omitted)
        } catch {
            throw NodeError(error)
        }
    }

    /// A message with its content; `nil` when neither inbox nor outbox has it.
    public func message(_ id: MessageID) async throws(NodeError) -> MessageView? {
        do throws(NodeStoreError) {
            if let row = try store.inboxRow(id) {
                guard let header = try? WireHeader(headerBytes: row.header),
                    let labels = labels(header)
                else { return nil }
                // Empty bytes are an empty message too; what failed its check has no content.
                let isSound = row.suspicion == nil
                return MessageView(
                    labels: labels,
                    body: isSound ? JSONValue(type: header.type, body: row.body) : nil,
                    inbox: entry(row)
                )
            }
            guard let row = try store.outboxRow(id), let header = row.header,
                let labels = labels(header)
            else { return nil }
            return MessageView(
                labels: labels,
                body: JSONValue(type: header.type, body: row.body),
                outbox: entry(row)
            )
        } catch {
            throw NodeError(error)
        }
    }

    /// Sends the acknowledgement of a received message and notes it in the inbox, both or neither.
    public func acknowledge(_ id: MessageID, note: String) async throws(NodeError) -> MessageID {
        let received = try receivedHeader(id)
        let body: [PlainValue.Member] = note.isEmpty ? [] : [.init("note", .string(note))]
        let draft = answerDraft(type: "acknowledgement", body: .object(body), to: received)
        return try await send(
            draft,
            answering: received,
            acknowledging: id
        )
    }

    /// Sends a draft in the thread of a message.
    ///
    /// A draft of type and body alone takes marking, urgency, status and recipient from the message.
    public func reply(to id: MessageID, draft: MessageDraft) async throws(NodeError) -> MessageID {
        let received = try receivedHeader(id)
        do throws(NodeError) {
            return try await send(
                draft,
                answering: received,
                acknowledging: nil
            )
        } catch {
            // Only a draft that says nothing of marking and recipient is completed: what a person
            // did write must not be replaced.
            let missing = Set(error.report.faults.filter { $0.code == "missing" }.map(\.field))
            guard missing.contains("marking"), missing.contains("urgency") else { throw error }
            // What the message would have given is not the person's fault; the rest is.
            let others = error.report.faults.filter {
                !["marking", "urgency"].contains($0.field) && $0.field != "to"
                    && !$0.field.hasPrefix("to.")
            }
            guard others.isEmpty else {
                throw NodeError(
                    error.kind,
                    RefusalReport(Refusal(.schemaFault), faults: others)
                )
            }
            let completed = answerDraft(type: draft.type, body: draft.body, to: received)
            return try await send(
                completed,
                answering: received,
                acknowledging: nil
            )
        }
    }

    /// The subscriptions that the hub has confirmed.
    public func subscriptions() async throws(NodeError) -> [SubscriptionModel] {
        state.withLock { $0.subscriptions }.map { SubscriptionModel($0) }
    }

    /// Replaces the subscriptions, and returns once the hub has confirmed.
    public func subscribe(_ subscriptions: [SubscriptionModel]) async throws(NodeError) {
        for (place, model) in subscriptions.enumerated() {
            guard let refusal = model.refusal else { continue }
            throw NodeError(refusal.code, field: "subscriptions[\(place)].\(refusal.field)")
        }
        _ = try await ask(.subscribe(subscriptions.map(\.wire)))
    }

    /// Reads the ledger; auditors only, and the reading is itself recorded.
    public func readLedger(
        from: LedgerIndex,
        limit: Int,
        purpose: String
    ) async throws(NodeError) -> LedgerPageModel {
        let question = NodeRequest.Question.readLedger(
            from: from,
            limit: limit.clamped(to: 1...1_000),
            purpose: purpose
        )
        guard case .page(let page) = try await ask(question) else {
            throw NodeError(.hubContradictsItself)
        }
        return LedgerPageModel(
            entries: page.entries.map { LedgerEntryModel($0) },
            checkpoint: String(decoding: page.checkpoint, as: UTF8.self)
        )
    }

    /// The proof that a message is in the ledger, verified by this node before it is given out.
    public func prove(_ id: MessageID) async throws(NodeError) -> ProofModel {
        guard case .proof(let proof) = try await ask(.prove(id)) else {
            throw NodeError(.hubContradictsItself)
        }
        return try verified(ProofModel(proof), of: id)
    }

    /// Refuses a proof that is not one of this message at the place that this node knows it has.
    func verified(_ proof: ProofModel, of id: MessageID) throws(NodeError) -> ProofModel {
        let key = state.withLock { $0.documents.registry?.contents.hub.ledgerKey }
        guard let key else { throw NodeError(.nodeWithoutRegistry) }
        guard proof.proves(id, at: try recordedIndex(of: id), ledgerKey: key) else {
            throw NodeError(.hubContradictsItself)
        }
        return proof
    }

    /// The place in the ledger that a message's delivery or receipt named; `nil` where neither came.
    private func recordedIndex(of id: MessageID) throws(NodeError) -> LedgerIndex? {
        do throws(NodeStoreError) {
            if let received = try store.inboxRow(id) { return received.index }
            return try store.outboxRow(id)?.acceptedAt
        } catch {
            throw NodeError(error)
        }
    }

    /// The registry in force as the signed note that it is.
    public func registryText() async -> String? {
        state.withLock { $0.documents.registry == nil ? nil : $0.documents.registryNote }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The policy in force as the signed note that it is.
    public func policyText() async -> String? {
        state.withLock { $0.documents.policy == nil ? nil : $0.documents.policyNote }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

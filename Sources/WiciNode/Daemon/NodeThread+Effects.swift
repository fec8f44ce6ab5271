// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the session wants done, done: socket, store, documents.

import Foundation
import Logging
import Synchronization
import WiciCore
import ZeroMQ

extension NodeThread {
    /// Does one thing; the events that come of it are the session's next.
    mutating func perform(_ effect: NodeSessionEffect) -> [NodeSessionEvent] {
        switch effect {
        case .openConnection: return open()
        case .closeConnection:
            connection = nil
            return []
        case .send(let bytes): return send(bytes)
        case .storeDeliveries(let deliveries): return store(deliveries)
        case .storeReceipts(let batch):
            unstored.append(batch)
            retryStoring()
            return []
        case .adopt(let registry, let policy): return adopt(registry: registry, policy: policy)
        case .keepCheckpoint(let note):
            node.state.withLock { $0.checkpoint = machine.ledger.kept }
            keep([.checkpoint: note])
            return []
        case .requestNewestEntries: return [.newestEntries(newestEntries())]
        case .requestOutbox(let limit): return [.outboxReady(readyEnvelopes(limit: limit))]
        case .reseal(let id): return reseal(id)
        case .rememberSubscriptions(let subscriptions):
            node.state.withLock { $0.subscriptions = subscriptions }
            keep([.subscriptions: SubscriptionCoding.encode(subscriptions)])
            return []
        case .answer(let number, let answer):
            asking.removeValue(forKey: number)?.resume(returning: answer)
            return []
        case .report(let state):
            note(state)
            return []
        }
    }

    // MARK: Connection

    private mutating func open() -> [NodeSessionEvent] {
        let events = takeWaitingKeys()
        let waiting = triesWaitingKeys ? node.waitingKeys : nil
        do throws(ZeroMQError) {
            var opened = try ExchangeConnection(
                to: node.configuration.hubEndpoint,
                hub: node.configuration.hubKey,
                keys: (waiting ?? node.keys).exchange,
                in: context
            )
            opened.watch(descriptor: node.commands.wake.descriptor)
            connection = consume opened
            return events
        } catch {
            node.logger.error("connection failed", metadata: ["error": "\(error)"])
            return [.connectionClosed]
        }
    }

    private mutating func send(_ bytes: Data) -> [NodeSessionEvent] {
        guard connection != nil else { return [] }
        do throws(ExchangeConnection.ConnectionError) {
            try connection?.send(frame: bytes)
            return []
        } catch {
            node.logger.error("send failed", metadata: ["error": "\(error)"])
            return [.connectionClosed]
        }
    }

    /// The hub's door does not know the key.
    ///
    /// Where new keys wait, the registry in force there may name them already: they are tried next,
    /// soon, and only when the door knows neither is the node refused.
    mutating func keyRefused(status: Int) {
        triesWaitingKeys = !triesWaitingKeys && node.waitingKeys != nil
        guard !triesWaitingKeys else { return handle(.connectionClosed) }
        noteRefusedKey(status: status)
        handle(.authenticationFailed)
    }

    /// Takes the keys that wait once the registry names them.
    ///
    /// What was signed with the old ones and has no receipt yet goes back to the outbox, to be
    /// signed again: the same bytes, so that the hub takes them once.
    private mutating func takeWaitingKeys() -> [NodeSessionEvent] {
        guard node.takeWaitingKeys() else { return [] }
        triesWaitingKeys = false
        do throws(NodeStoreError) {
            try node.store.requeueSubmitted()
        } catch {
            node.logger.error("outbox write failed", metadata: ["error": "\(error)"])
        }
        return [.keysChanged]
    }

    /// Not enrolled, revoked, or another hub.
    private func noteRefusedKey(status: Int) {
        node.state.withLock {
            $0.connection = .refused
            $0.refusal = RefusalReport(Refusal(.unknownKey))
        }
        node.logger.warning("the hub refused the node's key", metadata: ["status": "\(status)"])
    }

    private func note(_ state: ConnectionState) {
        let now = node.clock()
        node.state.withLock { shown in
            switch state {
            case .stopped: shown.connection = .stopped
            case .connecting: if shown.connection != .refused { shown.connection = .connecting }
            case .connected(let head, let hubTime):
                // The hub's clock is a claim; one beyond all bounds is no clock.
                let (difference, isBeyond) = hubTime.milliseconds
                    .subtractingReportingOverflow(now.milliseconds)
                shown.clockDifference = isBeyond ? nil : difference
                shown.connection = .connected
                shown.refusal = nil
                shown.mailboxHead = head
            case .waiting(let refusal):
                if let refusal {
                    shown.connection = .refused
                    shown.refusal = RefusalReport(refusal)
                } else if shown.connection != .refused {
                    shown.connection = .connecting
                }
            case .contradiction:
                shown.refusal = RefusalReport(Refusal(.hubContradictsItself))
            }
            shown.since = now
        }
        switch state {
        case .contradiction(let contradiction):
            node.logger.critical(
                "the hub contradicts itself",
                metadata: ["how": "\(contradiction)"]
            )
        case .waiting(let refusal?):
            node.logger.warning("refused by the hub", metadata: ["code": "\(refusal.name)"])
        case .connected: node.logger.info("connected")
        case .stopped, .connecting, .waiting(nil): break
        }
    }

    // MARK: Store

    private mutating func store(_ deliveries: [IncomingDelivery]) -> [NodeSessionEvent] {
        let documents = node.state.withLock { $0.documents }
        guard
            let check = DeliveryCheck(
                node: node.configuration.node,
                documents: documents,
                sealingKeys: node.keys.sealing
            )
        else { return [.storingFailed] }
        let now = node.clock()
        var rows: [InboxRow] = []
        rows.reserveCapacity(deliveries.count)
        for delivery in deliveries {
            let row = check.row(of: delivery, verifier: &verifier, now: now)
            if let code = row.suspicion {
                node.logger.warning(
                    "suspect delivery",
                    metadata: ["number": "\(row.number)", "code": "\(code)"]
                )
            }
            rows.append(row)
        }
        do throws(NodeStoreError) {
            let stored = try node.store.store(rows)
            node.state.withLock { $0.mailboxHead = max($0.mailboxHead, stored) }
            return [.stored(through: stored)]
        } catch {
            node.logger.error("inbox write failed", metadata: ["error": "\(error)"])
            return [.storingFailed]
        }
    }

    /// Writes receipts that wait for the disk; the hub has acknowledged them, so they are not lost
    /// if this fails: after a restart the same bytes get the same receipt.
    mutating func retryStoring() {
        while let batch = unstored.first {
            do throws(NodeStoreError) {
                try node.store.settle(batch)
            } catch {
                node.logger.error("receipt write failed", metadata: ["error": "\(error)"])
                return
            }
            unstored.removeFirst()
            let settled = Set(batch.messages.map(\.messageID))
            release { settled.contains($0) }
        }
    }

    /// What the newest receipt and the newest delivery said; nil when the disk does not give it.
    private func newestEntries() -> [KnownEntry]? {
        do throws(NodeStoreError) {
            return try node.store.newestEntries()
        } catch {
            node.logger.error("store read failed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private mutating func readyEnvelopes(limit: Int) -> [OutgoingEnvelope] {
        // What waits for the disk to be sealed again goes first.
        guard unsealed.isEmpty else {
            isOutboxUnread = true
            return []
        }
        let rows: [OutboxRow]
        do throws(NodeStoreError) {
            rows = try node.store.takeQueued(limit: limit)
        } catch {
            node.logger.error("outbox read failed", metadata: ["error": "\(error)"])
            isOutboxUnread = true
            return []
        }
        let prepared = rows.compactMap { row in
            PreparedEnvelope(bytes: row.prepared).map { (row.messageID, $0, $0.digest) }
        }
        let signatures = BatchSigner.sign(prepared.map(\.2), with: node.keys.signing)
        return zip(prepared, signatures).map { prepared, signature in
            OutgoingEnvelope(
                messageID: prepared.0,
                digest: prepared.2,
                bytes: prepared.1.signed(signature),
                isSealed: prepared.1.isSealed
            )
        }
    }

    mutating func reseal(_ id: MessageID) -> [NodeSessionEvent] {
        do throws(NodeStoreError) {
            guard let row = try node.store.outboxRow(id) else { return [.outboxChanged] }
            switch sealedAgain(row) {
            case .success(let prepared):
                try node.store.requeue(id, prepared: prepared.bytes)
            case .failure(let error):
                try node.store.fail(id, WireRefusal(error.report))
                release { $0 == id }
            }
            return [.outboxChanged]
        } catch {
            node.logger.error("sealing again failed", metadata: ["error": "\(error)"])
            unsealed.append(id)
            return []
        }
    }

    private func sealedAgain(_ row: OutboxRow) -> Result<PreparedEnvelope, NodeError> {
        let now = node.clock()
        let documents = node.state.withLock { $0.documents }
        do throws(NodeError) {
            guard row.attempts < Self.sealAttempts else { throw NodeError(.sealKeptChanging) }
            let writer = try MessageWriter(
                node: node.configuration.node,
                documents: documents,
                now: now
            )
            return .success(try writer.reseal(row, now: now))
        } catch {
            return .failure(error)
        }
    }

    /// How often a message is sealed before the node gives up.
    private static var sealAttempts: Int { 5 }

    // MARK: Documents

    private mutating func adopt(registry: Data?, policy: Data?) -> [NodeSessionEvent] {
        let now = node.clock()
        var documents = node.state.withLock { $0.documents }
        var failure: DocumentError?
        do throws(DocumentError) {
            if let registry { try documents.adopt(registry: registry, now: now) }
        } catch {
            failure = error
        }
        do throws(DocumentError) {
            if let policy { try documents.adopt(policy: policy, now: now) }
        } catch {
            failure = failure ?? error
        }
        if let failure {
            let refusal = Refusal(failure.code, field: failure.path, help: failure.sentence)
            node.state.withLock { $0.refusal = RefusalReport(refusal) }
            node.logger.error("release refused", metadata: ["error": "\(failure)"])
        }
        guard let facts = documents.facts else { return [] }
        keep([
            .registry: documents.registryNote, .registryTrust: documents.registryTrust.storedText,
            .policy: documents.policyNote,
        ])
        node.state.withLock { [documents] in $0.documents = documents }
        return takeWaitingKeys() + [.trusts(facts)]
    }

    /// Keeps documents; a disk that refuses costs a repetition by the hub, nothing more.
    private func keep(_ documents: [NodeStore.Document: Data]) {
        do throws(NodeStoreError) {
            try node.store.keep(documents)
        } catch {
            node.logger.error("document write failed", metadata: ["error": "\(error)"])
        }
    }
}

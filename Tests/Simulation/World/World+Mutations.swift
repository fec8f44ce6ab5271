// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where the planted bugs sit: between the machines and what surrounds them. Without a mutation every
// function here gives back what it was given.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// What a planted bug remembers.
struct MutationState {
    var random = Generator(seed: 3, for: "mutation")
    /// Deliveries acknowledged and not stored, by node.
    var unstoredRows: [Int: [InboxRow]] = [:]
    /// Entries of each commit, as they were asked for.
    var entries: [CommitID: [NewEntry]] = [:]
    /// Places of entries that were left out of a commit.
    var omitted: [CommitID: [Int]] = [:]
}

extension World {
    // MARK: Starting

    func altered(_ recovered: RecoveredState) -> RecoveredState {
        guard hub.life > 1 else { return recovered }
        var recovered = recovered
        switch plan.mutation {
        case .reuseNumber:
            recovered.mailboxes = Mailboxes()
            for message in checker.book.messages.dropLast() {
                recovered.mailboxes.accept(
                    index: message.index,
                    audience: RecipientSet(message.audience)
                )
            }
        case .forgetSubscriptions: recovered.subscriptions = [:]
        default: break
        }
        return recovered
    }

    // MARK: The ledger's orders and answers

    func altered(orders: [LedgerOrder], _ ledger: Ledger) -> [LedgerOrder] {
        switch plan.mutation {
        case .reorderOutcomes, .ignoreFailedCommit:
            for case .append(let id, let entries) in orders { mutationState.entries[id] = entries }
            return orders
        case .unrecordedRefusal:
            return omitting(from: orders) { entry in
                switch entry {
                case .event(.refused), .refused: true
                default: false
                }
            }
        case .unrecordedAudit:
            return omitting(from: orders) {
                if case .event(.auditRead) = $0 { true } else { false }
            }
        case .signBeforeReadBack:
            return orders.filter { order in
                guard case .signCheckpoint = order, let note = head(of: ledger) else { return true }
                checker.readsBack(note, path: stage.folder + "/hub/ledger.sqlite")
                answer(.checkpointed(note, size: ledger.size))
                return false
            }
        default: return orders
        }
    }

    private func head(of ledger: Ledger) -> Data? {
        let head = try? Checkpoint(
            origin: Country.origin,
            size: ledger.size,
            root: plan.mutation == .forkHistory ? .zero : ledger.root
        )
        return try? head?.signed(by: country.ledgerSigner).bytes
    }

    /// Leaves entries out and remembers where they stood.
    private func omitting(
        from orders: [LedgerOrder],
        _ isOmitted: (NewEntry) -> Bool
    ) -> [LedgerOrder] {
        orders.compactMap { order in
            guard case .append(let id, let entries) = order else { return order }
            var kept: [NewEntry] = []
            var places: [Int] = []
            for (place, entry) in entries.enumerated() {
                if isOmitted(entry) {
                    places.append(place)
                } else {
                    kept.append(entry)
                }
            }
            guard !kept.isEmpty else {
                answer(.committed([commit(id, entries.map { _ in .appended(LedgerIndex(0)) })]))
                return nil
            }
            mutationState.omitted[id] = places
            return .append(id, kept)
        }
    }

    private func commit(_ id: CommitID, _ outcomes: [AppendOutcome]) -> Commit {
        Commit(id: id, outcomes: outcomes, ledgerSize: checker.book.size, at: hubClock)
    }

    /// What a shell reports that takes a failed transaction for a committed one.
    func pretendedCommits(_ orders: [LedgerOrder]) -> [HubStateMachine.Event] {
        var next = checker.book.size
        return orders.compactMap { order in
            guard case .append(let id, let entries) = order else { return nil }
            let outcomes = entries.map { _ -> AppendOutcome in
                next += 1
                return .appended(LedgerIndex(next - 1))
            }
            return .committed([commit(id, outcomes)])
        }
    }

    func altered(_ event: HubStateMachine.Event) -> HubStateMachine.Event {
        switch (plan.mutation, event) {
        case (.dropDeduplication, .committed(let commits)):
            return .committed(
                commits.map { commit in
                    changed(commit) { outcomes in
                        outcomes.map { outcome in
                            if case .repeated(let index, _, _, _) = outcome {
                                .appended(index)
                            } else {
                                outcome
                            }
                        }
                    }
                }
            )
        case (.reorderOutcomes, .committed(let commits)):
            return .committed(
                commits.map { commit in changed(commit) { swapped($0, commit.id) } }
            )
        case (.unrecordedRefusal, .committed(let commits)),
            (.unrecordedAudit, .committed(let commits)):
            return .committed(
                commits.map { commit in
                    changed(commit) { outcomes in
                        var outcomes = outcomes
                        for place in mutationState.omitted[commit.id] ?? [] {
                            outcomes.insert(.appended(LedgerIndex(0)), at: place)
                        }
                        return outcomes
                    }
                }
            )
        case (.forkHistory, .checkpointed(let note, let size)):
            guard let ledger = hub.ledger else { return event }
            return .checkpointed(head(of: ledger) ?? note, size: size)
        case (.proveAnotherGrowth, .consistencyRead(let request, let material?)):
            let path = material.path.map { TreeHash.node($0, $0) }
            let other = ConsistencyMaterial(path: path, checkpoint: material.checkpoint)
            return .consistencyRead(request, other)
        case (.deliverWithoutAsking, .messagesRead(let request, let messages)):
            let places = checker.book.releasePlaces
            return .messagesRead(
                request,
                messages.map { message in
                    var message = message
                    message.registry = places.registry
                    message.policy = places.policy
                    return message
                }
            )
        case (.proveWithoutAsking, .proofRead(let request, var material?)):
            material.message.registry = checker.book.releasePlaces.registry
            material.message.policy = checker.book.releasePlaces.policy
            return .proofRead(request, material)
        default: return event
        }
    }

    private func changed(
        _ commit: Commit,
        _ change: ([AppendOutcome]) -> [AppendOutcome]
    ) -> Commit {
        Commit(
            id: commit.id,
            outcomes: change(commit.outcomes),
            ledgerSize: commit.ledgerSize,
            at: commit.at
        )
    }

    /// The outcomes of the first two messages exchanged.
    private func swapped(_ outcomes: [AppendOutcome], _ id: CommitID) -> [AppendOutcome] {
        let entries = mutationState.entries[id] ?? []
        let places = entries.indices.filter {
            if case .accepted = entries[$0] { true } else { false }
        }
        guard places.count > 1, outcomes.count == entries.count else { return outcomes }
        var outcomes = outcomes
        outcomes.swapAt(places[0], places[1])
        return outcomes
    }

    // MARK: What leaves the hub

    func altered(_ bytes: Data, to connection: ConnectionID) -> Data {
        guard plan.mutation == .skipNumber || plan.mutation == .wrongTombstone,
            mutationState.random.chance(20), var packet = try? WirePacket(serializedBytes: bytes),
            case .deliveries(var deliveries) = packet.content, !deliveries.deliveries.isEmpty
        else { return bytes }
        let last = deliveries.deliveries.count - 1
        if plan.mutation == .skipNumber {
            deliveries.deliveries[last].number += 1
        } else {
            deliveries.deliveries[last].tombstone = WireTombstone.with { $0.reason = "withheld" }
        }
        packet.content = .deliveries(deliveries)
        return (try? packet.serializedData()) ?? bytes
    }

    func altered(receipts bytes: Data) -> Data {
        guard plan.mutation == .receiptForAnother, let earlier = checker.book.messages.first,
            var receipts = try? WireReceipts(serializedBytes: bytes)
        else { return bytes }
        for place in receipts.receipts.indices where receipts.receipts[place].accepted.index > 0 {
            receipts.receipts[place].accepted.index = earlier.index.value
        }
        return (try? receipts.serializedData()) ?? bytes
    }

    func misdirected(_ connection: UInt64, _ bytes: Data) -> UInt64 {
        guard plan.mutation == .misdeliver, mutationState.random.chance(10),
            case .deliveries = (try? WirePacket(serializedBytes: bytes))?.content
        else { return connection }
        let others = nodes.compactMap { $0.link }.map { network.links[$0] }.filter {
            $0.hubLife == hub.life && $0.connection != 0 && $0.connection != connection
        }
        return others.isEmpty ? connection : mutationState.random.pick(others).connection
    }

    func pretendDelivery(_ bytes: Data, _ connection: UInt64, _ node: Int) {
        guard plan.mutation == .sentIsDelivered,
            case .deliveries(let packet) = (try? WirePacket(serializedBytes: bytes))?.content,
            packet.request == 0, let last = packet.deliveries.last
        else { return }
        var acknowledge = WirePacket()
        acknowledge.acknowledge = WireAcknowledge.with { $0.through = last.number }
        guard let frame = try? acknowledge.serializedData() as Data else { return }
        tellHub(.packet(ConnectionID(connection), country.members[node].node, frame))
    }

    // MARK: The node

    func altered(_ rows: [InboxRow], _ place: Int) -> [InboxRow] {
        switch plan.mutation {
        case .acknowledgeBeforeStoring:
            let waiting = mutationState.unstoredRows.removeValue(forKey: place) ?? []
            return waiting.isEmpty ? rows : waiting
        case .storeTwice:
            guard let last = rows.last, mutationState.random.chance(30) else { return rows }
            return rows + [
                InboxRow(
                    number: last.number.next,
                    index: last.index,
                    messageID: last.messageID,
                    receivedAt: last.receivedAt
                )
            ]
        default: return rows
        }
    }

    /// What a node makes of a frame that takes a request for patience for good.
    func altered(arriving bytes: Data) -> Data {
        guard plan.mutation == .settleAnyRefusal,
            var packet = try? WirePacket(serializedBytes: bytes)
        else { return bytes }
        switch packet.content {
        case .receipts(let signed):
            guard var receipts = try? WireReceipts(serializedBytes: signed.receipts) else {
                return bytes
            }
            for place in receipts.receipts.indices where receipts.receipts[place].refusal.retryable
            {
                receipts.receipts[place].refusal.retryable = false
            }
            guard let inner: Data = try? receipts.serializedData() else { return bytes }
            let statement = Data("wici/v1/receipts\0".utf8) + inner
            packet.receipts.receipts = inner
            packet.receipts.signature = country.ledgerKey.signature(for: statement) ?? Data()
        case .refused: packet.refused.refusal.retryable = false
        default: return bytes
        }
        return (try? packet.serializedData()) ?? bytes
    }
}

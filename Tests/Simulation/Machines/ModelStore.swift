// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A node's store in memory. Every write is one synced transaction, as in NodeStore: it happens or it
// does not, and a machine that stops in the middle leaves either.

import Foundation
import WiciCore
import WiciNode

/// A model of NodeStore.
final class ModelStore: NodeDisk {
    private struct Outgoing {
        let id: MessageID
        var state: OutboxRow.State
        var prepared: Data
        /// Where the hub's receipt puts it.
        var index: LedgerIndex?
    }

    private var outbox: [Outgoing] = []
    private var inbox: [StoredNumber] = []
    private var known: Set<MessageID> = []
    private var registry: Data?
    private var policy: Data?
    private var checkpoint: Data?
    private var random: Generator

    private var writesLeft: Int?
    private var isStopped = false
    private var isFull = false
    private var failingSyncs = 0
    private(set) var faultCounts = (refused: 0, lost: 0, torn: 0)

    init(seed: UInt64, place: Int) { random = Generator(seed: seed, for: "store \(place)") }

    func open() throws(StoreFailure) {
        if isStopped { throw .stopped }
    }

    /// Makes a change as one transaction.
    private func write(_ change: (ModelStore) -> Void) throws(StoreFailure) {
        if isStopped { throw .stopped }
        if let left = writesLeft {
            guard left > 0 else {
                isStopped = true
                // The commit record was on the disk already, or not.
                if random.chance(50) { change(self) } else { faultCounts.lost += 1 }
                throw .stopped
            }
            writesLeft = left - 1
        }
        if isFull || failingSyncs > 0 {
            failingSyncs = max(0, failingSyncs - 1)
            faultCounts.refused += 1
            throw .refused
        }
        change(self)
    }

    func storedThrough() throws(StoreFailure) -> MailboxNumber {
        MailboxNumber(inbox.last?.number ?? 0)
    }

    func store(_ rows: [InboxRow]) throws(StoreFailure) -> MailboxNumber {
        var last = inbox.last?.number ?? 0
        for row in rows where row.number.value > last {
            guard row.number.value == last + 1 else { throw .refused }
            last += 1
        }
        try write { store in
            for row in rows where row.number.value > store.inbox.last?.number ?? 0 {
                let id = row.messageID.flatMap { store.known.insert($0).inserted ? $0 : nil }
                store.inbox.append(
                    StoredNumber(
                        number: row.number.value,
                        index: row.index.value,
                        message: id,
                        tombstone: row.tombstone
                    )
                )
            }
        }
        return MailboxNumber(last)
    }

    func enqueue(_ row: NewOutboxRow) throws(StoreFailure) {
        try write { store in
            guard !store.outbox.contains(where: { $0.id == row.messageID }) else { return }
            store.outbox.append(
                Outgoing(id: row.messageID, state: .queued, prepared: row.prepared)
            )
        }
    }

    func requeueSubmitted() throws(StoreFailure) {
        try write { $0.queueSubmitted() }
    }

    private func queueSubmitted() {
        for place in outbox.indices where outbox[place].state == .submitted {
            outbox[place].state = .queued
        }
    }

    func takeQueued(limit: Int) throws(StoreFailure) -> [QueuedLetter] {
        let places = Array(outbox.indices.filter { outbox[$0].state == .queued }.prefix(limit))
        guard !places.isEmpty else { return [] }
        try write { store in
            for place in places { store.outbox[place].state = .submitted }
        }
        return places.map { QueuedLetter(id: outbox[$0].id, prepared: outbox[$0].prepared) }
    }

    func settle(_ batch: SettledBatch) throws(StoreFailure) {
        try write { store in
            for message in batch.messages {
                guard let place = store.openPlace(of: message.messageID) else { continue }
                if case .accepted(let index, _, _, _, _) = message.outcome {
                    store.outbox[place].state = .accepted
                    store.outbox[place].index = index
                } else {
                    store.outbox[place].state = .refused
                }
            }
        }
    }

    private func openPlace(of id: MessageID) -> Int? {
        outbox.firstIndex { $0.id == id && ($0.state == .queued || $0.state == .submitted) }
    }

    func requeue(_ id: MessageID, prepared: Data) throws(StoreFailure) {
        try write { store in
            guard let place = store.openPlace(of: id) else { return }
            store.outbox[place].prepared = prepared
            store.queueSubmitted()
        }
    }

    func fail(_ id: MessageID) throws(StoreFailure) {
        try write { store in
            guard let place = store.openPlace(of: id) else { return }
            store.outbox[place].state = .failed
            store.queueSubmitted()
        }
    }

    func newestEntries() throws(StoreFailure) -> [KnownEntry] {
        if isStopped { throw .stopped }
        let sent = outbox.last { $0.index != nil }.flatMap { letter in
            letter.index.map { KnownEntry(messageID: letter.id, index: $0) }
        }
        let received = inbox.last { $0.message != nil && $0.tombstone.isEmpty }.flatMap { row in
            row.message.map { KnownEntry(messageID: $0, index: LedgerIndex(row.index)) }
        }
        return [sent, received].compactMap { $0 }
    }

    func keep(registry: Data, policy: Data) throws(StoreFailure) {
        try write { store in
            store.registry = registry
            store.policy = policy
        }
    }

    func keep(checkpoint: Data) throws(StoreFailure) {
        try write { $0.checkpoint = checkpoint }
    }

    func keptCheckpoint() throws(StoreFailure) -> Data? { checkpoint }

    func keptNotes() throws(StoreFailure) -> (registry: Data?, policy: Data?) {
        (registry, policy)
    }

    func contents() throws(StoreFailure) -> StoreContents {
        StoreContents(
            inbox: inbox,
            outbox: outbox.map { ($0.id, $0.state != .queued && $0.state != .submitted) }
        )
    }

    // MARK: Faults

    func stop(after operations: Int) { writesLeft = operations }

    func end(_ fate: Disk.Fate) {
        isStopped = false
        writesLeft = nil
        failingSyncs = 0
    }

    func setRoom(_ bytes: Int64?) { isFull = bytes != nil }
    func failNextSync() { failingSyncs = 1 }
}

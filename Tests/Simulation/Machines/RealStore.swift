// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The real NodeStore on a fault disk.

import FaultDisk
import Foundation
import WiciCore
import WiciNode

/// NodeStore with its file on a disk that fails on demand.
final class RealStore: NodeDisk {
    private let disk: Disk
    private let key: StorageKey
    private var store: NodeStore?
    private var refused = 0

    init(disk: Disk, key: StorageKey) {
        self.disk = disk
        self.key = key
    }

    func open() throws(StoreFailure) {
        store = nil
        do throws(NodeStoreError) {
            store = try NodeStore(path: disk.folder + "/node.sqlite", key: key)
        } catch {
            throw failure()
        }
    }

    private func failure() -> StoreFailure {
        if disk.isStopped { return .stopped }
        refused += 1
        return .refused
    }

    private func use<Value>(
        _ body: (NodeStore) throws(NodeStoreError) -> Value
    ) throws(StoreFailure) -> Value {
        guard let store else { throw failure() }
        do throws(NodeStoreError) {
            return try body(store)
        } catch {
            throw failure()
        }
    }

    func storedThrough() throws(StoreFailure) -> MailboxNumber {
        try use { store throws(NodeStoreError) in try store.storedThrough() }
    }

    func store(_ rows: [InboxRow]) throws(StoreFailure) -> MailboxNumber {
        try use { store throws(NodeStoreError) in try store.store(rows) }
    }

    func enqueue(_ row: NewOutboxRow) throws(StoreFailure) {
        _ = try use { store throws(NodeStoreError) in try store.enqueue(row) }
    }

    func requeueSubmitted() throws(StoreFailure) {
        try use { store throws(NodeStoreError) in try store.requeueSubmitted() }
    }

    func takeQueued(limit: Int) throws(StoreFailure) -> [QueuedLetter] {
        try use { store throws(NodeStoreError) in
            try store.takeQueued(limit: limit).map {
                QueuedLetter(id: $0.messageID, prepared: $0.prepared)
            }
        }
    }

    func settle(_ batch: SettledBatch) throws(StoreFailure) {
        try use { store throws(NodeStoreError) in try store.settle(batch) }
    }

    func requeue(_ id: MessageID, prepared: Data) throws(StoreFailure) {
        try use { store throws(NodeStoreError) in try store.requeue(id, prepared: prepared) }
    }

    func fail(_ id: MessageID) throws(StoreFailure) {
        try use { store throws(NodeStoreError) in try store.fail(id, WireRefusal()) }
    }

    func newestEntries() throws(StoreFailure) -> [KnownEntry] {
        try use { store throws(NodeStoreError) in try store.newestEntries() }
    }

    func keep(registry: Data, policy: Data) throws(StoreFailure) {
        try use { store throws(NodeStoreError) in
            try store.keep([.registry: registry, .policy: policy])
        }
    }

    func keep(checkpoint: Data) throws(StoreFailure) {
        try use { store throws(NodeStoreError) in try store.keep([.checkpoint: checkpoint]) }
    }

    func keptCheckpoint() throws(StoreFailure) -> Data? {
        try use { store throws(NodeStoreError) in try store.kept(.checkpoint) }
    }

    func keptNotes() throws(StoreFailure) -> (registry: Data?, policy: Data?) {
        try use { store throws(NodeStoreError) in
            (try store.kept(.registry), try store.kept(.policy))
        }
    }

    func contents() throws(StoreFailure) -> StoreContents {
        try use { store throws(NodeStoreError) in
            let rows = try store.inbox(after: .none, limit: .max, unacknowledgedOnly: false)
            let sent = try store.outbox(limit: .max)
            return StoreContents(
                inbox: rows.map {
                    StoredNumber(
                        number: $0.number.value,
                        index: $0.index.value,
                        message: $0.messageID,
                        tombstone: $0.tombstone
                    )
                },
                outbox: sent.reversed().map {
                    ($0.messageID, $0.state != .queued && $0.state != .submitted)
                }
            )
        }
    }

    // MARK: Faults

    func stop(after operations: Int) { disk.stop(after: operations) }

    func end(_ fate: Disk.Fate) {
        // What SQLite does on closing must not reach the disk: the program was killed.
        disk.stop()
        store = nil
        disk.restart(fate)
    }

    func setRoom(_ bytes: Int64?) { disk.setRoom(bytes) }
    func failNextSync() { disk.failSyncs(1) }

    var faultCounts: (refused: Int, lost: Int, torn: Int) {
        (refused, Int(disk.counters.lost), Int(disk.counters.torn))
    }
}

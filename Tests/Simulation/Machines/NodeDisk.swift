// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A node's store as its shell uses it. Most nodes have a model in memory, because sixteen SQLite
// files would make a run ten times as long; two have the real NodeStore on a fault disk.

import Foundation
import WiciCore
import WiciNode

/// Why a store did not do what it was asked.
enum StoreFailure: Error {
    /// The machine stopped in the middle.
    case stopped
    /// The disk refused; nothing was changed.
    case refused
}

/// A letter handed out for signing.
struct QueuedLetter {
    let id: MessageID
    let prepared: Data
}

/// A number of the inbox as the checker compares it.
struct StoredNumber: Equatable {
    let number: UInt64
    let index: UInt64
    let message: MessageID?
    let tombstone: String
}

/// The store of one node.
protocol NodeDisk: AnyObject {
    /// Opens the store after a start.
    func open() throws(StoreFailure)
    func storedThrough() throws(StoreFailure) -> MailboxNumber
    func store(_ rows: [InboxRow]) throws(StoreFailure) -> MailboxNumber
    func enqueue(_ row: NewOutboxRow) throws(StoreFailure)
    func requeueSubmitted() throws(StoreFailure)
    func takeQueued(limit: Int) throws(StoreFailure) -> [QueuedLetter]
    func settle(_ batch: SettledBatch) throws(StoreFailure)
    func requeue(_ id: MessageID, prepared: Data) throws(StoreFailure)
    func fail(_ id: MessageID) throws(StoreFailure)
    func newestEntries() throws(StoreFailure) -> [KnownEntry]
    func keep(registry: Data, policy: Data) throws(StoreFailure)
    func keep(checkpoint: Data) throws(StoreFailure)
    func keptCheckpoint() throws(StoreFailure) -> Data?
    func keptNotes() throws(StoreFailure) -> (registry: Data?, policy: Data?)

    /// The whole inbox and outbox, for the checker.
    func contents() throws(StoreFailure) -> StoreContents

    /// Stops the machine after this many writes more.
    func stop(after operations: Int)
    /// Ends the program; unsynced writes meet their fate.
    func end(_ fate: Disk.Fate)
    func setRoom(_ bytes: Int64?)
    func failNextSync()
    /// Writes that failed on purpose, and unsynced writes that a power cut dropped or tore.
    var faultCounts: (refused: Int, lost: Int, torn: Int) { get }
}

/// What a store holds.
struct StoreContents {
    var inbox: [StoredNumber] = []
    /// Letters in the order of writing, with whether each is settled.
    var outbox: [(id: MessageID, isSettled: Bool)] = []
}

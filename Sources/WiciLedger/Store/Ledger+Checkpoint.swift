// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Checkpoints. What gets signed is not what the ledger meant to write but what it reads back: a
// signed head over a leaf that the disk no longer has would end the ledger's credit for good.

import Foundation
import GRDB
import GRDBSQLite
public import WiciCore

extension Ledger {
    /// Reads entries back that were written since, recomputes each leaf from its opening, and
    /// gathers their tree; true when nothing is left to read back.
    ///
    /// `checkpoint` does this for all that is left. Calling it in between, with a limit, spreads
    /// the work so that a checkpoint never makes an alert wait.
    @discardableResult
    public func readBack(atMost limit: Int) throws(LedgerError) -> Bool {
        guard readBackTree.size < size else { return true }
        do throws(LedgerError) {
            try readBackTree = read { database in
                // Pages still in SQLite's cache would show what was meant, not what was written.
                sqlite3_db_release_memory(database.sqliteConnection)
                return try verifiedTree(from: readBackTree, atMost: limit)
            }
        } catch {
            if error.stopsLedger { isStopped = true }
            throw error
        }
        return readBackTree.size == size
    }

    /// Reads entries of any age once more, the next ones at each call and round again at the end,
    /// so that a page that rots is found before somebody asks for it.
    ///
    /// Recomputes each leaf from its opening and, after each round, compares the root with what the
    /// ledger holds. Stops the ledger when they differ.
    public func reread(atMost limit: Int) throws(LedgerError) {
        do throws(LedgerError) {
            let end = readBackTree
            guard rereadTree.size < end.size else {
                guard rereadTree.size > end.size || rereadTree.root == end.root else {
                    throw LedgerError(.ledgerRootWrong, at: place("leaf"))
                }
                rereadTree = TreeFrontier()
                return
            }
            let count = Int(clamping: min(UInt64(clamping: limit), end.size - rereadTree.size))
            rereadTree = try read { database in
                sqlite3_db_release_memory(database.sqliteConnection)
                return try verifiedTree(from: rereadTree, atMost: count)
            }
        } catch {
            if error.stopsLedger { isStopped = true }
            throw error
        }
    }

    /// Signs and stores the head of the ledger as it is on disk.
    ///
    /// Returns the last checkpoint again when nothing was appended since. Refuses, and stops the
    /// ledger, when what is read back differs from what was written.
    public func checkpoint(now: Moment) throws(LedgerError) -> SignedNote {
        if let lastCheckpoint, lastCheckpointSize == size { return lastCheckpoint }
        try readBack(atMost: .max)
        guard readBackTree.root == tree.root else {
            isStopped = true
            throw LedgerError(.ledgerRootWrong, at: place("leaf"))
        }
        let note: SignedNote
        do throws(NoteError) {
            note = try Checkpoint(origin: verifierKey.name, size: size, root: tree.root)
                .signed(by: signer)
        } catch {
            throw LedgerError(.ledgerCheckpointWrong, at: place("checkpoint"), detail: "\(error)")
        }
        try write { _ in
            let insert = statements.insertCheckpoint
            insert.bind(size, at: 1)
            insert.bind(note.bytes, at: 2)
            insert.bind(now.milliseconds, at: 3)
            try insert.run(index: size)
        }
        lastCheckpoint = note
        lastCheckpointSize = size
        try emptyWriteAheadLog()
        return note
    }

    /// Moves everything from the write-ahead log into the file and empties the log.
    ///
    /// SQLite takes a damaged frame of the log for the end of it. What a checkpoint covers must not
    /// depend on that: in the file, damage is found at the next start. Nothing is moved while
    /// somebody reads; the next checkpoint tries again.
    private func emptyWriteAheadLog() throws(LedgerError) {
        do throws(LedgerError) {
            try read { database in
                sqlite3_busy_timeout(database.sqliteConnection, 0)
                defer {
                    sqlite3_busy_timeout(
                        database.sqliteConnection,
                        LedgerDatabase.busyMilliseconds
                    )
                }
                _ = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        } catch {
            guard error.code != .ledgerInUse else { return }
            if error.stopsLedger { isStopped = true }
            throw error
        }
    }

    /// Extends a tree with the entries after it, each leaf checked against its opening.
    func verifiedTree(
        from start: TreeFrontier,
        atMost limit: Int
    ) throws(LedgerError) -> TreeFrontier {
        var tree = start
        let rows = statements.readEntries
        defer { rows.reset() }
        rows.bind(start.size, at: 1)
        rows.bind(Int64(clamping: limit), at: 2)
        while try rows.next() {
            let index = tree.size
            guard rows.integer(0) == index else {
                throw LedgerError(.ledgerEntryMissing, at: place("leaf", index))
            }
            guard let leaf = rows.lentBytes(1), let salt = rows.lentBytes(2),
                let record = rows.lentBytes(3)
            else {
                throw LedgerError(.ledgerEntryMissing, at: place("opening", index))
            }
            guard LedgerLeaf.isLeaf(leaf, ofSalt: salt, record: record) else {
                throw LedgerError(.ledgerLeafWrong, at: place("opening", index))
            }
            tree.append(TreeHash.leaf(lent: leaf))
        }
        let expected = min(UInt64(clamping: limit), size - start.size)
        guard tree.size - start.size == expected else {
            throw LedgerError(.ledgerEntryMissing, at: place("leaf", tree.size))
        }
        return tree
    }
}

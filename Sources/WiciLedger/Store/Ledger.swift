// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger of one hub: an ordered log in one SQLite file, its Merkle tree, and the views that are
// kept in the same transactions. Decisions about what a record means are in Views/; here is only
// what touches the disk.
//
// Reading order: Ledger+Recovery opens, Ledger+Append writes, Ledger+Read reads, Ledger+Checkpoint
// signs, Ledger+Views derives.

import Foundation
import GRDB
import GRDBSQLite
public import WiciCore

/// An append-only log whose past cannot be rewritten unnoticed (RFC 6962).
///
/// Owned by one thread: every call must come from the thread, or the serial executor, that opened
/// it. It is not Sendable, and calls block on the disk. A failed call has no effect. After a disk
/// error the ledger takes no more writes until it is opened again (`isStopped`), because a failed
/// sync leaves unknown what is on disk and must not be retried.
public final class Ledger {
    /// How it was opened.
    public let configuration: LedgerConfiguration
    /// Public half of the key that signs the checkpoints.
    public var verifierKey: VerifierKey { signer.verifierKey }
    /// Whether writes are refused after a disk error.
    public internal(set) var isStopped = false
    /// The last signed checkpoint; nil when none was signed.
    public internal(set) var lastCheckpoint: SignedNote?
    /// Size of the ledger at the last signed checkpoint.
    public internal(set) var lastCheckpointSize: UInt64 = 0

    let signer: NoteSigner
    let queue: DatabaseQueue
    let statements: LedgerStatements
    private let lock: FileLock
    var tree = LedgerTree()
    /// The tree over what was read back from disk since it was written.
    var readBackTree = TreeFrontier()
    /// The tree over what was read once more in the background, from the beginning.
    var rereadTree = TreeFrontier()
    var salts: SaltSource
    var setPlaces = RecipientSetPlaces()

    /// Number of entries.
    public var size: UInt64 { tree.size }

    /// The tree's root hash over all entries.
    public var root: WiciCore.Digest { tree.root }

    init(
        _ configuration: LedgerConfiguration,
        signer: NoteSigner,
        salts: SaltSource
    ) throws(LedgerError) {
        var configuration = configuration
        // Two folders may name one file by a link: there is one lock for it, beside the file.
        configuration.path = LedgerDatabase.fullPath(configuration.path)
        self.configuration = configuration
        self.signer = signer
        self.salts = salts
        lock = try FileLock(path: configuration.path + "-lock", ledger: configuration.path)
        queue = try LedgerDatabase.openForWriting(configuration)
        do {
            statements = try queue.inDatabase {
                try LedgerStatements($0, file: configuration.path)
            }
        } catch {
            throw LedgerError(error, at: LedgerError.Place(file: configuration.path))
        }
    }

    func place(_ table: String = "", _ index: UInt64? = nil) -> LedgerError.Place {
        LedgerError.Place(file: configuration.path, table: table, index: index)
    }

    /// Runs a body on the connection's queue.
    func read<Result>(_ body: (Database) throws -> Result) throws(LedgerError) -> Result {
        do {
            return try queue.inDatabase(body)
        } catch {
            // A damaged page is damaged for the next reader too, and somebody's mail would wait for
            // it for good; so is a record that came from the disk and is none.
            let failure = LedgerError(error, at: place())
            if failure.stopsLedger || failure.code == .auditRecordFault { isStopped = true }
            throw failure
        }
    }

    /// Tries a write that changes nothing, after the disk was full or protected.
    public func takesWrites() -> Bool {
        let trial = try? write { database in
            try database.execute(sql: "PRAGMA user_version = \(LedgerDatabase.schemaVersion)")
            return true
        }
        return trial ?? false
    }

    /// Runs a body in one transaction that is synced when this returns, or has no effect.
    func write<Result>(_ body: (Database) throws -> Result) throws(LedgerError) -> Result {
        guard !isStopped else { throw LedgerError(.ledgerStopped, at: place()) }
        do {
            return try queue.inDatabase { database in
                var result: Result?
                try database.inTransaction(.immediate) {
                    result = try body(database)
                    return .commit
                }
                guard let result else { throw LedgerError(.ledgerStopped, at: place()) }
                return result
            }
        } catch {
            let failure = LedgerError(error, at: place())
            if failure.stopsLedger { isStopped = true }
            throw failure
        }
    }
}

extension LedgerError {
    /// Whether what is on disk is unknown or damaged after this error.
    ///
    /// A full or protected disk refuses a write before it happens, and the transaction is rolled
    /// back; after anything else nothing is certain until the file is read again.
    var stopsLedger: Bool {
        switch code {
        case .ledgerDiskFull, .ledgerReadOnly, .ledgerInUse, .auditRecordFault, .ledgerFull,
            .entryUnknown:
            false
        default: true
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading a ledger file beside a running hub, or with no hub at all: for auditors and exports. The
// connection is read-only, so it can neither write nor checkpoint, and it reads in pages, so that no
// long transaction keeps the hub's WAL from being reset.

import Foundation
import GRDB
public import WiciCore

/// A read-only view of a ledger file.
///
/// Owned by one thread. Nothing is trusted or checked here; `AuditVerifier` does that.
public final class LedgerReader {
    /// Path of the ledger file.
    public let path: String

    private let queue: DatabaseQueue
    private static let pageCount = 4_096

    /// Opens the file; refuses one that is missing or no ledger.
    public init(path: String) throws(LedgerError) {
        self.path = path
        queue = try LedgerDatabase.openForReading(path: path)
    }

    /// Number of entries at the moment.
    public func size() throws(LedgerError) -> UInt64 {
        try read { database in
            UInt64(try Int64.fetchOne(database, sql: "SELECT max(place) + 1 FROM leaf") ?? 0)
        }
    }

    /// Length of the file and its log.
    var fileBytes: UInt64 {
        [path, path + "-wal"].reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: name)
            return sum + ((attributes?[.size] as? NSNumber)?.uint64Value ?? 0)
        }
    }

    /// The last signed checkpoint; nil when there is none.
    public func lastCheckpoint() throws(LedgerError) -> SignedNote? {
        let bytes = try read { database in
            try Data.fetchOne(
                database,
                sql: "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
            )
        }
        guard let bytes else { return nil }
        do throws(NoteError) {
            return try SignedNote(bytes: bytes, limits: .checkpoint)
        } catch {
            throw LedgerError(
                .ledgerCheckpointWrong,
                at: LedgerError.Place(file: path, table: "checkpoint"),
                detail: "\(error)"
            )
        }
    }

    /// Lends every entry below a size, in order.
    public func forEachEntry(
        from first: LedgerIndex = LedgerIndex(0),
        below size: UInt64,
        _ body: (LedgerEntryRow) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        try forEachRow(
            LedgerStatements.entriesSQL,
            from: first.value,
            below: size
        ) { row, index throws(LedgerError) in
            guard !row.isNull(4) else {
                throw LedgerError(.ledgerEntryMissing, at: place("opening", index))
            }
            try body(LedgerEntryRow(row))
        }
    }

    /// Lends every entry below a size with its content, in order and without a copy.
    func lendEachEntry(
        below size: UInt64,
        _ body: (LentEntry) -> Void
    ) throws(LedgerError) {
        try forEachRow(LedgerStatements.contentsSQL, from: 0, below: size) { row, _ in
            body(LentEntry(row))
        }
    }

    /// Steps through rows whose first column counts up from a place; refuses a gap.
    private func forEachRow(
        _ sql: String,
        from first: UInt64,
        below size: UInt64,
        _ body: (PreparedStatement, UInt64) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        var next = first
        while next < size {
            let limit = min(UInt64(Self.pageCount), size - next)
            let count = try read { database in
                let rows = try PreparedStatement(sql, table: "leaf", file: path, in: database)
                defer { rows.reset() }
                rows.bind(next, at: 1)
                rows.bind(limit, at: 2)
                var count = UInt64(0)
                while try rows.next(index: next + count) {
                    guard rows.integer(0) == next + count else { break }
                    try body(rows, next + count)
                    count += 1
                }
                return count
            }
            guard count == limit else {
                throw LedgerError(.ledgerEntryMissing, at: place("leaf", next + count))
            }
            next += limit
        }
    }

    private func place(_ table: String, _ index: UInt64) -> LedgerError.Place {
        LedgerError.Place(file: path, table: table, index: index)
    }

    private func read<Result>(_ body: (Database) throws -> Result) throws(LedgerError) -> Result {
        do {
            return try queue.inDatabase(body)
        } catch {
            throw LedgerError(error, at: LedgerError.Place(file: path))
        }
    }
}

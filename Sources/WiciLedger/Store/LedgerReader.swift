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
        var next = first.value
        while next < size {
            let limit = min(UInt64(Self.pageCount), size - next)
            let count = try read { database in
                let rows = try PreparedStatement(
                    LedgerStatements.entriesSQL,
                    table: "leaf",
                    file: path,
                    in: database
                )
                defer { rows.reset() }
                rows.bind(next, at: 1)
                rows.bind(limit, at: 2)
                var count = UInt64(0)
                while try rows.next(index: next + count) {
                    guard rows.integer(0) == next + count else { break }
                    guard !rows.isNull(4) else {
                        throw LedgerError(.ledgerEntryMissing, at: place("opening", next + count))
                    }
                    try body(LedgerEntryRow(rows))
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

    /// Compares every stored body and release note with the digest in its record.
    ///
    /// Gives the places whose content differs. Erased content is passed over.
    public func wrongContents(
        progress: ((Int) -> Void)? = nil
    ) throws(LedgerError) -> [LedgerIndex] {
        try read { database in
            let rows = try PreparedStatement(
                """
                SELECT content.place, body, record FROM content JOIN opening USING (place)
                WHERE body IS NOT NULL AND record IS NOT NULL ORDER BY content.place
                """,
                table: "content",
                file: path,
                in: database
            )
            defer { rows.reset() }
            var wrong: [LedgerIndex] = []
            var count = 0
            while try rows.next() {
                count += 1
                if count & 0xFFFF == 0 { progress?(count) }
                let index = LedgerIndex(rows.integer(0))
                guard let body = rows.data(1), let bytes = rows.data(2),
                    Self.matches(body, record: bytes)
                else {
                    wrong.append(index)
                    continue
                }
            }
            return wrong
        }
    }

    private static func matches(_ body: Data, record bytes: Data) -> Bool {
        switch try? ViewChange(recordBytes: bytes) {
        case .message(let message): EnvelopeDigest.body(body) == message.bodyDigest
        case .release(let release): Digest(sha256Of: body) == release.digest
        default: false
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

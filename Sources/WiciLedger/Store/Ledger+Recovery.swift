// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Opening: the tree is computed again from the leaves on disk and compared with the last signed
// checkpoint; the entries after it are checked against their openings. A ledger that does not match
// what it signed does not run.

import Foundation
import GRDB
import SwiftProtobuf
public import WiciCore

extension Ledger {
    /// Opens a ledger, making an empty one where there is no file, and recovers its state.
    ///
    /// Takes the file's lock. Recomputes every leaf hash; a million entries take about a second.
    /// Entries after the last checkpoint get one before this returns, stamped `now`. Progress is
    /// given as entries done and in all. Refuses, naming the place, a ledger with a hole, a leaf
    /// or page that is damaged, a root that differs from the signed one, fewer entries than were
    /// signed, or a checkpoint by another key.
    public static func open(
        _ configuration: LedgerConfiguration,
        signer: NoteSigner,
        now: Moment,
        progress: ((Int, Int) -> Void)? = nil
    ) throws(LedgerError) -> (ledger: Ledger, recovered: RecoveredState) {
        try open(configuration, signer: signer, salts: SaltSource(), now: now, progress: progress)
    }

    /// Opens a ledger as the public `open` does, with salts of the caller's choice.
    package static func open(
        _ configuration: LedgerConfiguration,
        signer: NoteSigner,
        salts: SaltSource,
        now: Moment,
        progress: ((Int, Int) -> Void)? = nil
    ) throws(LedgerError) -> (ledger: Ledger, recovered: RecoveredState) {
        let ledger = try Ledger(configuration, signer: signer, salts: salts)
        try ledger.recoverTree(progress: progress)
        try ledger.compareWithLastCheckpoint()
        var recovered = try ledger.read { try ledger.recoveredState($0) }
        if ledger.size > ledger.lastCheckpointSize {
            recovered.lastCheckpoint = try ledger.checkpoint(now: now)
        }
        return (ledger, recovered)
    }

    private func recoverTree(progress: ((Int, Int) -> Void)?) throws(LedgerError) {
        tree = try read { database in
            let count = try Int.fetchOne(database, sql: "SELECT max(place) + 1 FROM leaf") ?? 0
            var scan = LeafScan()
            let rows = statements.readLeaves
            defer { rows.reset() }
            rows.bind(UInt64(0), at: 1)
            rows.bind(UInt64(Int64.max), at: 2)
            while try rows.next(index: UInt64(scan.count)) {
                guard rows.integer(0) == UInt64(scan.count) else {
                    throw LedgerError(.ledgerEntryMissing, at: place("leaf", UInt64(scan.count)))
                }
                guard rows.withBytes(1, { scan.append($0) }) else {
                    throw LedgerError(.ledgerLeafWrong, at: place("leaf", UInt64(scan.count)))
                }
                if scan.count & 0xFFFF == 0 { progress?(scan.count, count) }
            }
            let openings =
                try Int.fetchOne(database, sql: "SELECT count(*) FROM opening") ?? 0
            guard openings == scan.count else {
                throw LedgerError(
                    .ledgerEntryMissing,
                    at: place("opening"),
                    detail: "\(openings) openings, \(scan.count) leaves"
                )
            }
            progress?(scan.count, count)
            return scan.tree()
        }
    }

    private func compareWithLastCheckpoint() throws(LedgerError) {
        let row = try read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"
            )
        }
        guard let row else { return }
        let bytes = try data(row, "note", "checkpoint")
        let stored = UInt64(bitPattern: try number(row, "size", "checkpoint"))
        let checkpoint: Checkpoint
        do throws(NoteError) {
            let note = try SignedNote(bytes: bytes, limits: .checkpoint)
            checkpoint = try Checkpoint(note: note, ledgerKey: verifierKey)
            lastCheckpoint = note
        } catch {
            throw LedgerError(
                .ledgerCheckpointWrong,
                at: place("checkpoint", stored),
                detail: "\(error)"
            )
        }
        guard checkpoint.size == stored else {
            throw LedgerError(.ledgerCheckpointWrong, at: place("checkpoint", stored))
        }
        guard stored <= size else {
            throw LedgerError(
                .ledgerShorterThanCheckpoint,
                at: place("leaf", size),
                detail: "\(size) of \(stored)"
            )
        }
        guard try TreeReader.root(size: stored, node: node) == checkpoint.root else {
            throw LedgerError(.ledgerRootWrong, at: place("leaf", stored))
        }
        lastCheckpointSize = stored
        readBackTree = try TreeFrontier(size: stored, node: node)
    }

    /// Reads the views.
    private func recoveredState(_ database: Database) throws -> RecoveredState {
        var state = RecoveredState()
        state.size = size
        state.lastCheckpoint = lastCheckpoint
        try recoverMailboxes(database, into: &state.mailboxes)
        try recoverNodes(database, into: &state)
        for kind in ReleaseKind.allCases {
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT place, number, digest FROM release WHERE kind = ?
                    ORDER BY place DESC LIMIT 1
                    """,
                arguments: [kind.rawValue]
            )
            guard let row else { continue }
            guard let digest = Digest(bytes: try data(row, "digest", "release")) else { continue }
            let release = RecoveredState.ReleasePlace(
                index: LedgerIndex(UInt64(bitPattern: try number(row, "place", "release"))),
                number: UInt64(bitPattern: try number(row, "number", "release")),
                digest: digest
            )
            switch kind {
            case .registry: state.registry = release
            case .policy: state.policy = release
            }
        }
        return state
    }

    private func recoverMailboxes(
        _ database: Database,
        into mailboxes: inout Mailboxes
    ) throws(LedgerError) {
        let audiences = try recoverRecipientSets(database, into: &mailboxes)
        let messages = try statement("message", "SELECT place, audience FROM message", database)
        defer { messages.reset() }
        var last: (set: UInt64, audience: Mailboxes.Audience)?
        var failure: LedgerError?
        mailboxes.accept(
            contentsOf: sequence(state: ()) { _ -> (LedgerIndex, Mailboxes.Audience)? in
                do throws(LedgerError) {
                    guard try messages.next() else { return nil }
                    let index = LedgerIndex(messages.integer(0))
                    let set = messages.integer(1)
                    if let last, last.set == set { return (index, last.audience) }
                    guard let audience = audiences[set], index.value < self.size else {
                        throw LedgerError(.ledgerViewsWrong, at: self.place("message", index.value))
                    }
                    last = (set, audience)
                    return (index, audience)
                } catch {
                    failure = error
                    return nil
                }
            }
        )
        if let failure { throw failure }
    }

    /// Notes where each recipient set is, and whose mailboxes it names; by the sets' places.
    private func recoverRecipientSets(
        _ database: Database,
        into mailboxes: inout Mailboxes
    ) throws(LedgerError) -> [UInt64: Mailboxes.Audience] {
        let rows = try statement(
            "recipient_set",
            "SELECT place, bytes FROM recipient_set",
            database
        )
        defer { rows.reset() }
        var audiences: [UInt64: Mailboxes.Audience] = [:]
        while try rows.next() {
            let index = LedgerIndex(rows.integer(0))
            guard let (nodes, digest) = rows.withBytes(1, LentRecipients.read),
                index.value < size
            else { throw LedgerError(.ledgerViewsWrong, at: place("recipient_set", index.value)) }
            setPlaces.note(digest, at: index)
            audiences[index.value] = mailboxes.audience(of: nodes)
        }
        return audiences
    }

    private func statement(
        _ table: String,
        _ sql: String,
        _ database: Database
    ) throws(LedgerError) -> PreparedStatement {
        do {
            return try PreparedStatement(
                sql + " ORDER BY place",
                table: table,
                file: configuration.path,
                in: database
            )
        } catch {
            throw LedgerError(error, at: place(table))
        }
    }

    private func recoverNodes(_ database: Database, into state: inout RecoveredState) throws {
        func node(_ row: Row, _ table: String) throws -> NodeID {
            guard let node = NodeID(try text(row, "node", table)) else {
                throw LedgerError(.ledgerViewsWrong, at: place(table))
            }
            return node
        }
        let delivered = try Row.fetchCursor(database, sql: "SELECT node, through FROM delivered")
        while let row = try delivered.next() {
            state.delivered[try node(row, "delivered")] = MailboxNumber(
                UInt64(bitPattern: try number(row, "through", "delivered"))
            )
        }
        let changes = try Row.fetchCursor(database, sql: "SELECT node, change FROM subscription")
        while let row = try changes.next() {
            let bytes = try data(row, "change", "subscription")
            guard let change = try? WireSubscriptionChange(serializedBytes: bytes) else {
                throw LedgerError(.ledgerViewsWrong, at: place("subscription"))
            }
            state.subscriptions[try node(row, "subscription")] = change.subscriptions
        }
        let tombstones = try Row.fetchCursor(
            database,
            sql: """
                SELECT node, tombstone.number, reason, message_id
                FROM tombstone JOIN message ON message.place = tombstone.message
                """
        )
        while let row = try tombstones.next() {
            var tombstone = WireTombstone()
            tombstone.messageID = try data(row, "message_id", "message")
            tombstone.reason = try text(row, "reason", "tombstone")
            let number = MailboxNumber(
                UInt64(bitPattern: try number(row, "number", "tombstone"))
            )
            state.tombstones[try node(row, "tombstone"), default: [:]][number] = tombstone
        }
    }

    // MARK: Columns

    // A damaged page can hold a value of another kind, or none; GRDB's subscript traps on that.

    private func data(_ row: Row, _ column: String, _ table: String) throws(LedgerError) -> Data {
        let stored: DatabaseValue? = row[column]
        guard let value = Data.fromDatabaseValue(stored ?? .null) else {
            throw LedgerError(.ledgerViewsWrong, at: place(table), detail: column)
        }
        return value
    }

    private func number(
        _ row: Row,
        _ column: String,
        _ table: String
    ) throws(LedgerError) -> Int64 {
        let stored: DatabaseValue? = row[column]
        guard let value = Int64.fromDatabaseValue(stored ?? .null) else {
            throw LedgerError(.ledgerViewsWrong, at: place(table), detail: column)
        }
        return value
    }

    private func text(_ row: Row, _ column: String, _ table: String) throws(LedgerError) -> String {
        let stored: DatabaseValue? = row[column]
        guard let value = String.fromDatabaseValue(stored ?? .null) else {
            throw LedgerError(.ledgerViewsWrong, at: place(table), detail: column)
        }
        return value
    }
}

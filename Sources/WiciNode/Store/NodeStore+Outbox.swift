// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The outbox: what people here have sent, in the order in which they wrote it, until the hub's
// receipt and afterwards as the record of it.

package import Foundation
import GRDB
package import WiciCore

extension NodeStore {
    /// Writes a message that will leave when the hub is there; `false` if the id is there already.
    ///
    /// Where the message acknowledges a received one, that is noted in the same transaction.
    package func enqueue(
        _ row: NewOutboxRow,
        acknowledging received: MessageID? = nil
    ) throws(NodeStoreError) -> Bool {
        let id = row.messageID.data
        let prepared = try key.seal(row.prepared, place: place("outbox.prepared", id))
        let body = try key.seal(row.body, place: place("outbox.body", id))
        let draft = try key.seal(row.draft, place: place("outbox.draft", id))
        return try write { database in
            try database.cachedStatement(
                sql: """
                    INSERT OR IGNORE INTO outbox
                    (message_id, written_at, state, attempts, prepared, body, draft)
                    VALUES (?, ?, 0, 1, ?, ?, ?)
                    """
            ).execute(arguments: [id, row.writtenAt.milliseconds, prepared, body, draft])
            let isNew = database.changesCount == 1
            if isNew, let received {
                try Self.noteAcknowledged(received, at: row.writtenAt, in: database)
            }
            return isNew
        }
    }

    /// Queues again what was handed out and never settled: the program was stopped in between.
    package func requeueSubmitted() throws(NodeStoreError) {
        try write { try Self.requeueSubmitted($0) }
    }

    private static func requeueSubmitted(_ database: Database) throws {
        try database.execute(sql: "UPDATE outbox SET state = 0 WHERE state = 1")
    }

    /// Hands out the oldest queued messages and marks them submitted.
    package func takeQueued(limit: Int) throws(NodeStoreError) -> [OutboxRow] {
        let rows = try write { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT * FROM outbox WHERE state = 0 ORDER BY sequence LIMIT ?",
                arguments: [limit]
            )
            for row in rows {
                let sequence: Int64 = try row.stored("sequence")
                try database.cachedStatement(
                    sql: "UPDATE outbox SET state = 1 WHERE sequence = ?"
                ).execute(arguments: [sequence])
            }
            return rows
        }
        return try decodeOutbox(rows)
    }

    /// Records what became of messages, with the hub's signed word for it.
    package func settle(_ batch: SettledBatch) throws(NodeStoreError) {
        var outcomes: [(id: Data, state: OutboxRow.State, outcome: Data)] = []
        for message in batch.messages {
            let id = message.messageID.data
            let outcome = try key.seal(
                message.outcome.encoded(id),
                place: place("outbox.outcome", id)
            )
            let state: OutboxRow.State =
                if case .accepted = message.outcome { .accepted } else { .refused }
            outcomes.append((id, state, outcome))
        }
        try write { database in
            var receipts: Int64?
            if let signed = batch.signed {
                try database.execute(
                    sql: "INSERT INTO signed_receipts (bytes) VALUES (?)",
                    arguments: [signed]
                )
                receipts = database.lastInsertedRowID
            }
            for (id, state, outcome) in outcomes {
                try database.cachedStatement(
                    sql: """
                        UPDATE outbox SET state = ?, outcome = ?, signed_receipts = ?
                        WHERE message_id = ? AND state <= 1
                        """
                ).execute(arguments: [state.rawValue, outcome, receipts, id])
            }
        }
    }

    /// Puts a newly sealed envelope in place of the old one, and queues it with everything that was
    /// handed to the session and has no receipt.
    package func requeue(_ id: MessageID, prepared: Data) throws(NodeStoreError) {
        let sealed = try key.seal(prepared, place: place("outbox.prepared", id.data))
        try write { database in
            try database.execute(
                sql: """
                    UPDATE outbox SET attempts = attempts + 1, prepared = ?
                    WHERE message_id = ? AND state <= 1
                    """,
                arguments: [sealed, id.data]
            )
            try Self.requeueSubmitted(database)
        }
    }

    /// Gives a message up, with the reason, and queues everything else that was handed to the session
    /// and has no receipt.
    package func fail(_ id: MessageID, _ refusal: WireRefusal) throws(NodeStoreError) {
        let encoded = SettledBatch.Outcome.refused(refusal).encoded(id.data)
        let outcome = try key.seal(encoded, place: place("outbox.outcome", id.data))
        try write { database in
            try database.execute(
                sql: "UPDATE outbox SET state = 4, outcome = ? WHERE message_id = ? AND state <= 1",
                arguments: [outcome, id.data]
            )
            try Self.requeueSubmitted(database)
        }
    }

    /// One message of the outbox.
    package func outboxRow(_ id: MessageID) throws(NodeStoreError) -> OutboxRow? {
        let rows = try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM outbox WHERE message_id = ?",
                arguments: [id.data]
            )
        }
        return try decodeOutbox(rows).first
    }

    /// Where the hub's word puts the last message that was accepted and the last that came: the newest
    /// entries of its ledger that the node knows of.
    package func newestEntries() throws(NodeStoreError) -> [KnownEntry] {
        let (sent, received) = try read { database in
            (
                try Row.fetchAll(
                    database,
                    sql: "SELECT * FROM outbox WHERE state = 2 ORDER BY sequence DESC LIMIT 1"
                ),
                try Row.fetchOne(
                    database,
                    sql: """
                        SELECT message_id, ledger_index FROM inbox
                        WHERE message_id IS NOT NULL AND suspicion IS NULL AND tombstone = ''
                        ORDER BY number DESC LIMIT 1
                        """
                )
            )
        }
        var known: [KnownEntry] = []
        if let row = try decodeOutbox(sent).first, let index = row.acceptedAt {
            known.append(KnownEntry(messageID: row.messageID, index: index))
        }
        if let received, let id = MessageID(bytes: try received.stored("message_id") as Data) {
            let index = LedgerIndex(try received.storedCount("ledger_index"))
            known.append(KnownEntry(messageID: id, index: index))
        }
        return known
    }

    /// The newest messages of the outbox, newest first.
    package func outbox(limit: Int) throws(NodeStoreError) -> [OutboxRow] {
        let rows = try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM outbox ORDER BY sequence DESC LIMIT ?",
                arguments: [limit]
            )
        }
        return try decodeOutbox(rows)
    }

    /// Number of messages that have no receipt yet.
    package func openOutboxCount() throws(NodeStoreError) -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM outbox WHERE state <= 1") ?? 0 }
    }

    /// The hub's signed receipts that settled a message.
    package func signedReceipts(_ id: MessageID) throws(NodeStoreError) -> Data? {
        try read { database in
            try Data.fetchOne(
                database,
                sql: """
                    SELECT bytes FROM signed_receipts WHERE id =
                    (SELECT signed_receipts FROM outbox WHERE message_id = ?)
                    """,
                arguments: [id.data]
            )
        }
    }

    private func decodeOutbox(_ rows: [Row]) throws(NodeStoreError) -> [OutboxRow] {
        var decoded: [OutboxRow] = []
        decoded.reserveCapacity(rows.count)
        for row in rows {
            let bytes: Data = try row.stored("message_id")
            let stateNumber: Int64 = try row.stored("state")
            guard let id = MessageID(bytes: bytes),
                let state = OutboxRow.State(rawValue: stateNumber)
            else { throw NodeStoreError(.schema, "an outbox row has an unknown id or state") }
            let outcome: Data? = try row.storedIfAny("outcome")
            decoded.append(
                OutboxRow(
                    sequence: try row.stored("sequence"),
                    messageID: id,
                    writtenAt: Moment(milliseconds: try row.stored("written_at")),
                    state: state,
                    attempts: try row.stored("attempts"),
                    prepared: try key.open(
                        row.stored("prepared"),
                        place: place("outbox.prepared", bytes)
                    ),
                    body: try key.open(row.stored("body"), place: place("outbox.body", bytes)),
                    draft: try key.open(row.stored("draft"), place: place("outbox.draft", bytes)),
                    outcome: try outcome.map { sealed throws(NodeStoreError) in
                        try key.open(sealed, place: place("outbox.outcome", bytes))
                    } ?? Data()
                )
            )
        }
        return decoded
    }

    /// Names a column and a row for the encryption at rest.
    func place(_ column: String, _ row: Data) -> Data {
        Data("wici/v1/store/\(column)/".utf8) + row
    }
}

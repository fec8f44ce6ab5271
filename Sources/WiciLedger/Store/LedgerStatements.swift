// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Every statement that an append or a read runs, compiled once when the ledger opens.

import GRDB
import WiciCore

/// The ledger's compiled statements; each doc line gives parameters and columns in order.
struct LedgerStatements {
    /// place, bytes.
    let insertLeaf: PreparedStatement
    /// place, salt, record.
    let insertOpening: PreparedStatement
    /// place, body, carriage.
    let insertContent: PreparedStatement
    /// place, message_id, envelope_digest, eligible, audience, registry, policy, accepted_at.
    let insertMessage: PreparedStatement
    /// message_id → place, envelope_digest, eligible, audience, accepted_at.
    let findMessage: PreparedStatement
    /// message_id, sender, envelope_digest, place.
    let upsertRefusedMessage: PreparedStatement
    /// message_id, sender, envelope_digest → place, record.
    let findRefusedMessage: PreparedStatement
    /// place, bytes.
    let insertRecipientSet: PreparedStatement
    /// place → bytes.
    let readRecipientSet: PreparedStatement
    /// node, through.
    let upsertDelivered: PreparedStatement
    /// node, change.
    let upsertSubscription: PreparedStatement
    /// node, number, message, reason.
    let upsertTombstone: PreparedStatement
    /// place, kind, number, digest.
    let insertRelease: PreparedStatement
    /// size, note, signed_at.
    let insertCheckpoint: PreparedStatement
    /// from → place, eligible, audience, registry, policy, accepted_at, record, body, carriage.
    let readMessages: PreparedStatement
    /// from, limit → place, leaf, salt, record.
    let readEntries: PreparedStatement
    /// from, to (exclusive) → place, leaf.
    let readLeaves: PreparedStatement
    /// place, kind → note.
    let readRelease: PreparedStatement
    /// place.
    let eraseContent: PreparedStatement

    init(_ database: Database, file: String) throws {
        func prepare(_ table: String, _ sql: String) throws -> PreparedStatement {
            try PreparedStatement(sql, table: table, file: file, in: database)
        }
        insertLeaf = try prepare("leaf", "INSERT INTO leaf VALUES (?, ?)")
        insertOpening = try prepare("opening", "INSERT INTO opening VALUES (?, ?, ?)")
        insertContent = try prepare("content", "INSERT INTO content VALUES (?, ?, ?)")
        insertMessage = try prepare(
            "message",
            """
            INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (message_id) DO NOTHING
            """
        )
        findMessage = try prepare(
            "message",
            """
            SELECT place, envelope_digest, eligible, audience, accepted_at
            FROM message WHERE message_id = ?
            """
        )
        upsertRefusedMessage = try prepare(
            "refused_message",
            "INSERT OR REPLACE INTO refused_message VALUES (?, ?, ?, ?)"
        )
        findRefusedMessage = try prepare(
            "refused_message",
            """
            SELECT place, record FROM refused_message JOIN opening USING (place)
            WHERE message_id = ? AND sender = ? AND envelope_digest = ?
            """
        )
        insertRecipientSet = try prepare(
            "recipient_set",
            "INSERT INTO recipient_set VALUES (?, ?)"
        )
        readRecipientSet = try prepare(
            "recipient_set",
            "SELECT bytes FROM recipient_set WHERE place = ?"
        )
        upsertDelivered = try prepare(
            "delivered",
            """
            INSERT INTO delivered VALUES (?, ?)
            ON CONFLICT (node) DO UPDATE SET through = max(through, excluded.through)
            """
        )
        upsertSubscription = try prepare(
            "subscription",
            "INSERT OR REPLACE INTO subscription VALUES (?, ?)"
        )
        upsertTombstone = try prepare(
            "tombstone",
            "INSERT OR REPLACE INTO tombstone VALUES (?, ?, ?, ?)"
        )
        insertRelease = try prepare("release", "INSERT INTO release VALUES (?, ?, ?, ?)")
        insertCheckpoint = try prepare("checkpoint", "INSERT INTO checkpoint VALUES (?, ?, ?)")
        // CROSS JOIN keeps the order: the three tables are walked side by side.
        readMessages = try prepare(
            "message",
            """
            SELECT message.place, eligible, audience, registry, policy, accepted_at, record, body,
                carriage
            FROM message CROSS JOIN opening USING (place) LEFT JOIN content USING (place)
            WHERE message.place >= ? ORDER BY message.place
            """
        )
        readEntries = try prepare("opening", Self.entriesSQL)
        readLeaves = try prepare(
            "leaf",
            "SELECT place, bytes FROM leaf WHERE place >= ? AND place < ? ORDER BY place"
        )
        readRelease = try prepare(
            "content",
            """
            SELECT body FROM release JOIN content USING (place)
            WHERE release.place = ? AND kind = ?
            """
        )
        eraseContent = try prepare(
            "content",
            "UPDATE content SET body = NULL, carriage = NULL WHERE place = ?"
        )
    }

    /// from, limit → place, leaf, salt, record, and the opening's place, which is NULL for a hole.
    static let entriesSQL = """
        SELECT leaf.place, leaf.bytes, opening.salt, opening.record, opening.place
        FROM leaf LEFT JOIN opening ON opening.place = leaf.place
        WHERE leaf.place >= ? ORDER BY leaf.place LIMIT ?
        """

    /// from, limit → place, leaf, salt, record, body or note.
    static let contentsSQL = """
        SELECT leaf.place, leaf.bytes, opening.salt, opening.record, content.body
        FROM leaf LEFT JOIN opening ON opening.place = leaf.place
        LEFT JOIN content ON content.place = leaf.place
        WHERE leaf.place >= ? ORDER BY leaf.place LIMIT ?
        """
}

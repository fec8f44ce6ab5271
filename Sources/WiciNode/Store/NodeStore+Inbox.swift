// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The inbox: the node's mailbox on its own disk, number by number without gaps.

import Foundation
import GRDB
package import WiciCore

extension NodeStore {
    /// Everything up to this number is on disk.
    package func storedThrough() throws(NodeStoreError) -> MailboxNumber {
        try read { MailboxNumber(try Self.lastNumber($0)) }
    }

    /// Writes deliveries in one synced transaction; returns the last number on disk.
    ///
    /// Numbers already there are left alone. A number that does not follow the last one refuses the
    /// whole batch. A message id that another number holds already is kept without its id, so that
    /// the message takes effect once and the numbers stay without gaps.
    package func store(_ rows: [InboxRow]) throws(NodeStoreError) -> MailboxNumber {
        var sealed: [(row: InboxRow, envelope: Data, body: Data)] = []
        sealed.reserveCapacity(rows.count)
        for row in rows {
            let number = row.number.bigEndianData
            let envelope = try key.seal(row.envelope, place: place("inbox.envelope", number))
            sealed.append(
                (row, envelope, try key.seal(row.body, place: place("inbox.body", number)))
            )
        }
        return try write { database in
            var last = try Self.lastNumber(database)
            for (row, envelope, body) in sealed where row.number.value > last {
                guard row.number.value == last + 1 else {
                    throw NodeStoreError(.gap, "number \(row.number) does not follow \(last)")
                }
                try insert(row, envelope: envelope, body: body, into: database)
                last = row.number.value
            }
            return MailboxNumber(last)
        }
    }

    private func insert(
        _ row: InboxRow,
        envelope: Data,
        body: Data,
        into database: Database
    ) throws {
        let isKnown =
            try row.messageID.map { id in
                let known = try database.cachedStatement(
                    sql: "SELECT EXISTS (SELECT 1 FROM inbox WHERE message_id = ?)"
                )
                return try Bool.fetchOne(known, arguments: [id.data]) ?? false
            } == true
        let id = isKnown ? nil : row.messageID?.data
        let suspicion = isKnown ? RefusalCode.idReused.number : row.suspicion
        try database.cachedStatement(
            sql: """
                INSERT INTO inbox (number, ledger_index, message_id, header, envelope, body,
                tombstone, suspicion, received_at, acknowledge_by)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            Int64(clamping: row.number.value), Int64(clamping: row.index.value), id, row.header,
            envelope, body,
            row.tombstone, suspicion.map { Int64($0) }, row.receivedAt.milliseconds,
            Self.deadline(inHeader: row.header),
        ])
    }

    /// By when a header asks for an acknowledgement, in milliseconds since 1970; 0 when it does not.
    ///
    /// It stands in a column of its own so that what waits can be counted without reading headers.
    static func deadline(inHeader bytes: Data) -> Int64 {
        (try? WireHeader(headerBytes: bytes))?.acknowledgeBy ?? 0
    }

    /// What waits for an acknowledgement by a person here: it asks for one, has none, and is a message
    /// in order.
    private static let waiting = """
        acknowledged_at IS NULL AND acknowledge_by > 0 AND tombstone = '' AND suspicion IS NULL
        """

    /// Numbers after one, in order; on request only what waits for an acknowledgement.
    package func inbox(
        after number: MailboxNumber,
        limit: Int,
        unacknowledgedOnly: Bool
    ) throws(NodeStoreError) -> [InboxRow] {
        let condition = unacknowledgedOnly ? "AND \(Self.waiting)" : ""
        let rows = try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM inbox WHERE number > ? \(condition) ORDER BY number LIMIT ?",
                arguments: [Int64(clamping: number.value), limit]
            )
        }
        return try decodeInbox(rows)
    }

    /// The last numbers, in order, and how many before them are left out; on request only what waits
    /// for an acknowledgement.
    package func latestInbox(
        limit: Int,
        unacknowledgedOnly: Bool
    ) throws(NodeStoreError) -> (rows: [InboxRow], omitted: Int) {
        let condition = unacknowledgedOnly ? "WHERE \(Self.waiting)" : ""
        let (rows, count) = try read { database in
            (
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT * FROM (SELECT * FROM inbox \(condition)
                        ORDER BY number DESC LIMIT ?) ORDER BY number
                        """,
                    arguments: [limit]
                ),
                try Int.fetchOne(database, sql: "SELECT count(*) FROM inbox \(condition)") ?? 0
            )
        }
        return (try decodeInbox(rows), count - rows.count)
    }

    /// One message of the inbox.
    package func inboxRow(_ id: MessageID) throws(NodeStoreError) -> InboxRow? {
        let rows = try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM inbox WHERE message_id = ?",
                arguments: [id.data]
            )
        }
        return try decodeInbox(rows).first
    }

    /// Notes that a person here acknowledged a message; the first time counts.
    static func noteAcknowledged(
        _ id: MessageID,
        at moment: Moment,
        in database: Database
    ) throws {
        try database.execute(
            sql: """
                UPDATE inbox SET acknowledged_at = ?
                WHERE message_id = ? AND acknowledged_at IS NULL
                """,
            arguments: [moment.milliseconds, id.data]
        )
    }

    /// Number of messages that wait for an acknowledgement, and of suspect deliveries.
    package func inboxCounts() throws(NodeStoreError) -> (unacknowledged: Int, suspect: Int) {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT count(*) FILTER (WHERE \(Self.waiting)) AS open,
                    count(suspicion) AS suspect FROM inbox
                    """
            )
            return (row?["open"] ?? 0, row?["suspect"] ?? 0)
        }
    }

    private static func lastNumber(_ database: Database) throws -> UInt64 {
        let last = try Int64.fetchOne(database, sql: "SELECT max(number) FROM inbox")
        return UInt64(clamping: last ?? 0)
    }

    private func decodeInbox(_ rows: [Row]) throws(NodeStoreError) -> [InboxRow] {
        var decoded: [InboxRow] = []
        decoded.reserveCapacity(rows.count)
        for row in rows {
            let number = MailboxNumber(try row.storedCount("number"))
            let id: Data? = try row.storedIfAny("message_id")
            let suspicion: Int64? = try row.storedIfAny("suspicion")
            let acknowledged: Int64? = try row.storedIfAny("acknowledged_at")
            let place = number.bigEndianData
            decoded.append(
                InboxRow(
                    number: number,
                    index: LedgerIndex(try row.storedCount("ledger_index")),
                    messageID: id.flatMap { MessageID(bytes: $0) },
                    header: try row.stored("header"),
                    envelope: try key.open(
                        row.stored("envelope"),
                        place: self.place("inbox.envelope", place)
                    ),
                    body: try key.open(row.stored("body"), place: self.place("inbox.body", place)),
                    tombstone: try row.stored("tombstone"),
                    suspicion: suspicion.map { UInt32(clamping: $0) },
                    receivedAt: Moment(milliseconds: try row.stored("received_at")),
                    acknowledgedAt: acknowledged.map { Moment(milliseconds: $0) }
                )
            )
        }
        return decoded
    }
}

extension MailboxNumber {
    /// Eight bytes, for the encryption at rest.
    var bigEndianData: Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }
}

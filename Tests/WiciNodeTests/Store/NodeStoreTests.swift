// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The node's disk, with real files in a folder of each test's own.

import Foundation
import GRDB
import SwiftProtobuf
import Testing
import WiciCore

@testable import WiciNode

final class NodeStoreTests {
    let folder: URL
    let key = StorageKey()

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("wici-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var path: String { folder.appendingPathComponent("node.sqlite").path }

    func open() throws(NodeStoreError) -> NodeStore { try NodeStore(path: path, key: key) }

    func row(
        _ number: UInt64,
        id: Int? = nil,
        text: String = "treść",
        acknowledgeBy: Int64 = 0,
        suspicion: UInt32? = nil
    ) -> InboxRow {
        var header = WireHeader()
        header.acknowledgeBy = acknowledgeBy
        return InboxRow(
            number: MailboxNumber(number),
            index: LedgerIndex(number + 10),
            messageID: SessionFixture.envelope(id ?? Int(number)).messageID,
            header: (try? header.serializedData()) ?? Data(),
            envelope: Data("koperta \(text)".utf8),
            body: Data(text.utf8),
            suspicion: suspicion,
            receivedAt: Moment(milliseconds: 5)
        )
    }

    func draft(_ number: Int) -> NewOutboxRow {
        NewOutboxRow(
            messageID: SessionFixture.envelope(number).messageID,
            writtenAt: Moment(milliseconds: 7),
            prepared: Data("prepared \(number)".utf8),
            body: Data("body".utf8),
            draft: Data("draft".utf8)
        )
    }

    // MARK: The file

    @Test func `the file and its log are readable by the owner alone`() throws {
        let store = try open()
        _ = try store.store([row(1)])
        for name in ["node.sqlite", "node.sqlite-wal"] {
            let file = folder.appendingPathComponent(name).path
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o600, "\(name)")
        }
    }

    @Test func `every commit is synced`() throws {
        let store = try open()
        let facts = try store.read { database in
            (
                try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(database, sql: "PRAGMA synchronous")
            )
        }
        #expect(facts.0 == "wal")
        #expect(facts.1 == 2)
    }

    @Test func `nothing of a message's content stands on the disk in clear`() throws {
        let secret = "Bardzo-Szczególne-Słowo"
        let store = try open()
        _ = try store.store([row(1, text: secret)])
        let id = SessionFixture.envelope(1).messageID
        _ = try store.enqueue(
            NewOutboxRow(
                messageID: id,
                writtenAt: Moment(milliseconds: 7),
                prepared: Data(secret.utf8),
                body: Data(secret.utf8),
                draft: Data(secret.utf8)
            )
        )
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)")
        }
    }

    @Test func `another storage key opens nothing`() throws {
        _ = try open().store([row(1)])
        let other = try NodeStore(path: path, key: StorageKey())
        #expect(throws: NodeStoreError.self) {
            try other.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
        }
    }

    @Test func `a value moved to another row does not open`() throws {
        let store = try open()
        _ = try store.store([row(1), row(2)])
        try store.write { database in
            try database.execute(
                sql: """
                    UPDATE inbox SET body = (SELECT body FROM inbox WHERE number = 1)
                    WHERE number = 2
                    """
            )
        }
        #expect(throws: NodeStoreError.self) {
            try store.inbox(after: MailboxNumber(1), limit: 1, unacknowledgedOnly: false)
        }
    }

    @Test func `a file of a newer program is refused`() throws {
        try open().write { try $0.execute(sql: "PRAGMA user_version = 3") }
        do throws(NodeStoreError) {
            _ = try open()
            Issue.record("opened")
        } catch {
            #expect(error.code == .schema)
        }
    }

    // MARK: Inbox

    @Test func `deliveries survive reopening and keep their number and time`() throws {
        let rows = [row(1), row(2), row(3)]
        #expect(try open().store(rows) == MailboxNumber(3))
        let store = try open()
        #expect(try store.storedThrough() == MailboxNumber(3))
        #expect(try store.inbox(after: .none, limit: 10, unacknowledgedOnly: false) == rows)
        #expect(
            try store.inbox(after: MailboxNumber(2), limit: 10, unacknowledgedOnly: false)
                == [rows[2]]
        )
    }

    @Test func `a number that came before is left as it was`() throws {
        let store = try open()
        _ = try store.store([row(1), row(2)])
        #expect(try store.store([row(2, text: "inne"), row(3)]) == MailboxNumber(3))
        let id = SessionFixture.envelope(2).messageID
        #expect(try store.inboxRow(id)?.body == Data("treść".utf8))
    }

    @Test func `a gap refuses the whole batch`() throws {
        let store = try open()
        _ = try store.store([row(1)])
        #expect(throws: NodeStoreError.self) { try store.store([row(2), row(4)]) }
        #expect(try store.storedThrough() == MailboxNumber(1))
    }

    @Test func `a message that comes under a second number takes effect once`() throws {
        let store = try open()
        _ = try store.store([row(1)])
        #expect(try store.store([row(2, id: 1)]) == MailboxNumber(2))
        let rows = try store.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
        #expect(rows.map(\.messageID) == [SessionFixture.envelope(1).messageID, nil])
        #expect(rows.map(\.suspicion) == [nil, RefusalCode.idReused.number])
    }

    @Test func `only a sound message that asks for an acknowledgement waits for one`() throws {
        let store = try open()
        _ = try store.store([
            row(1, acknowledgeBy: 9), row(2), row(3, acknowledgeBy: 9, suspicion: 100),
            row(4, acknowledgeBy: 9),
        ])
        let open = try store.inbox(after: .none, limit: 10, unacknowledgedOnly: true)
        #expect(open.map(\.number.value) == [1, 4])
        #expect(try store.inboxCounts() == (unacknowledged: 2, suspect: 1))
        let last = try store.latestInbox(limit: 1, unacknowledgedOnly: true)
        #expect(last.rows.map(\.number.value) == [4])
        #expect(last.omitted == 1)
    }

    @Test func `a file of the version before is brought up to date, its mail included`() throws {
        do {
            let store = try open()
            _ = try store.store([row(1, acknowledgeBy: 9), row(2)])
            try store.write { database in
                try database.execute(
                    sql: """
                        DROP INDEX inbox_open;
                        ALTER TABLE inbox DROP COLUMN acknowledge_by;
                        CREATE INDEX inbox_open ON inbox (number) WHERE acknowledged_at IS NULL;
                        PRAGMA user_version = 1;
                        """
                )
            }
        }
        let store = try open()
        #expect(try store.inboxCounts() == (unacknowledged: 1, suspect: 0))
        #expect(try store.store([row(3, acknowledgeBy: 9)]) == MailboxNumber(3))
        #expect(try store.inboxCounts() == (unacknowledged: 2, suspect: 0))
    }

    @Test func `the latest are the newest in order, with the number of those left out`() throws {
        let store = try open()
        _ = try store.store((1...5).map { row($0) })
        let (rows, omitted) = try store.latestInbox(limit: 3, unacknowledgedOnly: false)
        #expect(rows.map(\.number.value) == [3, 4, 5])
        #expect(omitted == 2)
        let all = try store.latestInbox(limit: 5, unacknowledgedOnly: false)
        #expect(all.rows.count == 5)
        #expect(all.omitted == 0)
    }

    @Test func `an acknowledged message leaves the open list and keeps its first time`() throws {
        let store = try open()
        _ = try store.store([row(1, acknowledgeBy: 9), row(2, acknowledgeBy: 9)])
        let id = SessionFixture.envelope(1).messageID
        #expect(try store.enqueue(draft(8), acknowledging: id))
        #expect(try store.enqueue(draft(8), acknowledging: row(2).messageID) == false)
        let open = try store.inbox(after: .none, limit: 10, unacknowledgedOnly: true)
        #expect(open.map(\.number) == [MailboxNumber(2)])
        #expect(try store.inboxRow(id)?.acknowledgedAt == Moment(milliseconds: 7))
    }

    @Test func `a tombstone keeps its number and reason`() throws {
        let store = try open()
        let tombstone = InboxRow(
            number: MailboxNumber(1),
            index: LedgerIndex(4),
            messageID: SessionFixture.envelope(9).messageID,
            tombstone: "recalled",
            receivedAt: Moment(milliseconds: 5)
        )
        _ = try store.store([tombstone])
        #expect(try store.inbox(after: .none, limit: 1, unacknowledgedOnly: false) == [tombstone])
        #expect(try store.inbox(after: .none, limit: 1, unacknowledgedOnly: true) == [])
    }

    // MARK: Outbox

    @Test func `the outbox hands out in the order of writing, each message once`() throws {
        let store = try open()
        for number in [3, 1, 2] { #expect(try store.enqueue(draft(number))) }
        #expect(try store.enqueue(draft(1)) == false)
        let first = try store.takeQueued(limit: 2)
        #expect(first.map(\.prepared) == [draft(3).prepared, draft(1).prepared])
        #expect(try store.takeQueued(limit: 2).map(\.prepared) == [draft(2).prepared])
        #expect(try store.takeQueued(limit: 2) == [])
    }

    @Test func `what was handed out and not settled leaves again after a restart`() throws {
        let store = try open()
        for number in 1...3 { _ = try store.enqueue(draft(number)) }
        _ = try store.takeQueued(limit: 3)
        try store.settle(Self.accepted(1))
        let again = try open()
        try again.requeueSubmitted()
        #expect(
            try again.takeQueued(limit: 9).map(\.prepared)
                == [draft(2).prepared, draft(3).prepared]
        )
        #expect(try again.openOutboxCount() == 2)
    }

    @Test func `an outcome is kept with the hub's signed word and not changed later`() throws {
        let store = try open()
        _ = try store.enqueue(draft(1))
        let batch = Self.accepted(1)
        try store.settle(batch)
        let id = SessionFixture.envelope(1).messageID
        try store.fail(id, SessionFixture.refusal(.busy))
        let row = try #require(try store.outboxRow(id))
        #expect(row.state == .accepted)
        #expect(SettledBatch.Outcome(encoded: row.outcome) == batch.messages[0].outcome)
        #expect(try store.signedReceipts(id) == batch.signed)
    }

    @Test func `a message sealed again keeps its place and its id`() throws {
        let store = try open()
        for number in 1...2 { _ = try store.enqueue(draft(number)) }
        // Those behind it are handed out behind it again.
        _ = try store.takeQueued(limit: 2)
        try store.requeue(SessionFixture.envelope(1).messageID, prepared: Data("new".utf8))
        let rows = try store.takeQueued(limit: 5)
        #expect(rows.map(\.prepared) == [Data("new".utf8), draft(2).prepared])
        #expect(rows.map(\.attempts) == [2, 1])
    }

    @Test func `a full disk is an error and leaves nothing behind`() throws {
        let store = try open()
        _ = try store.store([row(1)])
        let pages = try store.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try store.queue.inDatabase { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
        let big = String(repeating: "x", count: 64 * 1024)
        do {
            _ = try store.store([row(2, text: big)])
            Issue.record("stored")
        } catch {
            #expect(error.code == .disk)
        }
        #expect(try store.storedThrough() == MailboxNumber(1))
    }

    @Test(arguments: [
        "UPDATE outbox SET message_id = 7", "UPDATE outbox SET body = 1.5",
        "UPDATE outbox SET state = 'queued'", "UPDATE inbox SET number = -number",
        "UPDATE inbox SET ledger_index = x'00'", "UPDATE inbox SET header = 3",
        "UPDATE inbox SET received_at = 'noon'",
    ])
    func `a column of another kind is an error with its name and no end of the program`(
        damage: String
    ) throws {
        let store = try open()
        #expect(try store.enqueue(draft(1)))
        _ = try store.store([row(1)])
        // As a damaged page would: past the table's own checks.
        let raw = try DatabaseQueue(path: path)
        try raw.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try database.execute(sql: damage)
        }
        try raw.close()
        let error = #expect(throws: NodeStoreError.self) {
            _ = try store.takeQueued(limit: 10)
            _ = try store.outbox(limit: 10)
            _ = try store.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
            _ = try store.inboxRow(SessionFixture.envelope(1).messageID)
        }
        #expect(error?.description.contains("damaged") == true)
    }

    @Test func `documents are replaced by the newest of their name`() throws {
        let store = try open()
        #expect(try store.kept(.registry) == nil)
        try store.keep([.registry: Data("1".utf8)])
        try store.keep([.registry: Data("2".utf8)])
        #expect(try store.kept(.registry) == Data("2".utf8))
    }

    static func accepted(_ number: Int) -> SettledBatch {
        SettledBatch(
            signed: Data("signed".utf8),
            messages: [
                SettledBatch.Message(
                    messageID: SessionFixture.envelope(number).messageID,
                    outcome: .accepted(
                        index: LedgerIndex(12),
                        at: Moment(milliseconds: 8),
                        audience: WireRecipientSet(),
                        eligible: WireRecipientSet(),
                        repeated: false
                    )
                )
            ]
        )
    }
}

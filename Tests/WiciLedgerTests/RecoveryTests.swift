// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Opening again: what was acknowledged is there, and what was tampered with is named.

import Foundation
import GRDB
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

struct RecoveryTests {
    /// Fills a ledger with messages, deliveries, subscriptions and tombstones.
    private func fill(_ ledger: Ledger, messages: UInt64) throws {
        let sets = [
            recipients(["ngo-a.main"]), recipients(["ngo-a.main", "pip.main"]),
            recipients(["pip.main", "sg.main"]),
        ]
        for number in 0..<messages {
            let set = sets[Int(number % 3)]
            _ = try ledger.append(
                [.accepted(try acceptedEntry(number, to: set))],
                at: LedgerFixture.start
            )
        }
        var subscription = WireSubscriptionChange()
        subscription.node = "pip.main"
        subscription.subscriptions = [WireSubscription.with { $0.types = ["warning"] }]
        let place = try #require(try ledger.findMessage(messageID(1)))
        _ = try ledger.append(
            [
                .event(
                    .delivered(
                        .with {
                            $0.node = "ngo-a.main"
                            $0.through = 2
                        }
                    )
                ),
                .event(.subscriptions(subscription)),
                .event(
                    .refused(
                        .with {
                            ($0.node, $0.code) = ("pip.main", RefusalCode.notGranted.number)
                            $0.messageID = messageID(1_000).data
                            $0.envelopeDigest = Digest.zero.data
                        }
                    )
                ),
                .event(
                    .withheld(
                        .with {
                            $0.node = "pip.main"
                            $0.number = 1
                            $0.message = place.value
                            $0.reason = "withheld"
                        }
                    )
                ),
            ],
            at: LedgerFixture.start
        )
    }

    @Test func `a ledger opened again has the same root, mailboxes and views`() throws {
        let fixture = try LedgerFixture()
        var root = Digest.zero
        var size = UInt64(0)
        do {
            let ledger = try fixture.openWithReleases()
            try fill(ledger, messages: 700)
            root = ledger.root
            size = ledger.size
        }
        let (ledger, recovered) = try fixture.open()
        #expect(ledger.root == root)
        #expect(recovered.size == size)
        #expect(recovered.mailboxes.head(of: try node("ngo-a.main")) == MailboxNumber(467))
        #expect(recovered.delivered[try node("ngo-a.main")] == MailboxNumber(2))
        #expect(recovered.subscriptions[try node("pip.main")]?.first?.types == ["warning"])
        let tombstone = recovered.tombstones[try node("pip.main")]?[MailboxNumber(1)]
        #expect(tombstone?.messageID == messageID(1).data)
        #expect(recovered.registry?.index == LedgerIndex(0))
        #expect(recovered.policy?.number == 1)
        let note = try #require(recovered.lastCheckpoint)
        let checkpoint = try Checkpoint(note: note, ledgerKey: fixture.signer.verifierKey)
        #expect(checkpoint.size == size)
        #expect(checkpoint.root == root)
    }

    @Test func `views rebuilt from the records equal those that were kept`() throws {
        let fixture = try LedgerFixture()
        let tables = [
            "message", "refused_message", "recipient_set", "delivered", "subscription", "tombstone",
            "release",
        ]
        func rows() throws -> [[Row]] {
            let queue = try DatabaseQueue(path: fixture.path)
            defer { try? queue.close() }
            return try queue.read { database in
                try tables.map { try Row.fetchAll(database, sql: "SELECT * FROM \($0)") }
            }
        }
        do {
            let ledger = try fixture.openWithReleases()
            try fill(ledger, messages: 40)
        }
        let kept = try rows()
        #expect(kept.allSatisfy { !$0.isEmpty })
        try fixture.tamper(
            "DELETE FROM message; DELETE FROM delivered; DELETE FROM refused_message; UPDATE tombstone SET number = 9"
        )
        #expect(try rows() != kept)
        do {
            let ledger = try Ledger.open(
                LedgerConfiguration(path: fixture.path),
                signer: fixture.signer,
                now: LedgerFixture.start
            ).ledger
            try ledger.rebuildViews()
        }
        #expect(try rows() == kept)
    }

    @Test func `files copied while batches are written open with every acknowledged batch`() throws
    {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let audience = recipients(["ngo-a.main", "pip.main"])
        for batch in UInt64(0)..<24 {
            let entries = try (0..<UInt64(20)).map {
                NewEntry.accepted(try acceptedEntry(batch * 20 + $0, to: audience))
            }
            _ = try ledger.append(entries, at: LedgerFixture.start)
            if batch % 5 == 4 { _ = try ledger.checkpoint(now: LedgerFixture.start) }
            let copy = try fixture.copyFiles(to: "copy-\(batch).sqlite")
            let (reopened, recovered) = try fixture.open(copy)
            #expect(reopened.root == ledger.root)
            let head = recovered.mailboxes.head(of: try node("pip.main"))
            #expect(head == MailboxNumber((batch + 1) * 20))
        }
    }

    @Test func `a log cut off at any length opens at a whole batch`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let audience = recipients(["ngo-a.main"])
        var sizes: Set<UInt64> = [0, ledger.size]
        for batch in UInt64(0)..<6 {
            let entries = try (0..<UInt64(7)).map {
                NewEntry.accepted(try acceptedEntry(batch * 7 + $0, to: audience))
            }
            _ = try ledger.append(entries, at: LedgerFixture.start)
            sizes.insert(ledger.size)
        }
        let log = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "-wal"))
        for part in 0..<40 {
            let copy = try fixture.copyFiles(to: "cut-\(part).sqlite")
            let length = log.count * part / 40 + part * 3
            try log.prefix(length).write(to: URL(fileURLWithPath: copy + "-wal"))
            let reopened = try fixture.open(copy).ledger
            #expect(sizes.contains(reopened.size))
        }
    }

    @Test(arguments: [
        ("DELETE FROM leaf WHERE place = 5", RefusalCode.ledgerEntryMissing, "leaf", UInt64?(5)),
        ("DELETE FROM opening WHERE place = 5", .ledgerEntryMissing, "opening", nil),
        ("UPDATE leaf SET bytes = zeroblob(33) WHERE place = 6", .ledgerLeafWrong, "leaf", 6),
        (
            "UPDATE leaf SET bytes = x'01' || randomblob(32) WHERE place = 6", .ledgerRootWrong,
            "leaf", 12
        ),
        (
            "DELETE FROM leaf WHERE place > 7; DELETE FROM opening WHERE place > 7",
            .ledgerShorterThanCheckpoint, "leaf", 8
        ),
        ("UPDATE checkpoint SET note = x'00'", .ledgerCheckpointWrong, "checkpoint", 12),
        ("UPDATE checkpoint SET size = 11", .ledgerCheckpointWrong, "checkpoint", 11),
        ("DELETE FROM recipient_set", .ledgerViewsWrong, "message", 3),
        ("PRAGMA user_version = 3", .ledgerVersionUnknown, "", nil),
    ])
    func `a tampered ledger is refused with the place`(
        sql: String,
        code: RefusalCode,
        table: String,
        index: UInt64?
    ) throws {
        let fixture = try LedgerFixture()
        do {
            let ledger = try fixture.openWithReleases()
            for number in UInt64(0)..<9 {
                let entry = try acceptedEntry(number, to: recipients(["ngo-a.main"]))
                _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
            }
            _ = try ledger.checkpoint(now: LedgerFixture.start)
        }
        try fixture.tamper(sql)
        let error = #expect(throws: LedgerError.self) { try fixture.open() }
        #expect(error?.code == code)
        #expect(error?.place == LedgerError.Place(file: fixture.path, table: table, index: index))
        #expect(error?.sentence.polish.isEmpty == false)
    }

    @Test func `an opening changed after the last checkpoint is found when opening`() throws {
        let fixture = try LedgerFixture()
        do {
            let ledger = try fixture.openWithReleases()
            let entry = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
            _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
        }
        try fixture.tamper("UPDATE opening SET salt = randomblob(32) WHERE place = 3")
        let error = #expect(throws: LedgerError.self) { try fixture.open() }
        #expect(error?.code == .ledgerLeafWrong)
        #expect(error?.place.index == 3)
    }

    @Test func `another key does not open the ledger`() throws {
        let fixture = try LedgerFixture()
        do {
            _ = try fixture.openWithReleases().checkpoint(now: LedgerFixture.start)
        }
        let key = try #require(SigningKey(seed: Data(repeating: 8, count: 32)))
        let other = try NoteSigner(name: "ledger.example/test", key: key)
        let error = #expect(throws: LedgerError.self) {
            try Ledger.open(
                LedgerConfiguration(path: fixture.path),
                signer: other,
                now: LedgerFixture.start
            )
        }
        #expect(error?.code == .ledgerCheckpointWrong)
    }

    @Test(arguments: [
        "UPDATE recipient_set SET bytes = 7", "UPDATE message SET audience = 'x'",
        "UPDATE release SET digest = 7", "UPDATE checkpoint SET note = 7",
    ])
    func `a column of another kind refuses the ledger and traps nobody`(sql: String) throws {
        let fixture = try LedgerFixture()
        do {
            let ledger = try fixture.openWithReleases()
            let entry = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
            _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
            _ = try ledger.checkpoint(now: LedgerFixture.start)
        }
        try fixture.tamper(sql)
        #expect(throws: LedgerError.self) { try fixture.open() }
    }

    @Test func `what a checkpoint covers does not rest on the write-ahead log`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let entry = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
        _ = try ledger.checkpoint(now: LedgerFixture.start)
        // The file alone, as a damaged log would leave it.
        let copy = fixture.folder.path("alone.sqlite")
        try FileManager.default.copyItem(atPath: fixture.path, toPath: copy)
        #expect(try fixture.open(copy).ledger.root == ledger.root)
    }
}

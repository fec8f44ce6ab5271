// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Appending: places, idempotence, views, and what is read back.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

struct AppendTests {
    @Test func `messages get places after their new recipient sets and are read back`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let audience = recipients(["ngo-a.main"])
        let eligible = recipients(["ngo-a.main", "pip.main"])
        let first = try acceptedEntry(1, to: audience, eligible: eligible)
        let second = try acceptedEntry(2, to: audience, eligible: eligible)
        let outcomes = try ledger.append(
            [.accepted(first), .accepted(second)],
            at: LedgerFixture.start
        )
        #expect(outcomes == [.appended(LedgerIndex(4)), .appended(LedgerIndex(5))])
        #expect(ledger.size == 6)
        let read = try ledger.messages(at: [LedgerIndex(5), LedgerIndex(4)])
        #expect(read.map(\.header) == [second.header, first.header])
        #expect(read.map(\.body) == [second.body, first.body])
        #expect(read[0].carriage == second.carriage)
        #expect(try ledger.recipientSet(at: read[0].audience) == audience)
        #expect(try ledger.recipientSet(at: read[0].eligible) == eligible)
        #expect(read[0].policy == LedgerIndex(1))
        #expect(read[0].acceptedAt == LedgerFixture.start)
        #expect(try ledger.findMessage(messageID(2)) == LedgerIndex(5))
        #expect(try ledger.findMessage(messageID(3)) == nil)
    }

    @Test func `messages are read back whole wherever they lie`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let audience = recipients(["ngo-a.main"])
        var random = SystemRandomNumberGenerator()
        var stored: [(place: LedgerIndex, message: AcceptedEntry)] = []
        for number in UInt64(0)..<300 {
            var message = try acceptedEntry(number, to: audience)
            // Empty, with a length of one, two and three bytes, and larger than all before.
            message.body = Data(
                repeating: UInt8(number % 251),
                count: [0, 90, 900, 70_000][Int(number % 4)]
            )
            message.carriage = Data(
                (0..<number % 80).map { _ in UInt8.random(in: 0...255, using: &random) }
            )
            message.bodyDigest = Digest.of(domain: "wici/v1/body", message.body)
            // Other entries lie between messages, now and then more than are passed over.
            let others = Int(number % 7) * (number % 50 == 0 ? 10 : 1)
            var entries = [NewEntry](repeating: .event(.operation(WireOperation())), count: others)
            entries.append(.accepted(message))
            let outcomes = try ledger.append(entries, at: LedgerFixture.start)
            stored.append((try #require(outcomes.last?.index), message))
        }
        for part in [
            stored, stored.reversed(), stored.shuffled(), stored.filter { $0.place.value % 3 == 0 },
        ] {
            let read = try ledger.messages(at: part.map(\.place))
            #expect(read.map(\.index) == part.map(\.place))
            #expect(read.map(\.header) == part.map(\.message.header))
            #expect(read.map(\.body) == part.map(\.message.body))
            #expect(read.map(\.carriage) == part.map(\.message.carriage))
        }
        let places = stored.map(\.place)
        #expect(try ledger.messages(at: places, atMostBytes: 1).count == 1)
        #expect(try ledger.messages(at: places, atMostBytes: 71_000).count == 4)
        let between = #expect(throws: LedgerError.self) {
            try ledger.messages(at: [places[5], LedgerIndex(places[6].value - 1), places[6]])
        }
        #expect(between?.code == .entryUnknown && !ledger.isStopped)
    }

    @Test func `the same message again gets its first place, time and recipients`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let audience = recipients(["ngo-a.main"])
        let message = try acceptedEntry(1, to: audience)
        _ = try ledger.append([.accepted(message)], at: LedgerFixture.start)
        let size = ledger.size
        var again = message
        again.audience = recipients(["ngo-b.main"])
        let outcome = try ledger.append(
            [.accepted(again)],
            at: LedgerFixture.start.adding(milliseconds: 9)
        )
        let expected = AppendOutcome.repeated(
            LedgerIndex(3),
            acceptedAt: LedgerFixture.start,
            eligible: audience,
            audience: audience
        )
        #expect(outcome == [expected])
        #expect(ledger.size == size)
    }

    @Test func `a message id with other bytes stores nothing`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let message = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        var forged = message
        forged.envelopeDigest = .zero
        forged.audience = recipients(["ngo-c.main"])
        let outcomes = try ledger.append(
            [.accepted(message), .accepted(forged), .accepted(message)],
            at: LedgerFixture.start
        )
        #expect(outcomes[0] == .appended(LedgerIndex(3)))
        #expect(outcomes[1] == .conflicting(LedgerIndex(3)))
        #expect(outcomes[2].index == LedgerIndex(3))
        #expect(ledger.size == 4)
    }

    @Test func `what was refused for good is refused again, and nothing else for it`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let message = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        func refusal(_ code: RefusalCode, by node: String = "kwp-lublin.main") -> NewEntry {
            let record = WireRefusedRequest.with {
                ($0.node, $0.request, $0.code) = (node, "submit", code.number)
                ($0.field, $0.rule) = ("selector", "N1")
                $0.messageID = message.messageID.data
                $0.envelopeDigest = message.envelopeDigest.data
            }
            return .refused(
                record,
                unlessAccepted: message.messageID,
                envelopeDigest: message.envelopeDigest
            )
        }
        // What may succeed later, and what somebody else sent, decides nothing.
        _ = try ledger.append(
            [refusal(.busy), refusal(.notGranted, by: "pip.main")],
            at: LedgerFixture.start
        )
        var other = try acceptedEntry(2, to: recipients(["ngo-a.main"]))
        other.messageID = messageID(3)
        let outcomes = try ledger.append(
            [refusal(.notGranted), .accepted(message), .accepted(other)],
            at: LedgerFixture.start
        )
        let place = LedgerIndex(4)
        let again = Refusal(.notGranted, field: "selector", rule: "N1")
        #expect(outcomes[..<2] == [.appended(place), .refusedBefore(place, again)])
        #expect(outcomes[2].index == LedgerIndex(6))
        // Sealed anew it is another message to the ledger.
        var resealed = message
        resealed.envelopeDigest = .zero
        #expect(
            try ledger.append([.accepted(resealed)], at: LedgerFixture.start)
                == [.appended(LedgerIndex(7))]
        )
    }

    @Test func `events that only the ledger itself may write are refused and change nothing`()
        throws
    {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let root = ledger.root
        #expect(throws: LedgerError.self) {
            try ledger.append(
                [.event(.operation(WireOperation())), .event(.recipientSet(WireRecipientSet()))],
                at: LedgerFixture.start
            )
        }
        #expect(ledger.size == 2)
        #expect(ledger.root == root)
        #expect(!ledger.isStopped)
        let outcome = try ledger.append(
            [.event(.operation(WireOperation()))],
            at: LedgerFixture.start
        )
        #expect(outcome == [.appended(LedgerIndex(2))])
    }

    @Test func `erasing content leaves header, recipients and proof`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let message = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        _ = try ledger.append([.accepted(message)], at: LedgerFixture.start)
        let root = ledger.root
        try ledger.eraseContent(at: [LedgerIndex(3)])
        let read = try ledger.messages(at: [LedgerIndex(3)])
        #expect(read[0].body == nil)
        #expect(read[0].carriage.isEmpty)
        #expect(read[0].header == message.header)
        #expect(ledger.root == root)
    }

    @Test func `a release's note is read back and a wrong place is refused`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        #expect(try ledger.release(.policy, at: LedgerIndex(1)) == Data("policy\n".utf8))
        let error = #expect(throws: LedgerError.self) {
            try ledger.release(.policy, at: LedgerIndex(0))
        }
        #expect(error?.code == .entryUnknown)
    }

    @Test func `every inclusion and consistency proof verifies`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let audience = recipients(["ngo-a.main"])
        var roots: [UInt64: Digest] = [ledger.size: ledger.root]
        for part in 0..<7 {
            let entries = try (0..<UInt64(60 + part)).map {
                NewEntry.accepted(try acceptedEntry(UInt64(part) * 100 + $0, to: audience))
            }
            _ = try ledger.append(entries, at: LedgerFixture.start)
            roots[ledger.size] = ledger.root
        }
        let rows = try ledger.entries(from: LedgerIndex(0), limit: 1_000)
        #expect(rows.count == Int(ledger.size))
        for (size, root) in roots {
            for index in stride(from: UInt64(0), to: size, by: 13) {
                let proof = try ledger.inclusionProof(of: LedgerIndex(index), size: size)
                #expect(proof.verify(leafHash: TreeHash.leaf(rows[Int(index)].leaf), root: root))
            }
            let proof = try ledger.consistencyProof(from: size, to: ledger.size)
            #expect(proof.verify(oldRoot: root, newRoot: ledger.root))
        }
        #expect(throws: LedgerError.self) {
            try ledger.inclusionProof(of: LedgerIndex(0), size: ledger.size + 1)
        }
    }
}

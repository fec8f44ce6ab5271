// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Members decide how many recipient sets there are: each is stored once, however many there are, and
// few of them are in memory.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore

@testable import WiciLedger

struct RecipientSetPlacesTests {
    private static func set(_ number: Int) -> RecipientSet {
        recipients((0..<60).map { "node-\($0)" }, rule: "G\(number)")
    }

    @Test func `of more sets than are kept at hand each is stored once and found again`() throws {
        let fixture = try LedgerFixture()
        let sets = (0..<2_600).map(Self.set)
        var places: [LedgerIndex] = []
        do {
            let ledger = try fixture.openWithReleases()
            let first = try sets.enumerated().map { number, set in
                NewEntry.accepted(try acceptedEntry(UInt64(number), to: set))
            }
            places = try ledger.append(first, at: LedgerFixture.start).compactMap(\.index)
            #expect(ledger.size == 2 + 2 * UInt64(sets.count))
        }
        let (ledger, recovered) = try fixture.open()
        #expect(recovered.mailboxes.head(of: try node("node-7")) == MailboxNumber(2_600))
        for number in [0, 1, 2_599, 1_300, 0] {
            let again = try acceptedEntry(UInt64(10_000 + number), to: sets[number])
            let size = ledger.size
            let outcome = try ledger.append([.accepted(again)], at: LedgerFixture.start).first
            let isFirst = number != 0 || size == 2 + 2 * UInt64(sets.count)
            #expect(ledger.size == size + (isFirst ? 1 : 0))
            if isFirst { #expect(outcome == .appended(LedgerIndex(size))) }
        }
        for number in stride(from: 0, to: sets.count, by: 13) {
            let message = try #require(try ledger.messages(at: [places[number]]).first)
            #expect(message.audience == message.eligible)
            #expect(try ledger.recipientSet(at: message.audience) == sets[number])
        }
        let repeated = try acceptedEntry(9, to: sets[9])
        let outcome = try ledger.append([.accepted(repeated)], at: LedgerFixture.start).first
        guard case .repeated(_, _, let eligible, let audience) = outcome else {
            Issue.record("the message would be accepted again")
            return
        }
        #expect(eligible == sets[9] && audience == sets[9])
        #expect(throws: LedgerError.self) { try ledger.recipientSet(at: LedgerIndex(0)) }
    }

    @Test func `what was used lately is at hand and no more than twice the capacity`() {
        var recent = RecentlyUsed<Int, String>(capacity: 100)
        for number in 0..<1_000 {
            recent.insert("\(number)", for: number)
            #expect(recent.value(of: 0) == "0" && recent.value(of: number) == "\(number)")
            #expect(recent.count <= 201)
        }
        #expect(recent.value(of: 500) == nil && recent.value(of: 950) == "950")
        recent.insert("heavy", for: -1, weight: 1_000)
        recent.insert("next", for: -2)
        recent.insert("third", for: -3, weight: 100)
        recent.insert("fourth", for: -4)
        #expect(recent.value(of: -1) == nil && recent.value(of: -2) == "next")
    }

    @Test func `nodes read in place are those of the generated decoder`() throws {
        var random = SeededGenerator(seed: 4)
        var readInPlace = 0
        for _ in 0..<2_000 {
            var wire = WireRecipientSet()
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                var recipient = WireRecipient()
                recipient.node =
                    ["kwp-lublin.main", "ngo-a.main", "No id", "", "ż", "a"]
                    .randomElement(using: &random) ?? ""
                recipient.rules = Bool.random(using: &random) ? ["G1", ""] : []
                recipient.named = .random(using: &random)
                wire.recipients.append(recipient)
            }
            var bytes: Data = try wire.serializedData()
            if !bytes.isEmpty, Bool.random(using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
            let read = bytes.withUnsafeBytes { LentRecipients.read($0) }
            let decoded = RecipientSet(bytes: bytes)
            #expect(read?.nodes == decoded?.nodes)
            #expect(read?.digest == decoded?.digest)
            if read != nil { readInPlace += 1 }
        }
        #expect(readInPlace > 1_000)
    }

    @Test func `sets of members are kept once and hold exactly their members`() {
        var random = SeededGenerator(seed: 5)
        var sets = MemberSets()
        var numbers: [Set<Int>: UInt32] = [:]
        for _ in 0..<3_000 {
            let count = Int.random(in: 0...3, using: &random)
            let members = Set((0..<count).map { _ in Int.random(in: 0..<200, using: &random) })
            let number = sets.number(of: Array(members) + Array(members))
            #expect(numbers[members] == nil || numbers[members] == number)
            numbers[members] = number
            var lent: [Int] = []
            sets.forEachMember(of: number) { lent.append($0) }
            #expect(lent == members.sorted())
            #expect((0..<260).allSatisfy { sets.contains($0, in: number) == members.contains($0) })
        }
        #expect(Set(numbers.values).count == numbers.count)
        #expect(sets.number(of: []) == MemberSets.empty)
    }
}

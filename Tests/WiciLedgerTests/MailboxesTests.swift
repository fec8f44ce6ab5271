// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The mailboxes against the simplest thing that could work: a list for each node.

import Testing
import WiciCore
import WiciLedger

struct MailboxesTests {
    @Test(arguments: UInt64(1)...40)
    func `numbers and places equal those of a list for each node`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = (0..<12).map { "node-\($0)" }
        let sets = (0..<Int.random(in: 1...9, using: &random)).map { number in
            recipients(names.filter { _ in Bool.random(using: &random) }, rule: "G\(number)")
        }
        var mailboxes = Mailboxes()
        var lists: [NodeID: [LedgerIndex]] = [:]
        var place = UInt64(0)
        // Some mailboxes lie within a block of places, some over many.
        let gap: UInt64 = seed.isMultiple(of: 2) ? 5 : 90
        for _ in 0..<Int.random(in: 0...300, using: &random) {
            place += UInt64.random(in: 1...gap, using: &random)
            let set = try #require(sets.randomElement(using: &random))
            mailboxes.accept(index: LedgerIndex(place), audience: set)
            for node in set.nodes { lists[node, default: []].append(LedgerIndex(place)) }
        }
        for name in names {
            let node = try node(name)
            let list = lists[node] ?? []
            #expect(mailboxes.head(of: node) == MailboxNumber(UInt64(list.count)))
            for index in stride(from: 0, through: place + 1, by: gap > 5 ? 7 : 1) {
                let number = list.firstIndex(of: LedgerIndex(index)).map { $0 + 1 }
                #expect(
                    mailboxes.number(of: LedgerIndex(index), for: node)
                        == number.map { MailboxNumber(UInt64($0)) }
                )
            }
            for _ in 0..<8 {
                let after = UInt64.random(in: 0...UInt64(list.count + 2), using: &random)
                let limit = Int.random(in: 0...40, using: &random)
                let found = mailboxes.entries(
                    of: node,
                    after: MailboxNumber(after),
                    limit: limit
                )
                let expected = list.enumerated().dropFirst(Int(min(after, 1 << 20))).prefix(limit)
                #expect(found.map(\.0.value) == expected.map { UInt64($0.offset + 1) })
                #expect(found.map(\.1) == expected.map(\.element))
            }
        }
    }

    @Test func `a message to nobody gives nobody a number`() throws {
        var mailboxes = Mailboxes()
        mailboxes.accept(index: LedgerIndex(3), audience: recipients([]))
        #expect(mailboxes.head(of: try node("node-1")) == .none)
        #expect(mailboxes.entries(of: try node("node-1"), after: .none, limit: 5).isEmpty)
    }

    @Test func `a node named twice in a set gets one number a message`() throws {
        var mailboxes = Mailboxes()
        mailboxes.accept(index: LedgerIndex(0), audience: recipients(["node-1", "node-1"]))
        #expect(mailboxes.head(of: try node("node-1")) == MailboxNumber(1))
    }

    @Test func `what is asked takes no longer because there are many audiences`() throws {
        let names = (0..<30).map { "node-\($0)" }
        func asked(_ audiences: Int) throws -> Duration {
            var random = SeededGenerator(seed: 9)
            let sets = (0..<audiences).map { _ in
                recipients(["node-0"] + names.dropFirst().filter { _ in .random(using: &random) })
            }
            var mailboxes = Mailboxes()
            for place in 0..<10_000 {
                let index = LedgerIndex(UInt64(place))
                mailboxes.accept(index: index, audience: sets[place % audiences])
            }
            let first = try node("node-0")
            return ContinuousClock().measure {
                for number in 0..<40 as Range<UInt64> {
                    let after = MailboxNumber(number * 249)
                    let found = mailboxes.entries(of: first, after: after, limit: 1).first
                    #expect(found?.1 == LedgerIndex(after.value))
                    #expect(
                        mailboxes.number(of: LedgerIndex(after.value), for: first) == after.next
                    )
                }
            }
        }
        let few = try asked(1)
        let many = try asked(10_000)
        #expect(many < few * 20, "\(few) with one audience, \(many) with ten thousand")
    }

    @Test func `nodes without mail are not said to have some`() throws {
        var mailboxes = Mailboxes()
        #expect(mailboxes.nodes.isEmpty)
        mailboxes.accept(index: LedgerIndex(0), audience: recipients(["node-1"]))
        #expect(try Array(mailboxes.nodes) == [node("node-1")])
    }
}

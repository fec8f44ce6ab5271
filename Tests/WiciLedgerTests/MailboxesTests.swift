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
        for _ in 0..<Int.random(in: 0...300, using: &random) {
            place += UInt64.random(in: 1...5, using: &random)
            let set = try #require(sets.randomElement(using: &random))
            mailboxes.accept(index: LedgerIndex(place), audience: set)
            for node in set.nodes { lists[node, default: []].append(LedgerIndex(place)) }
        }
        for name in names {
            let node = try node(name)
            let list = lists[node] ?? []
            #expect(mailboxes.head(of: node) == MailboxNumber(UInt64(list.count)))
            for index in 0...place + 1 {
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
}

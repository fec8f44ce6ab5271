// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The real node store under load, and an account of its own of what the store has acknowledged.

import Foundation
import NetworkRig
import WiciCore
import WiciNode

/// A node's store and what must be in it.
struct NodeBook: FaultyStore {
    private struct Sent {
        let row: NewOutboxRow
        var isSettled = false
    }

    /// What was under way when the store failed.
    private enum Pending {
        case nothing
        case sending(NewOutboxRow)
        case settling(Set<MessageID>)
        case storing([InboxRow])
        case keeping(Int)
    }

    private let path: String
    private let key: StorageKey
    private(set) var store: NodeStore?
    private var outbox: [Sent] = []
    private var inbox: [InboxRow] = []
    private var documents = 0
    private var pending = Pending.nothing
    private let start = Moment(milliseconds: 1_790_000_000_000)

    init(path: String, key: StorageKey) {
        self.path = path
        self.key = key
    }

    var acknowledged: Int { outbox.count + inbox.count }

    mutating func close() { store = nil }

    // MARK: Load

    mutating func act(_ generator: inout SeededGenerator) throws {
        guard let store else { throw Violation("the store is not open") }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4: try send(store, &generator)
        case 4..<6: try settle(store)
        case 6..<9: try receive(store, &generator)
        default:
            pending = .keeping(documents + 1)
            try store.keep(Self.documents(documents + 1))
            documents += 1
            pending = .nothing
        }
    }

    mutating func forgive() {
        if case .sending(let row) = pending { outbox.append(Sent(row: row)) }
        if case .storing(let rows) = pending { inbox += rows }
        pending = .nothing
    }

    private mutating func send(_ store: NodeStore, _ generator: inout SeededGenerator) throws {
        let row = NewOutboxRow(
            messageID: id(outbox.count, &generator),
            writtenAt: start,
            prepared: bytes(600, &generator),
            body: bytes(1_500, &generator),
            draft: bytes(300, &generator)
        )
        pending = .sending(row)
        guard try store.enqueue(row) else { throw Violation("a new message is said to be there") }
        outbox.append(Sent(row: row))
        pending = .nothing
    }

    private mutating func settle(_ store: NodeStore) throws {
        let taken = Set(try store.takeQueued(limit: 3).map(\.messageID))
        guard !taken.isEmpty else { return }
        pending = .settling(taken)
        let outcome = SettledBatch.Outcome.accepted(
            index: LedgerIndex(7),
            at: start,
            audience: .init(),
            eligible: .init(),
            repeated: false
        )
        try store.settle(
            SettledBatch(
                signed: Data("receipts".utf8),
                messages: taken.map { .init(messageID: $0, outcome: outcome) }
            )
        )
        for place in outbox.indices where taken.contains(outbox[place].row.messageID) {
            outbox[place].isSettled = true
        }
        pending = .nothing
    }

    private mutating func receive(_ store: NodeStore, _ generator: inout SeededGenerator) throws {
        let rows = (0..<Int.random(in: 1...4, using: &generator)).map { offset in
            let number = inbox.count + offset
            return InboxRow(
                number: MailboxNumber(UInt64(number + 1)),
                index: LedgerIndex(UInt64(number * 3)),
                messageID: id(1_000_000 + number, &generator),
                header: Data("header".utf8),
                envelope: bytes(900, &generator),
                body: bytes(1_200, &generator),
                receivedAt: start
            )
        }
        pending = .storing(rows)
        let last = try store.store(rows)
        inbox += rows
        pending = .nothing
        guard last.value == UInt64(inbox.count) else { throw Violation("\(last) is not the last") }
    }

    private func id(_ number: Int, _ generator: inout SeededGenerator) -> MessageID {
        MessageID(
            milliseconds: start.milliseconds + Int64(number),
            random: (generator.next(), generator.next())
        )
    }

    private func bytes(_ most: Int, _ generator: inout SeededGenerator) -> Data {
        generator.bytes(Int.random(in: 1...most, using: &generator))
    }

    private static func documents(_ number: Int) -> [NodeStore.Document: Data] {
        [.registry: Data("registry \(number)".utf8), .policy: Data("policy \(number)".utf8)]
    }

    // MARK: Opening and checking

    mutating func open() throws {
        store = nil
        let opened = try NodeStore(path: path, key: key)
        try opened.requeueSubmitted()
        let rows = Array(try opened.outbox(limit: .max).reversed())
        let received = try opened.inbox(after: .none, limit: .max, unacknowledgedOnly: false)
        let kept = try opened.kept(.registry)
        switch pending {
        case .nothing: break
        case .sending(let row) where rows.last?.messageID == row.messageID:
            outbox.append(Sent(row: row))
        case .settling(let ids):
            let states = Set(rows.filter { ids.contains($0.messageID) }.map(\.state))
            guard states.count == 1 else { throw Violation("a part of a settling was kept") }
            for place in outbox.indices where ids.contains(outbox[place].row.messageID) {
                outbox[place].isSettled = states == [.accepted]
            }
        case .storing(let rows) where received.count > inbox.count: inbox += rows
        case .keeping(let number) where kept == Self.documents(number)[.registry]:
            documents = number
        case .sending, .storing, .keeping: break
        }
        pending = .nothing
        try check(outbox: rows, inbox: received, in: opened)
        store = opened
    }

    private func check(outbox rows: [OutboxRow], inbox received: [InboxRow], in store: NodeStore)
        throws
    {
        guard rows.count == outbox.count else {
            throw Violation("\(rows.count) messages sent where \(outbox.count) were acknowledged")
        }
        for (row, sent) in zip(rows, outbox) {
            guard row.messageID == sent.row.messageID, row.prepared == sent.row.prepared,
                row.body == sent.row.body, row.draft == sent.row.draft,
                row.state == (sent.isSettled ? .accepted : .queued)
            else { throw Violation("\(sent.row.messageID) is not what was acknowledged") }
        }
        guard received == inbox, try store.storedThrough().value == UInt64(inbox.count) else {
            throw Violation("\(received.count) stored where \(inbox.count) were acknowledged")
        }
        let expected = documents == 0 ? [:] : Self.documents(documents)
        guard try store.kept(.registry) == expected[.registry],
            try store.kept(.policy) == expected[.policy]
        else { throw Violation("the documents are not those that were kept") }
    }
}

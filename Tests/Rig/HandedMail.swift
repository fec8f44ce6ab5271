// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Numbered mail that is handed to nodes while processes die, and what must have become of it.

import Foundation
package import WiciCore
import WiciHub
import WiciLedger
package import WiciNode

/// What a node has answered that it has, and what it has not answered.
package struct HandedMail: Sendable {
    package private(set) var answered: [Int: MessageID] = [:]
    package private(set) var unanswered: Set<Int> = []
    private var next = 0

    /// Nothing was handed over yet.
    package init() {}

    /// Hands numbered drafts to a node's API, whether it answers or not, until cancelled.
    package static func handOver(
        to client: NodeClient,
        addressing receivers: [String],
        every interval: Duration
    ) async -> HandedMail {
        var handed = HandedMail()
        await handed.handOver(to: client, addressing: receivers, every: interval)
        return handed
    }

    /// Goes on handing over where it ended, until cancelled.
    package mutating func handOver(
        to client: NodeClient,
        addressing receivers: [String],
        every interval: Duration
    ) async {
        while !Task.isCancelled {
            do throws(NodeError) {
                let draft = NumberedMail.draft(next, to: receivers)
                answered[next] = try await client.send(draft: draft).id
            } catch {
                unanswered.insert(next)
            }
            next += 1
            try? await Task.sleep(for: interval)
        }
    }

    /// Claims an answer for a message that nobody ever had: a planted bug.
    package mutating func pretend() {
        answered[-1] = MessageID(milliseconds: 0, random: (0, 0))
    }

    /// Everything that was answered is in the outbox and accepted; gives the numbers that left.
    package func checkOutbox(of client: NodeClient) async throws -> [Int] {
        try await eventually("everything has a receipt", within: .seconds(60)) {
            guard let status = try? await client.status() else { return false }
            return status.isReady && status.pending == 0
        }
        let outbox = try await client.outbox(limit: Self.page)
        guard outbox.count < Self.page else { throw NetworkFailure("a page is too short") }
        var numbers: [Int] = []
        for entry in outbox.reversed() {
            guard entry.state == .accepted, let number = NumberedMail.number(entry.title) else {
                throw NetworkFailure("\(entry.id) is \(entry.state)")
            }
            numbers.append(number)
            let isKnown =
                answered[number].map { $0 == entry.id } ?? unanswered.contains(number)
            guard isKnown else { throw NetworkFailure("\(number) is another message") }
        }
        guard Set(answered.keys).isSubset(of: numbers) else {
            throw NetworkFailure("a message that was taken is not in the outbox")
        }
        guard numbers == numbers.sorted(), Set(numbers).count == numbers.count else {
            throw NetworkFailure("the outbox is out of order")
        }
        return numbers
    }

    private static let page = 1_000

    /// The whole inbox, page by page.
    package static func inbox(of client: NodeClient) async throws -> [InboxEntry] {
        var inbox: [InboxEntry] = []
        while true {
            let page = try await client.inbox(after: inbox.last?.number ?? .none, limit: Self.page)
            if page.isEmpty { return inbox }
            inbox += page
        }
    }

    /// Numbers without gaps, nothing suspect, and from each sender exactly what is expected.
    package static func check(_ inbox: [InboxEntry], against expected: [String: [Int]]) throws {
        guard inbox.map(\.number.value).elementsEqual((0..<inbox.count).map { UInt64($0 + 1) })
        else { throw NetworkFailure("the mailbox has gaps") }
        var numbers: [String: [Int]] = [:]
        for entry in inbox {
            guard entry.suspect == nil, entry.tombstone == nil, let labels = entry.labels,
                let number = NumberedMail.number(entry.title)
            else { throw NetworkFailure("number \(entry.number) is not in order") }
            numbers[labels.sender.replacing(".main", with: ""), default: []].append(number)
        }
        for sender in Set(numbers.keys).union(expected.keys) {
            let (has, must) = (numbers[sender] ?? [], expected[sender] ?? [])
            guard has == must else {
                throw NetworkFailure("\(has.count) from \(sender) where \(must.count) are due")
            }
        }
    }
}

extension ProcessNetwork {
    /// Waits until everything that was taken has arrived, and ends the hub.
    ///
    /// Every message is in the ledger and in every receiver's mailbox, once and in its sender's order;
    /// gives how many there are. The ledger may hold `others` beside them.
    package func settle(
        _ handed: [String: HandedMail],
        at receivers: [String],
        others: Int = 0,
        within limit: Duration = .seconds(60)
    ) async throws -> Int {
        var expected: [String: [Int]] = [:]
        for (sender, handed) in handed {
            expected[sender] = try await handed.checkOutbox(of: client(of: sender))
        }
        let count = expected.values.reduce(0) { $0 + $1.count }
        for receiver in receivers {
            let client = try client(of: receiver)
            try await eventually("\(receiver) has its mail", within: limit) {
                // A node that was killed last may still be starting.
                guard let status = try await status(client) else { return false }
                return status.storedThrough.value >= UInt64(count)
            }
            try HandedMail.check(await HandedMail.inbox(of: client), against: expected)
        }
        try await end(Self.hub, SIGTERM)
        let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
        let report = try AuditVerifier.verify(reader, ledgerKey: network.ledgerKey)
        guard report.isSound else { throw NetworkFailure("the ledger: \(report.faults)") }
        guard report.messages == UInt64(count + others) else {
            throw NetworkFailure("\(report.messages) in the ledger where \(count + others) are due")
        }
        return count
    }
}

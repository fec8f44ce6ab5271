// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Mail in quantity for the tests of faults: numbered drafts, envelopes signed in batches, a sender
// and a listener that do nothing but send and listen, and what is measured with them.

import Foundation
import NetworkRig
import SwiftProtobuf
import Synchronization
import WiciCore
import ZeroMQ

@testable import WiciHub
@testable import WiciNode

extension NumberedMail {
    /// Serialized envelopes to named institutions, one signature for all of them.
    static func envelopes(
        _ numbers: Range<Int>,
        from sender: TestNetwork.Member,
        to selector: WireSelector,
        padding: Int = 0
    ) throws -> (ids: [MessageID], bytes: [Data]) {
        var generator = SystemRandomNumberGenerator()
        let now = Node.systemTime()
        var ids: [MessageID] = []
        var headers: [Data] = []
        var bodies: [Data] = []
        for number in numbers {
            let id = MessageID(
                milliseconds: now.milliseconds,
                random: (generator.next(), generator.next())
            )
            ids.append(id)
            headers.append(
                try header(id, from: sender, to: selector, at: now).serializedData()
            )
            bodies.append(try body(number, padding: padding).serializedData())
        }
        let digests = zip(headers, bodies).map {
            EnvelopeParts.digest(headerBytes: $0, bodyBytes: $1)
        }
        let signatures = BatchSigner.sign(digests, with: sender.keys.signing)
        let bytes = zip(zip(headers, bodies), signatures).map { parts, signature in
            EnvelopeParts.serialize(
                headerBytes: parts.0,
                bodyBytes: parts.1,
                signature: signature
            )
        }
        return (ids, bytes)
    }

    /// The longest text of a good practice's steps, characters.
    static let longestSteps = 4_000

    private static func body(_ number: Int, padding: Int) -> WireGoodPractice {
        var body = WireGoodPractice()
        body.common.title = "\(mark)\(number)"
        body.domain = "GP-IDE"
        body.problem = "próba"
        body.steps = padding == 0 ? "próba" : String(repeating: "ż", count: padding)
        body.result = "próba"
        body.contact = "koordynator"
        return body
    }

    private static func header(
        _ id: MessageID,
        from sender: TestNetwork.Member,
        to selector: WireSelector,
        at now: Moment
    ) -> WireHeader {
        var header = WireHeader()
        header.messageID = id.data
        header.type = "good-practice"
        header.schema = 1
        header.sender = sender.id.text
        header.operator = "op-1"
        header.sentAt = now.milliseconds
        header.status = "test"
        header.tlp = "TLP:GREEN"
        header.purpose = "prevention"
        header.regime = "led"
        header.dataLevel = "none"
        header.keepUntil = WarsawTime.date(at: now).adding(days: 30).description
        header.urgency = "UR-1"
        header.selector = selector
        header.topics = ["GP-IDE"]
        header.language = "pl"
        return header
    }
}

/// A member's connection that submits and counts receipts; of the thread that made it.
struct MailSender: ~Copyable {
    private var connection: ExchangeConnection
    private let member: TestNetwork.Member

    init(_ member: TestNetwork.Member) throws {
        var opened = try ExchangeConnection(
            to: member.configuration.hubEndpoint,
            hub: member.configuration.hubKey,
            keys: member.keys.exchange,
            in: Context()
        )
        _ = try opened.greet(program: "test", windowEnd: .none)
        connection = opened
        self.member = member
    }

    /// Submits numbered mail as one batch with one signature and waits for every receipt.
    mutating func send(
        _ numbers: Range<Int>,
        to institutions: [String],
        padding: Int = 0
    ) throws -> [MessageID] {
        try send(numbers, to: .with { $0.institutions = institutions }, padding: padding)
    }

    /// See above; for whomever the selector means.
    mutating func send(
        _ numbers: Range<Int>,
        to selector: WireSelector,
        padding: Int = 0
    ) throws -> [MessageID] {
        let (ids, bytes) = try NumberedMail.envelopes(
            numbers,
            from: member,
            to: selector,
            padding: padding
        )
        _ = try connection.submit(bytes)
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(60))
        var accepted = 0
        while accepted < ids.count {
            guard clock.now < deadline else { throw TestNetwork.Failure("no receipt") }
            switch try connection.receive(within: .seconds(1)) {
            case .receipts(let signed):
                for receipt in try WireReceipts(serializedBytes: signed.receipts).receipts {
                    guard case .accepted = receipt.outcome else {
                        throw TestNetwork.Failure("refused: \(receipt.refusal.name)")
                    }
                    accepted += 1
                }
            case .refused(let refused):
                throw TestNetwork.Failure("refused: \(refused.refusal.name)")
            default: continue
            }
        }
        return ids
    }

    /// Sends one message to the listeners every few milliseconds while the flag is down, at least
    /// this often, and says when each began.
    mutating func sendLive(
        to institutions: [String],
        atLeast count: Int,
        every interval: Duration,
        until stopping: StopFlag
    ) throws -> [MessageID: ContinuousClock.Instant] {
        let clock = ContinuousClock()
        var published: [MessageID: ContinuousClock.Instant] = [:]
        var due = clock.now
        while published.count < count || !stopping.isRaised {
            let wait = due - clock.now
            if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
            due = max(due.advanced(by: interval), clock.now)
            let number = published.count
            let begin = clock.now
            for id in try send(number..<number + 1, to: institutions) { published[id] = begin }
        }
        return published
    }
}

/// A member's connection that takes mail and notes when it came, on a thread of its own.
final class MailListener: Sendable {
    struct Seen: Sendable {
        var arrivals: [MessageID: ContinuousClock.Instant] = [:]
        var numbers: [UInt64] = []
        var isConnected = false
        var failure: String?
    }

    private final class Notes: Sendable {
        let seen = Mutex(Seen())
        let stopping = StopFlag()
    }

    private let notes = Notes()

    /// What has come so far.
    var seen: Seen { notes.seen.withLock { $0 } }

    /// How much credit is given beyond what has come.
    private static let window: UInt64 = 4_096

    /// Connects; with a `credit` it takes that many messages and never gives more.
    init(_ member: TestNetwork.Member, credit: UInt64? = nil) {
        let notes = self.notes
        let thread = Thread {
            do {
                try Self.listen(member, credit, notes)
            } catch {
                notes.seen.withLock { $0.failure = "\(error)" }
            }
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    deinit { notes.stopping.raise() }

    private static func listen(
        _ member: TestNetwork.Member,
        _ credit: UInt64?,
        _ notes: Notes
    ) throws {
        var connection = try ExchangeConnection(
            to: member.configuration.hubEndpoint,
            hub: member.configuration.hubKey,
            keys: member.keys.exchange,
            in: Context()
        )
        _ = try connection.greet(program: "test", windowEnd: MailboxNumber(credit ?? window))
        notes.seen.withLock { $0.isConnected = true }
        let clock = ContinuousClock()
        var nextPing = clock.now
        while !notes.stopping.isRaised {
            if clock.now >= nextPing {
                nextPing = clock.now.advanced(by: .seconds(5))
                try connection.send(.ping(1))
            }
            guard case .deliveries(let packet) = try connection.receive(within: .milliseconds(100))
            else { continue }
            let now = clock.now
            for delivery in packet.deliveries {
                let header = try WireHeader(
                    serializedBytes: WireEnvelope(serializedBytes: delivery.envelope).header
                )
                guard let id = MessageID(bytes: header.messageID) else { continue }
                notes.seen.withLock { seen in
                    seen.arrivals[id] = now
                    seen.numbers.append(delivery.number)
                }
            }
            guard let last = packet.deliveries.last?.number, credit == nil else { continue }
            try connection.acknowledge(
                through: MailboxNumber(last),
                windowEnd: MailboxNumber(last + window)
            )
        }
    }
}

/// Times of many events.
struct Latencies: CustomStringConvertible {
    private let sorted: [Duration]

    /// From publishing to the arrival at each listener; fails when something has not arrived.
    init(
        _ published: [MessageID: ContinuousClock.Instant],
        at listeners: [MailListener]
    ) throws {
        var times: [Duration] = []
        for listener in listeners {
            let arrivals = listener.seen.arrivals
            for (id, begin) in published {
                guard let end = arrivals[id] else {
                    throw TestNetwork.Failure("\(id) has not arrived")
                }
                times.append(end - begin)
            }
        }
        guard !times.isEmpty else { throw TestNetwork.Failure("nothing was measured") }
        sorted = times.sorted()
    }

    /// The time within which this share of the events happened.
    func percentile(_ share: Double) -> Duration {
        sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    var p99: Duration { percentile(0.99) }

    var description: String {
        let words = [("p50", 0.5), ("p99", 0.99), ("max", 1)].map { name, share in
            let milliseconds = percentile(share) / .milliseconds(1)
            return "\(name) \((milliseconds * 10).rounded() / 10) ms"
        }
        return words.joined(separator: ", ") + " of \(sorted.count)"
    }
}

extension MailListener {
    /// Waits until the connection stands.
    func connected() async throws {
        try await eventually("a listener is connected") {
            if let failure = seen.failure { throw TestNetwork.Failure(failure) }
            return seen.isConnected
        }
    }

    /// Waits until these messages have come.
    func wait(for ids: some Sequence<MessageID> & Sendable) async throws {
        try await eventually("a listener has everything") {
            if let failure = seen.failure { throw TestNetwork.Failure(failure) }
            let arrivals = seen.arrivals
            return ids.allSatisfy { arrivals[$0] != nil }
        }
    }
}

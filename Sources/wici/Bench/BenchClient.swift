// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The measuring client that submits. It verifies no signature and keeps nothing, so that what is
// measured is the hub and not the client; envelopes are signed before the clock starts.

import Foundation
import SwiftProtobuf
import Synchronization
import WiciCore
import WiciNode
import ZeroMQ

/// How much a sender has under way.
struct BenchPace {
    /// Envelopes in one submit packet.
    var batch = 250
    /// Envelopes without a receipt at a time.
    var window = 1_000
    /// When to stop, with envelopes left or not.
    var limit: Duration?

    /// For bodies of a size: a submit packet is at most 1 MiB.
    static func forBodies(of bytes: Int, window: Int, limit: Duration?) -> BenchPace {
        let batch = min(250, max(1, (900 << 10) / (bytes + 600)), max(1, window / 4))
        return BenchPace(batch: batch, window: window, limit: limit)
    }
}

/// Submits prepared envelopes and waits for their receipts, on a thread of its own.
struct BenchSender: Sendable {
    let hub: String
    let hubKey: CurvePublicKey
    let member: BenchNetwork.Member
    let context: Context

    private static let patience = Duration.seconds(60)

    /// Submits in batches, never more under way than the pace allows.
    ///
    /// - Parameter mayGoOn: Asked before each batch with the number submitted so far, by whoever has
    ///   reasons of its own to hold the sender back.
    /// - Returns: How many were submitted, all of which have their receipts.
    func submitAll(
        _ envelopes: [Data],
        gate: BenchGate,
        pace: BenchPace = BenchPace(),
        mayGoOn: (Int) -> Bool = { _ in true }
    ) throws -> Int {
        var connection = try connect()
        gate.arriveAndWait()
        let clock = ContinuousClock()
        let begin = clock.now
        let end = pace.limit.map { begin.advanced(by: $0) }
        var next = 0
        var answered = 0
        while true {
            let isOver = next == envelopes.count || end.map { clock.now >= $0 } ?? false
            if isOver, answered == next { return next }
            guard !isOver, next - answered + pace.batch <= pace.window, mayGoOn(next) else {
                if answered < next {
                    answered += try receipts(&connection)
                } else if clock.now - begin > Self.patience {
                    throw BenchFailure.silent
                } else {
                    usleep(50)
                }
                continue
            }
            let batch = Array(envelopes[next..<min(next + pace.batch, envelopes.count)])
            _ = try connection.submit(batch)
            next += batch.count
            // Taking what is there keeps the window moving without waiting.
            answered += try receipts(&connection, within: .zero)
        }
    }

    /// Submits one at a time for some time; gives how long each took to its receipt.
    func submitSingly(_ envelopes: [Data], limit: Duration? = nil) throws -> [Duration] {
        var connection = try connect()
        let clock = ContinuousClock()
        let end = limit.map { clock.now.advanced(by: $0) }
        var times: [Duration] = []
        for envelope in envelopes {
            let begin = clock.now
            if let end, begin >= end { break }
            _ = try connection.submit([envelope])
            _ = try receipts(&connection)
            times.append(clock.now - begin)
        }
        return times
    }

    /// Submits one envelope an interval, whether or not the ones before have their receipts.
    ///
    /// - Returns: When each was due, which is what a latency counts from.
    func submit(
        _ envelopes: [Data],
        every interval: Duration
    ) throws -> [ContinuousClock.Instant] {
        var connection = try connect()
        let clock = ContinuousClock()
        let begin = clock.now.advanced(by: .milliseconds(10))
        var answered = 0
        let due = envelopes.indices.map { begin.advanced(by: interval * $0) }
        for (envelope, due) in zip(envelopes, due) {
            while due - clock.now > .milliseconds(2) {
                answered += try receipts(&connection, within: .milliseconds(1))
            }
            let rest = due - clock.now
            if rest > .zero { usleep(UInt32(rest / .microseconds(1))) }
            _ = try connection.submit([envelope])
            answered += try receipts(&connection, within: .zero)
        }
        while answered < envelopes.count { answered += try receipts(&connection) }
        return due
    }

    private func connect() throws -> ExchangeConnection {
        var connection = try ExchangeConnection(
            to: hub,
            hub: hubKey,
            keys: member.exchange,
            in: context
        )
        _ = try connection.greet(program: "wici bench", windowEnd: .none)
        return connection
    }

    /// Waits for the next receipts and counts them.
    private func receipts(_ connection: inout ExchangeConnection) throws -> Int {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: Self.patience)
        while clock.now < deadline {
            let count = try receipts(&connection, within: .seconds(10))
            if count > 0 { return count }
        }
        throw BenchFailure.silent
    }

    /// Counts the receipts that are there within a time; refuses to go on when one is a refusal.
    private func receipts(
        _ connection: inout ExchangeConnection,
        within time: Duration
    ) throws -> Int {
        var count = try takeReceipts(connection)
        if count == 0, time > .zero {
            try connection.wait(time)
            count = try takeReceipts(connection)
        }
        return count
    }

    private func takeReceipts(_ connection: borrowing ExchangeConnection) throws -> Int {
        var count = 0
        while case .frame(let frame)? = try connection.takeArrival() {
            switch BenchFrame(frame) {
            case .receipts(let accepted): count += accepted
            case .refusedMessage, .refused: throw BenchFailure.refused(in: frame)
            default: continue
            }
        }
        return count
    }
}

/// Why a measurement broke off.
enum BenchFailure: Error {
    case refused(String)
    case silent

    /// A refusal by the name that the packet gives it.
    static func refused(in frame: Data) -> BenchFailure {
        switch try? WirePacket(serializedBytes: frame).content {
        case .refused(let refused)?: return .refused(refused.refusal.name)
        case .receipts(let signed)?:
            let receipts = try? WireReceipts(serializedBytes: signed.receipts)
            for case .refusal(let refusal)? in receipts?.receipts.map(\.outcome) ?? [] {
                return .refused(refusal.name)
            }
            return .silent
        default: return .silent
        }
    }
}

/// Lets all clients start at one moment.
final class BenchGate: Sendable {
    private let waiting: Mutex<Int>
    private let open = Atomic(false)

    init(count: Int) {
        waiting = Mutex(count)
    }

    /// Waits until everybody has arrived.
    func arriveAndWait() {
        let isLast = waiting.withLock { waiting in
            waiting -= 1
            return waiting == 0
        }
        if isLast { open.store(true, ordering: .releasing) }
        while !open.load(ordering: .acquiring) { usleep(200) }
    }

    /// Runs one body a thread, started together; gives the time until the last has ended.
    static func concurrently(
        _ count: Int,
        _ body: @escaping @Sendable (Int, BenchGate) throws -> Void
    ) throws -> Duration {
        let gate = BenchGate(count: count + 1)
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        for place in 0..<count {
            group.enter()
            let thread = Thread {
                do {
                    try body(place, gate)
                } catch {
                    failure.withLock { $0 = error }
                    // The others need not wait for whoever did not get that far.
                    gate.open.store(true, ordering: .releasing)
                }
                group.leave()
            }
            thread.start()
        }
        gate.arriveAndWait()
        let begin = ContinuousClock.now
        group.wait()
        let time = ContinuousClock.now - begin
        if let error = failure.withLock({ $0 }) { throw error }
        return time
    }
}

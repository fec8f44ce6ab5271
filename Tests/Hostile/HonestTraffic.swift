// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What honest nodes do all the time: three of them send to all others, one message after the other,
// and wait for each receipt, which means on the hub's disk.

import Foundation
import NetworkRig
import Synchronization
import WiciCore
import WiciNode

/// Times from handing a message to a node until the hub's receipt is there.
struct Latencies: Sendable {
    private var sorted: [Duration]
    /// Messages without a receipt.
    let failures: Int

    init(_ all: [Duration], failures: Int) {
        sorted = all.sorted()
        self.failures = failures
    }

    var count: Int { sorted.count }
    var p50: Duration { part(0.50) }
    var p99: Duration { part(0.99) }

    private func part(_ share: Double) -> Duration {
        sorted.isEmpty ? .zero : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}

/// The honest nodes of a network.
final class HonestTraffic: Sendable {
    private let processes: ProcessNetwork
    private let honest: [String]
    private let attacker: String
    private let senders: [String]
    /// How many each sender has sent; they are numbered from 0.
    private let sent = Mutex<[String: Int]>([:])

    /// - Parameter attacker: Gets what the others get, and is not asked what it has.
    init(_ honest: [String], attacker: String, in processes: ProcessNetwork) throws {
        self.processes = processes
        self.honest = honest
        self.attacker = attacker
        senders = Array(honest.prefix(3))
    }

    private var receivers: [String] { Array(honest.dropFirst(senders.count)) }

    /// Sends for a while and tells how long each receipt took.
    func latencies(during time: Duration) async throws -> Latencies {
        let deadline = ContinuousClock().now.advanced(by: time)
        return try await withThrowingTaskGroup(of: (taken: [Duration], failures: Int).self) {
            group in
            for sender in senders {
                let client = try processes.client(of: sender)
                group.addTask { [self] in await send(from: sender, client, until: deadline) }
            }
            var all: [Duration] = []
            var failures = 0
            for try await one in group {
                all += one.taken
                failures += one.failures
            }
            return Latencies(all, failures: failures)
        }
    }

    private func send(
        from sender: String,
        _ client: NodeClient,
        until deadline: ContinuousClock.Instant
    ) async -> (taken: [Duration], failures: Int) {
        let clock = ContinuousClock()
        var taken: [Duration] = []
        var failures = 0
        while clock.now < deadline {
            let number = sent.withLock { sent in
                defer { sent[sender, default: 0] += 1 }
                return sent[sender, default: 0]
            }
            let begin = clock.now
            do {
                let draft = NumberedMail.draft(number, to: receivers + [attacker])
                let entry = try await client.send(draft: draft, wait: 20)
                if entry.state != .accepted { failures += 1 }
            } catch {
                failures += 1
            }
            taken.append(begin.duration(to: clock.now))
            try? await Task.sleep(for: .milliseconds(15))
        }
        return (taken, failures)
    }

    /// Everybody has everything, once and in order; gives the number of messages.
    func checkNothingLost() async throws -> Int {
        let expected = sent.withLock { $0.mapValues { Array(0..<$0) } }
        let count = expected.values.reduce(0) { $0 + $1.count }
        for receiver in receivers {
            let client = try processes.client(of: receiver)
            try await eventually("\(receiver) has its mail", within: .seconds(60)) {
                try await client.status().storedThrough.value >= UInt64(count)
            }
            try HandedMail.check(try await HandedMail.inbox(of: client), against: expected)
        }
        return count
    }
}

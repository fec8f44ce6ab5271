// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A node that stands still and one that takes little: their mail waits on the hub's disk, not in its
// memory, and the others get theirs as fast as ever.

import Foundation
import Glibc
import NetworkRig
import Testing
import WiciCore

@testable import WiciHub
@testable import WiciNode

extension FaultTests {
    @Suite(.timeLimit(.minutes(10)))
    struct SlowNodeTests {
        /// Bulk mail of each half: 8 KiB of text a message.
        static let messages = 7_000
        static let batch = 50
        static let credit: UInt64 = 16
        /// What the hub may keep for the two that do not take their mail: less than waits for them.
        static let memoryBound = 40 << 20

        @Test
        func `a stopped node and a slow one cost the others no time and the hub little memory`()
            async throws
        {
            let (stopped, slow, bulk, live) = ("oip-lublin", "caritas-test", "kgp", "kwp-lublin")
            let others = ["nosg-chelm", "mops-lublin"]
            let everybody = [stopped, slow, bulk, live] + others
            try await ProcessNetwork.run(institutions: everybody) { processes in
                let network = processes.network
                try await processes.startHub()
                try await processes.startNode(stopped)
                let slowOne = MailListener(try network.member(slow), credit: Self.credit)
                let listeners = try others.map { MailListener(try network.member($0)) }
                for listener in listeners + [slowOne] { try await listener.connected() }

                let sender = try network.member(bulk)
                let without = try await CatchUpTests.measure(
                    network.member(live),
                    others,
                    listeners
                ) {
                    _ = try await Self.sendBulk(from: sender, to: others)
                }
                let memoryBefore = try processes.residentBytes(of: ProcessNetwork.hub)

                try processes.signal(stopped, SIGSTOP)
                var sent: [MessageID] = []
                let peak = PeakMemory(of: ProcessNetwork.hub, in: processes)
                let with = try await CatchUpTests.measure(
                    network.member(live),
                    others,
                    listeners
                ) {
                    sent = try await Self.sendBulk(from: sender, to: others + [stopped, slow])
                }
                let growth = try peak.end() - memoryBefore
                let waiting = Self.messages * NumberedMail.longestSteps * 2
                print(
                    """
                    others without the slow: \(without)
                    others with the slow: \(with)
                    hub's memory: \(memoryBefore >> 20) MiB before, \(growth >> 20) MiB more while \
                    \(waiting >> 20) MiB wait for each of two nodes
                    """
                )
                #expect(waiting >= 50 << 20)
                #expect(without.p99 < CatchUpTests.bound)
                #expect(with.p99 < CatchUpTests.bound)
                // Twice is far beyond what a stopped reader may cost, and far within what a hub that
                // waits for one would need; the floor is for a machine that is busy otherwise.
                #expect(with.p99 < max(without.p99 * 2, .milliseconds(400)))
                #expect(growth < Self.memoryBound)
                #expect(slowOne.seen.numbers == Array(1...Self.credit))

                try processes.signal(stopped, SIGCONT)
                let client = try processes.client(of: stopped)
                try await eventually("the stopped node has its mail", within: .seconds(240)) {
                    try await client.status().storedThrough.value >= UInt64(Self.messages)
                }
                let inbox = try await HandedMail.inbox(of: client)
                try HandedMail.check(inbox, against: [bulk: Array(0..<Self.messages)])
                let isSame = inbox.map(\.id) == sent
                #expect(isSame)
            }
        }

        private static func sendBulk(
            from sender: TestNetwork.Member,
            to institutions: [String]
        ) async throws -> [MessageID] {
            try await onThread {
                var connection = try MailSender(sender)
                return try stride(from: 0, to: messages, by: batch).flatMap {
                    try connection.send(
                        $0..<$0 + batch,
                        to: institutions,
                        padding: NumberedMail.longestSteps
                    )
                }
            }
        }
    }
}

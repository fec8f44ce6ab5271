// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A node that was away for long comes back for its mail: it gets all of it in order, and the others
// do not notice.

import Foundation
import Glibc
import NetworkRig
import Testing
import WiciCore

@testable import WiciHub
@testable import WiciNode

extension FaultTests {
    @Suite(.timeLimit(.minutes(10)))
    struct CatchUpTests {
        static let missed = 10_000
        static let batch = 250
        /// Live messages of a measurement at least, and the time between two.
        static let live = 200
        static let interval = Duration.milliseconds(20)
        /// What a delivery may take, whatever else the hub does.
        static let bound = Duration.seconds(2)

        @Test
        func `a node that was away for ten thousand messages gets them in order and slows nobody`()
            async throws
        {
            let (away, bulk, live) = ("oip-lublin", "kgp", "kwp-lublin")
            let others = ["nosg-chelm", "mops-lublin"]
            try await ProcessNetwork.run(institutions: [away, bulk, live] + others) { processes in
                let network = processes.network
                try await processes.startHub()
                try await processes.startNode(away)
                try await processes.end(away, SIGTERM)
                let sender = try network.member(bulk)
                let clock = ContinuousClock()
                var begin = clock.now
                let missed = try await onThread {
                    var connection = try MailSender(sender)
                    return try stride(from: 0, to: Self.missed, by: Self.batch).flatMap {
                        try connection.send($0..<$0 + Self.batch, to: [away])
                    }
                }
                let submitting = clock.now - begin

                let listeners = try others.map { MailListener(try network.member($0)) }
                for listener in listeners { try await listener.connected() }
                let quiet = try await Self.measure(
                    network.member(live),
                    others,
                    listeners,
                    during: {}
                )
                begin = clock.now
                let client = try processes.client(of: away)
                let busy = try await Self.measure(network.member(live), others, listeners) {
                    try processes.launchNode(away)
                    try await eventually("the node has caught up", within: .seconds(240)) {
                        let stored = try? await client.status().storedThrough.value
                        return stored ?? 0 >= UInt64(Self.missed)
                    }
                }
                let catchingUp = clock.now - begin
                print(
                    """
                    catch-up: \(Self.missed) messages submitted in \(submitting), caught up with in \
                    \(catchingUp) including the live messages' end
                    live while quiet: \(quiet)
                    live during catch-up: \(busy)
                    """
                )
                #expect(quiet.p99 < Self.bound)
                #expect(busy.p99 < Self.bound)
                let inbox = try await HandedMail.inbox(of: client)
                try HandedMail.check(inbox, against: [bulk: Array(0..<Self.missed)])
                let isSame = inbox.map(\.id) == missed
                #expect(isSame)
            }
        }

        /// Sends live messages while something happens, at least `live` of them, and measures each
        /// from publishing to arrival.
        static func measure(
            _ sender: TestNetwork.Member,
            _ recipients: [String],
            _ listeners: [MailListener],
            during body: () async throws -> Void
        ) async throws -> Latencies {
            let stopping = StopFlag()
            async let sending = onThread {
                var connection = try MailSender(sender)
                return try connection.sendLive(
                    to: recipients,
                    atLeast: live,
                    every: interval,
                    until: stopping
                )
            }
            do {
                try await body()
            } catch {
                stopping.raise()
                throw error
            }
            stopping.raise()
            let published = try await sending
            for listener in listeners { try await listener.wait(for: published.keys) }
            return try Latencies(published, at: listeners)
        }
    }
}

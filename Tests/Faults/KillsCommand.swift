// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// kill -9 of hub and nodes, which are processes, at random moments while mail flows. The planted bug is
// an answer for a message that is on no disk.

import ArgumentParser
import Foundation
import NetworkRig

struct KillsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kills",
        abstract: "Kills hub and nodes at random moments under load."
    )

    @Option(help: "How many kills.") var kills = 2_000
    @Option(help: "Longest time between two kills, milliseconds.") var longest = 700
    @OptionGroup var options: RunOptions

    private static let senders = ["oip-lublin", "kwp-lublin"]
    private static let receivers = ["nosg-chelm", "fundacja-przyklad"]
    /// Kills after which everything is counted; an outbox shows its last thousand messages.
    private static let killsPerRound = 200

    func run() async throws {
        var run = Run("kills", options)
        try await run.finish(replay: "--kills \(kills)") {
            var generator = SeededGenerator(seed: options.seed)
            var tally = Tally()
            while tally.kills < kills {
                let count = min(Self.killsPerRound, kills - tally.kills)
                do {
                    try await ProcessNetwork.run(
                        institutions: Self.senders + Self.receivers
                    ) { processes in
                        try await round(count, processes, &generator, &tally, &run)
                    }
                } catch let failure as NetworkFailure {
                    throw Violation("after \(tally.kills) kills: \(failure)")
                }
            }
            return tally.result(in: run.seconds)
        }
    }

    private struct Tally {
        var kills = 0
        var hubKills = 0
        var messages = 0
        var unanswered = 0
        var slowestStart = 0.0

        func result(in seconds: Double) -> Result {
            var result = Result()
            result.add("kills", kills)
            result.add("of-the-hub", hubKills)
            result.add("messages", messages)
            result.add("calls-unanswered", unanswered)
            result.add("slowest-hub-start-ms", (slowestStart * 1_000).rounded())
            result.add("kills-per-second", Double(kills) / seconds)
            return result
        }
    }

    /// One network from its start to the count of everything that was acknowledged.
    private func round(
        _ count: Int,
        _ processes: ProcessNetwork,
        _ generator: inout SeededGenerator,
        _ tally: inout Tally,
        _ run: inout Run
    ) async throws {
        let everybody = Self.senders + Self.receivers
        try await processes.startHub()
        for institution in everybody { try await processes.startNode(institution) }
        let handed = try await withThrowingTaskGroup(of: (String, HandedMail).self) { group in
            for sender in Self.senders {
                let client = try processes.client(of: sender)
                group.addTask {
                    let handed = await HandedMail.handOver(
                        to: client,
                        addressing: Self.receivers,
                        every: .milliseconds(120)
                    )
                    return (sender, handed)
                }
            }
            for _ in 0..<count {
                try await killOne(of: everybody, processes, &generator, &tally)
                run.progress(
                    "\(tally.kills) kills, slowest start of the hub \(tally.slowestStart) s"
                )
            }
            group.cancelAll()
            return try await group.reduce(into: [String: HandedMail]()) { $0[$1.0] = $1.1 }
        }
        var mail = handed
        if options.prove { mail[Self.senders[0]]?.pretend() }
        tally.messages += try await processes.settle(mail, at: Self.receivers)
        tally.unanswered += handed.values.reduce(0) { $0 + $1.unanswered.count }
    }

    /// Lets some time pass, kills the hub or a node, and starts it again.
    private func killOne(
        of everybody: [String],
        _ processes: ProcessNetwork,
        _ generator: inout SeededGenerator,
        _ tally: inout Tally
    ) async throws {
        let pause = Int.random(in: 0...longest, using: &generator)
        try await Task.sleep(for: .milliseconds(pause))
        let place = Int.random(in: 0..<2 * everybody.count, using: &generator)
        let victim = place < everybody.count ? everybody[place] : ProcessNetwork.hub
        guard processes.isRunning(victim) else {
            throw NetworkFailure("\(victim) ended by itself: \(processes.log(of: victim))")
        }
        try await processes.end(victim, SIGKILL)
        tally.kills += 1
        guard victim == ProcessNetwork.hub else { return try processes.launchNode(victim) }
        tally.hubKills += 1
        let start = ContinuousClock().now
        try processes.launchHub()
        // Half of the time the next kill may meet a hub that is still starting.
        guard Bool.random(using: &generator) else { return }
        try await eventually("the hub serves") {
            guard processes.isRunning(victim) else {
                throw NetworkFailure("the hub ended: \(processes.log(of: victim))")
            }
            return processes.isHubServing
        }
        tally.slowestStart = max(tally.slowestStart, (ContinuousClock().now - start) / .seconds(1))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// kill -9 of hub and nodes, which are processes, at random moments while mail flows. The planted bug is
// an answer for a message that is on no disk.
//
// A hub that was killed must serve again within two seconds, with a life's work in its ledger too:
// `--ledger-entries 1000000`. That bound is for release builds; a debug build only tells its figure.

import ArgumentParser
import Foundation
import NetworkRig
import WiciCore
import WiciHub
import WiciNode

struct KillsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kills",
        abstract: "Kills hub and nodes at random moments under load."
    )

    @Option(help: "How many kills.") var kills = 2_000
    @Option(help: "Longest time between two kills, milliseconds.") var longest = 700
    @Option(help: "Entries that the hub's ledger holds beforehand.") var ledgerEntries = 0
    @OptionGroup var options: RunOptions

    private static let senders = ["oip-lublin", "kwp-lublin"]
    private static let receivers = ["nosg-chelm", "fundacja-przyklad"]
    private static let running = senders + receivers
    /// Members whose nodes never run; what the ledger holds beforehand is theirs.
    private static let away = (1...9).map { "fundacja-\($0)" }
    /// Kills after which everything is counted; an outbox shows its last thousand messages, and with
    /// many entries a start and so a kill takes longer.
    private var killsPerRound: Int { ledgerEntries == 0 ? 200 : 120 }
    /// The longest that a start of the hub may take, seconds; none for a debug build.
    #if DEBUG
    private static let startBound: Double? = nil
    #else
    private static let startBound: Double? = 2
    #endif

    func run() async throws {
        var run = Run("kills", options)
        if Self.startBound == nil {
            run.remark("a debug build: how long the hub's starts take is told, not judged")
        }
        let entries = ledgerEntries == 0 ? "" : " --ledger-entries \(ledgerEntries)"
        try await run.finish(replay: "--kills \(kills)\(entries)") {
            var generator = SeededGenerator(seed: options.seed)
            var tally = Tally()
            while tally.kills < kills {
                let count = min(killsPerRound, kills - tally.kills)
                do {
                    try await ProcessNetwork.run(
                        institutions: Self.running + Self.away
                    ) { processes in
                        try await round(count, processes, &generator, &tally, &run)
                    }
                } catch let failure as NetworkFailure {
                    throw Violation("after \(tally.kills) kills: \(failure)")
                }
            }
            return tally.result(in: run.seconds, entries: ledgerEntries)
        }
    }

    private struct Tally {
        var kills = 0
        var hubKills = 0
        var starts = 0
        var messages = 0
        var unanswered = 0
        var slowestStart = 0.0

        func result(in seconds: Double, entries: Int) -> Result {
            var result = Result()
            if entries > 0 { result.add("ledger-entries", entries) }
            result.add("kills", kills)
            result.add("of-the-hub", hubKills)
            result.add("messages", messages)
            result.add("calls-unanswered", unanswered)
            result.add("hub-starts", starts)
            result.add("slowest-hub-start-ms", (slowestStart * 1_000).rounded())
            if let bound = KillsCommand.startBound { result.add("start-bound-ms", bound * 1_000) }
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
        let everybody = Self.running
        let others = try await fillLedger(of: processes)
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
        tally.messages += try await processes.settle(mail, at: Self.receivers, others: others)
        tally.unanswered += handed.values.reduce(0) { $0 + $1.unanswered.count }
    }

    /// Fills the ledger with mail of members that are away; gives the number of messages.
    private func fillLedger(of processes: ProcessNetwork) async throws -> Int {
        struct Report: Decodable { let messages: Int }
        guard ledgerEntries > 0 else { return 0 }
        let nodes = try Self.away.map { try processes.network.member($0).id.text }
        let words = [
            "bench", "fill", processes.network.hubFolder.location.path, "--json", "--entries",
            "\(ledgerEntries)", "--from", nodes[0],
        ]
        let text = try await processes.run(words + nodes.dropFirst().flatMap { ["--to", $0] })
        return try JSONDecoder().decode(Report.self, from: Data(text.utf8)).messages
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
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        tally.starts += 1
        tally.slowestStart = max(tally.slowestStart, seconds)
        if let bound = Self.startBound, seconds >= bound {
            throw Violation("kill \(tally.kills): the hub's start took \(seconds) s of \(bound) s")
        }
    }
}

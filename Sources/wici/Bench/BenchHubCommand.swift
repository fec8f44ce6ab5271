// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici bench hub: what this machine's hub does in a second, with CURVE, signatures, rules, ledger and
// sync all on. The hub is a process of its own; the clients share the machine with it.

import ArgumentParser
import Foundation
import WiciCore
import WiciHub
import WiciLedger
import ZeroMQ

/// Measures a hub.
struct BenchHubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub",
        abstract: "Measure a hub on this machine, all guarantees on.",
        discussion: """
            Makes a network in a temporary folder, starts a hub as a process of its own, and \
            measures it over TCP on loopback with CURVE. Envelopes are signed beforehand, in \
            batches of 250; clients verify nothing. Meaningful only in a release build on a quiet \
            machine.

            Examples:
              wici bench
              wici bench hub --messages 20000 --json
            """
    )

    @Option(help: "Messages in each throughput measurement; few ones shorten the others too.")
    var messages = 32_000

    @Option(help: "Body size in bytes.")
    var bodyBytes = 1_024

    @Option(help: "Entries of the ledger whose restart is timed.")
    var restartEntries = 1_000_000

    @OptionGroup var output: OutputOptions

    func run() async throws {
        Context.tuneMemory(for: .muchTraffic)
        guard (16...10_000_000).contains(messages), (1...200_000).contains(bodyBytes),
            restartEntries > 0
        else {
            throw CommandFailure.usage(
                "--messages: od 16; --body-bytes: od 1 do 200000; --restart-entries: od 1.",
                "--messages: 16 or more; --body-bytes: 1 to 200000; --restart-entries: 1 or more."
            )
        }
        var figures = BenchFigures(bodyBytes: bodyBytes)
        // Two hundred who listen and one who stays away until the catch-up is measured.
        let cleanup = BenchCleanup()
        cleanup.watch()
        defer { cleanup.removeAll() }
        let network = try BenchNetwork(senders: 16, receivers: 201, cleanup: cleanup)
        try BenchRun(network: network, messages: messages, bodyBytes: bodyBytes, cleanup: cleanup)
            .measure(into: &figures)
        network.remove()
        try BenchRestart(entries: restartEntries, cleanup: cleanup).measure(into: &figures)
        if output.json {
            try Console.write(json: figures)
        } else {
            Console.write(figures.text)
        }
    }
}

/// What was measured.
struct BenchFigures: Encodable {
    /// One figure with its unit.
    struct Figure: Encodable {
        let name: String
        let value: Double
        let unit: String
    }

    let bodyBytes: Int
    private(set) var figures: [Figure] = []

    init(bodyBytes: Int) {
        self.bodyBytes = bodyBytes
    }

    mutating func add(_ name: String, _ value: Double, _ unit: String) {
        figures.append(Figure(name: name, value: (value * 1_000).rounded() / 1_000, unit: unit))
        Console.remark("\(name): \(figures.last?.value ?? 0) \(unit)")
    }

    /// A table for people.
    var text: String {
        var table = TextTable(say("wielkość", "figure"), say("wartość", "value"), "")
        for figure in figures { table.add(figure.name, "\(figure.value)", figure.unit) }
        return table.text
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    var inMilliseconds: Double { inSeconds * 1_000 }
}

extension [Duration] {
    /// The value below which a share of all lies, by nearest rank.
    func percentile(_ share: Double) -> Duration {
        guard !isEmpty else { return .zero }
        let rank = Int((share * Double(count)).rounded(.up))
        return sorted()[Swift.max(0, Swift.min(count, rank) - 1)]
    }
}

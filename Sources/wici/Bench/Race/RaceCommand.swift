// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici bench race: Wici beside other brokers on this machine, measured in one run. Deploy/race/run
// installs and starts the others, calls this, and stops them.

import ArgumentParser
import Foundation
import ZeroMQ

/// Measures Wici and its peers in turn.
struct RaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "race",
        abstract: "Measure Wici beside NATS, Mosquitto and RabbitMQ.",
        discussion: """
            Deploy/race/run starts the others and calls this command with the folder that describes \
            them; without --peers Wici runs alone. Every measurement lasts --seconds, and everything \
            is done --rounds times, contestants in turn. The bars are computed from the run.

            Examples:
              Deploy/race/run --quick
              Deploy/race/run --bodies 1024 --only publish-16,fan-out-200 --json race.json
              wici bench race --quick
            """
    )

    @Option(help: "Folder of the peers that Deploy/race/run has started.")
    var peers: String?

    @Flag(help: "About five minutes: 1 KiB bodies, short measurements, a small catch-up.")
    var quick = false

    @Option(help: "Body sizes in bytes, separated by commas (default: 256,1024,16384).")
    var bodies: String?

    @Option(help: "Workloads, separated by commas (default: all).")
    var only: String?

    @Option(help: "Rounds, 1 to 21 (default: 3).")
    var rounds: Int?

    @Option(help: "Seconds of one measurement, 0.1 to 30 (default: 2).")
    var seconds: Double?

    @Option(help: "Messages of a catch-up, up to 1000000 (default: 200000).")
    var catchUp: Int?

    @Option(help: "Nodes connected at a time, up to 4000 (default: 2000).")
    var connected: Int?

    @Option(help: "Messages a second where the rate is fixed, 10 to 10000.")
    var rate = 500

    @Option(
        help: "Entries of a large ledger whose publishes are timed, 0 for none (default: 1000000)."
    )
    var ledgerEntries: Int?

    @Option(help: "Also write every figure of every round to this file.")
    var json: String?

    @Option(help: "Also write the tables to this file as Markdown.")
    var markdown: String?

    func run() async throws {
        Context.tuneMemory(for: .muchTraffic)
        let scope = try scope()
        let cleanup = BenchCleanup()
        cleanup.watch()
        defer { cleanup.removeAll() }
        let folder = peers.map { URL(filePath: $0) }
        let race = Race(
            scope: scope,
            drivers: try folder.map { try RaceDrivers(folder: $0, cleanup: cleanup) },
            folder: folder,
            cleanup: cleanup
        )
        let results = try race.run()
        let report = RaceReport(results: results)
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf",
                negativeInfinity: "-inf",
                nan: "nan"
            )
            try encoder.encode(RaceDocument(results)).write(to: URL(filePath: json))
        }
        if let markdown {
            try Data(report.markdown().utf8).write(to: URL(filePath: markdown))
        }
        Console.write(report.text)
    }

    /// What the options say, within limits.
    private func scope() throws -> RaceScope {
        let scope = RaceScope(
            bodies: try numbers(bodies) ?? (quick ? [1_024] : [256, 1_024, 16_384]),
            workloads: try workloads(),
            rounds: rounds ?? 3,
            seconds: seconds ?? (quick ? 0.6 : 2),
            catchUp: catchUp ?? (quick ? 40_000 : 200_000),
            connected: connected ?? (quick ? 500 : 2_000),
            rate: rate,
            ledgerEntries: ledgerEntries ?? (quick ? 0 : 1_000_000)
        )
        guard !scope.bodies.isEmpty, scope.bodies.allSatisfy((200...65_536).contains),
            (1...21).contains(scope.rounds), (0.1...30).contains(scope.seconds),
            (16...1_000_000).contains(scope.catchUp), (1...4_000).contains(scope.connected),
            (10...10_000).contains(scope.rate), (0...10_000_000).contains(scope.ledgerEntries)
        else {
            throw CommandFailure.usage(
                "Wartość poza zakresem; zakresy podaje wici bench race --help. Treść: od 200 do 65536 B.",
                "A value is out of range; wici bench race --help gives the ranges. Bodies: 200 to 65536 B."
            )
        }
        return scope
    }

    private func numbers(_ text: String?) throws -> [Int]? {
        guard let text else { return nil }
        let numbers = text.split(separator: ",").compactMap { Int($0) }
        guard numbers.count == text.split(separator: ",").count else {
            throw CommandFailure.usage(
                "--bodies: liczby rozdzielone przecinkami.",
                "--bodies: numbers separated by commas."
            )
        }
        return numbers
    }

    private func workloads() throws -> [RaceWorkload] {
        guard let only else { return RaceWorkload.allCases }
        return try only.split(separator: ",").map { name in
            guard let workload = RaceWorkload(rawValue: String(name)) else {
                let known = RaceWorkload.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure.usage(
                    "--only: „\(name)” nie jest zadaniem. Zadania: \(known).",
                    "--only: \"\(name)\" is not a workload. Workloads: \(known)."
                )
            }
            return workload
        }
    }
}

/// The results with the bars that follow from them, as a file.
struct RaceDocument: Encodable {
    private let results: RaceResults
    private let bars: [RaceResults.Bar]

    init(_ results: RaceResults) {
        self.results = results
        bars = results.bars
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The simulation of a whole network from a seed: the real hub, ledger and node sessions over a
// simulated network, disk and clock.
//
// Reading order: World/World.swift is a run, World/Schedule.swift what a seed makes of it, Checker/
// what must hold, Mutation.swift the bugs that prove the checker alive.

import ArgumentParser
import Foundation

@main
struct Simulation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulation",
        abstract: "Plays the whole network from seeds and checks every promise at every step.",
        subcommands: [RunCommand.self, ReplayCommand.self, MutationsCommand.self]
    )
}

/// Plays seeds in a row.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Plays seeds.")

    @Option(help: "How many seeds.") var seeds: UInt64 = 500
    @Option(help: "The first seed.") var first: UInt64 = 1
    @Flag(help: "Prints the report as JSON.") var json = false

    func run() throws {
        let stage = try Stage.made()
        defer { stage.removeFolder() }
        let clock = ContinuousClock()
        let start = clock.now
        var report = Report()
        for seed in first..<first + seeds {
            let outcome = try stage.play(Plan(seed: seed))
            report.add(outcome)
            guard outcome.violation == nil else {
                try tell(outcome, Plan(seed: seed), stage)
                throw ExitCode(1)
            }
        }
        report.finish(start.duration(to: clock.now))
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(report.text)
        }
    }

    private func tell(_ outcome: Outcome, _ plan: Plan, _ stage: Stage) throws {
        print(outcome.sentence)
        print("replay: swift run simulation replay \(plan.seed)")
        var shrinker = Shrinker(stage: stage, plan: plan)
        let (kept, shrunk) = try shrinker.shrink(outcome)
        let list = kept.sorted().map(String.init).joined(separator: ",")
        print("with \(kept.count) of \(outcome.faultCount) faults: \(shrunk.sentence)")
        print("replay: swift run simulation replay \(plan.seed) --keep \"\(list)\"")
    }
}

/// Plays one seed and tells what happened.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Plays one seed again and prints its last steps."
    )

    @Argument(help: "The seed.") var seed: UInt64
    @Option(help: "Places of the faults that strike; all when left out.") var keep: String?
    @Option(help: "A planted bug by name.") var mutation: Mutation?
    @Option(help: "How many of the last lines are printed.") var lines = 60

    func run() throws {
        let stage = try Stage.made()
        defer { stage.removeFolder() }
        var plan = Plan(seed: seed, mutation: mutation, isTold: true)
        if let keep { plan.kept = Set(keep.split(separator: ",").compactMap { Int($0) }) }
        let outcome = try stage.play(plan)
        for line in outcome.lines.suffix(lines) { print(line) }
        print(outcome.sentence)
        if outcome.violation != nil { throw ExitCode(1) }
    }
}

/// Proves the checker alive.
struct MutationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutations",
        abstract: "Plants each bug in turn and shows that it is caught."
    )

    @Option(help: "Most seeds for each bug.") var seeds: UInt64 = 200
    @Option(help: "The only bug; all when left out.") var only: Mutation?

    func run() throws {
        let stage = try Stage.made()
        defer { stage.removeFolder() }
        var alive: [Mutation] = []
        for mutation in only.map({ [$0] }) ?? Mutation.allCases {
            let caught = try firstCaught(mutation, stage)
            let name = mutation.rawValue.padding(toLength: 28, withPad: " ", startingAt: 0)
            if let caught, let violation = caught.violation {
                print("\(name) seed \(caught.seed): \(violation.promise.rawValue)")
            } else {
                alive.append(mutation)
                print("\(name) NOT CAUGHT. \(mutation.sentence)")
            }
        }
        if only == nil {
            let count = Mutation.allCases.count
            print("\(count - alive.count) of \(count) planted bugs caught")
        }
        if !alive.isEmpty { throw ExitCode(1) }
    }

    /// The first run in which the checker sees the bug.
    private func firstCaught(_ mutation: Mutation, _ stage: Stage) throws -> Outcome? {
        for seed in 1...max(1, seeds) {
            let outcome = try stage.play(Plan(seed: seed, mutation: mutation))
            if outcome.violation != nil { return outcome }
        }
        return nil
    }
}

extension Mutation: ExpressibleByArgument {}

extension Outcome {
    /// One line about the run.
    var sentence: String {
        let trace = String(hash, radix: 16)
        let place = "seed \(seed), step \(steps), \(milliseconds) ms, trace \(trace)"
        guard let violation else { return "\(place): every promise held" }
        return "\(place): BROKEN: \(violation.promise.rawValue): \(violation.detail)"
    }
}

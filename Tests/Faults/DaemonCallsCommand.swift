// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The calls of `syscalls` again, in the real programs: `wici hub run` and `wici node run` at work, one
// call on their folders failing once. The program says what is wrong or ends with a documented status,
// and once it runs again everything that was taken has arrived. The planted bug is an answer for a
// message that is on no disk.

import ArgumentParser
import Foundation
import NetworkRig

struct DaemonCallsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon-calls",
        abstract: "Makes calls on files fail once in running hubs and nodes."
    )

    @Option(help: "How many calls, drawn by the seed from all that are made; 0 for all.")
    var calls = 0
    @Option(help: "The only program: \(Victim.allCases.map(\.rawValue).joined(separator: ", ")).")
    var only: Victim?
    @OptionGroup var options: RunOptions

    /// Faults after which everything is counted; an outbox shows its last thousand messages.
    private static let faultsPerRound = 80

    func run() async throws {
        var run = Run("daemon-calls", options)
        let part = only.map { "--only \($0.rawValue)" } ?? ""
        try await run.finish(replay: "--calls \(calls) \(part)") {
            let scratch = try ScratchFolder("daemons")
            let obedient = try ObedientProcess(in: scratch)
            var tally = Tally()
            var plan: [DaemonFault]?
            repeat {
                do {
                    try await ProcessNetwork.run(
                        institutions: DaemonScene.institutions,
                        prefix: obedient.prefix
                    ) { processes in
                        var scene = DaemonScene(processes, obedient)
                        try await scene.start()
                        var faults = if let plan { plan } else { try await draw(in: &scene) }
                        try await round(&faults, &scene, &tally, &run)
                        plan = faults
                    }
                } catch let failure as NetworkFailure {
                    throw Violation("\(tally.last): \(failure)")
                }
            } while plan?.isEmpty == false
            guard tally.failed > 0 else { throw Violation("no call failed") }
            return tally.result
        }
    }

    /// Counts the calls of each program and draws those that are to fail.
    private func draw(in scene: inout DaemonScene) async throws -> [DaemonFault] {
        var generator = SeededGenerator(seed: options.seed)
        var faults: [DaemonFault] = []
        let victims = only.map { [$0] } ?? Victim.allCases
        for victim in victims {
            let counts = try await scene.play(victim, nil).counts
            for (kind, count) in zip(CallKind.all, counts) {
                for error in kind.errors {
                    faults += (0..<count).map {
                        DaemonFault(victim: victim, kind: kind, place: $0, error: error)
                    }
                }
            }
        }
        guard calls > 0 else { return faults }
        // Of each kind some, although there are many more writes than renames.
        faults.shuffle(using: &generator)
        var drawn: [DaemonFault] = []
        while drawn.count < calls, !faults.isEmpty {
            let victim = victims[drawn.count % victims.count]
            let kind = CallKind.all[drawn.count / victims.count % CallKind.all.count]
            let place = faults.firstIndex { $0.victim == victim && $0.kind.kind == kind.kind }
            drawn.append(faults.remove(at: place ?? faults.count - 1))
        }
        return drawn
    }

    /// One network from its start to the count of everything that was taken.
    private func round(
        _ faults: inout [DaemonFault],
        _ scene: inout DaemonScene,
        _ tally: inout Tally,
        _ run: inout Run
    ) async throws {
        for fault in faults.prefix(Self.faultsPerRound) {
            tally.last = "\(fault)"
            let outcome = try await scene.play(fault.victim, fault)
            tally.add(outcome)
            run.progress("\(tally.failed) calls failed, now \(fault) (\(outcome.failed ?? ""))")
        }
        faults.removeFirst(min(faults.count, Self.faultsPerRound))
        tally.messages += try await scene.settle(isPretending: options.prove)
    }

    private struct Tally {
        var failed = 0
        var notReached = 0
        var told = 0
        var endedByThemselves = 0
        var messages = 0
        var last = "before any fault"

        mutating func add(_ outcome: DaemonScene.Outcome) {
            guard outcome.failed != nil else { return notReached += 1 }
            failed += 1
            if outcome.isTold { told += 1 }
            if outcome.endedByItself { endedByThemselves += 1 }
        }

        var result: Result {
            var result = Result()
            result.add("calls", failed)
            result.add("told", told)
            result.add("ended-by-themselves", endedByThemselves)
            result.add("not-reached", notReached)
            result.add("messages", messages)
            return result
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The course of the race: rounds, and within each every workload with every contestant in turn, so that
// what else happens on the machine falls on all alike.

import Foundation
import Glibc

/// Runs everything that a scope asks for.
struct Race {
    let scope: RaceScope
    /// The peers that run; `nil` when Wici is alone.
    let drivers: RaceDrivers?
    /// Where the hubs have their folders.
    let folder: URL?
    let cleanup: BenchCleanup

    /// Measures.
    func run() throws -> RaceResults {
        var results = RaceResults(scope: scope)
        if scope.workloads.contains(.crowd) { try gather(into: &results) }
        for bodyBytes in scope.bodies {
            try race(bodyBytes, into: &results)
        }
        if scope.ledgerEntries > 0 {
            remark(say("duża księga", "large ledger"))
            try RaceGrowth(scope: scope, folder: folder, cleanup: cleanup).measure(into: &results)
        }
        return results
    }

    /// Connects many nodes to each, once: the next time the memory would be there already.
    private func gather(into results: inout RaceResults) throws {
        let cell = RaceCell(workload: .crowd, bodyBytes: RaceScope.barBody)
        for contestant in cell.workload.contestants where takesPart(contestant) {
            let figures =
                contestant == .wici
                ? try RaceHub.crowd(scope, in: folder, cleanup: cleanup)
                : try drivers?.play(cell, contestant, scope)
            note(figures ?? [:], contestant, cell, into: &results)
        }
    }

    private func race(_ bodyBytes: Int, into results: inout RaceResults) throws {
        let workloads = scope.workloads.filter { $0 != .crowd }
        let hub = try RaceHub(scope, bodyBytes: bodyBytes, in: folder, cleanup: cleanup)
        defer {
            hub.stop()
            hub.remove()
        }
        for round in 0..<scope.rounds {
            remark(
                say("\(bodyBytes) B, runda \(round + 1)", "\(bodyBytes) B, round \(round + 1)")
            )
            try measureLimits(bodyBytes, into: &results)
            for workload in workloads {
                let cell = RaceCell(workload: workload, bodyBytes: bodyBytes)
                let contestants = workload.contestants.filter(takesPart)
                // Nobody is always the first, or always behind the same one.
                let first = contestants.isEmpty ? 0 : round % contestants.count
                for contestant in contestants[first...] + contestants[..<first] {
                    settle()
                    let figures =
                        contestant == .wici
                        ? try hub.play(workload, round: round)
                        : try drivers?.play(cell, contestant, scope)
                    note(figures ?? [:], contestant, cell, into: &results)
                }
            }
        }
        hub.stop()
        guard bodyBytes == RaceScope.barBody else { return }
        results.add(limit: "audit-verify", try hub.verifiedPerSecond())
    }

    /// Lets the system write what the one before left unsynced, so that the next one need not wait
    /// for it at its own syncs.
    private func settle() { sync() }

    /// The bare limits, once a round: a disk has its moods too.
    private func measureLimits(_ bodyBytes: Int, into results: inout RaceResults) throws {
        guard let drivers, bodyBytes == RaceScope.barBody else { return }
        settle()
        let seconds = min(0.5, scope.seconds)
        let limits: [(name: String, workload: String, figure: RaceFigure, receivers: Int)] = [
            ("fdatasync", "fdatasync", .p50, 1), ("sqlite", "sqlite", .rate, 1),
            ("sign", "sign", .rate, 1), ("verify", "verify", .rate, 1),
            ("zmq-echo", "zmq-echo", .p50, 1), ("zmq-fanout-1", "zmq-fanout", .rate, 1),
            ("zmq-fanout-20", "zmq-fanout", .rate, 20),
            ("zmq-fanout-200", "zmq-fanout", .rate, 200),
        ]
        for limit in limits {
            let figures = try drivers.limit(
                limit.workload,
                bodyBytes: bodyBytes,
                receivers: limit.receivers,
                seconds: seconds
            )
            guard let value = figures[limit.figure.rawValue] else { continue }
            results.add(limit: limit.name, value)
        }
    }

    private func takesPart(_ contestant: RaceContestant) -> Bool {
        contestant == .wici || drivers?.has(contestant) == true
    }

    private func note(
        _ figures: [String: Double],
        _ contestant: RaceContestant,
        _ cell: RaceCell,
        into results: inout RaceResults
    ) {
        results.add(figures, of: contestant, in: cell)
        let text = cell.workload.figures.compactMap { figure in
            figures[figure.rawValue].map { "\(figure.rawValue) \(RaceReport.number($0))" }
        }
        remark("  \(cell.workload.rawValue)  \(contestant.title)  \(text.joined(separator: ", "))")
    }

    private func remark(_ text: String) { Console.remark(text) }
}

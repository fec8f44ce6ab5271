// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Running many seeds, and what is said about them.

import FaultDisk
import Foundation
import WiciCore

/// What came of one run.
struct Outcome {
    let seed: UInt64
    let violation: Violation?
    let steps: Int
    let hash: UInt64
    let milliseconds: Int64
    let faults: [FaultKind: Int]
    let lines: [String]
    let faultCount: Int
    let isBeyondRepair: Bool
}

extension Stage {
    /// Plays one run to its end.
    func play(_ plan: Plan) throws -> Outcome {
        let world = try World(self, plan)
        world.run()
        return Outcome(
            seed: plan.seed,
            violation: world.checker.violation,
            steps: world.trace.steps,
            hash: world.trace.hash,
            milliseconds: world.now,
            faults: world.allFaults,
            lines: world.trace.lines,
            faultCount: world.schedule.faults.count,
            isBeyondRepair: world.isBeyondRepair
        )
    }
}

extension World {
    /// Faults that took effect, those inside disks included.
    var allFaults: [FaultKind: Int] {
        var counts = faultCounts
        let disk = hub.disk.counters
        var lost = Int(disk.lost)
        var torn = Int(disk.torn)
        var failed = Int(disk.failed_syncs)
        let full = Int(disk.full)
        for node in nodes {
            lost += node.disk.faultCounts.lost
            torn += node.disk.faultCounts.torn
            failed += node.disk.faultCounts.refused
        }
        counts[.lostWrites] = lost
        counts[.tornWrite] = torn
        counts[.failedSync] = failed
        counts[.diskFull] = full
        return counts
    }
}

/// Sums over runs.
struct Report: Encodable {
    private(set) var seeds = 0
    private(set) var steps = 0
    private(set) var simulatedSeconds = 0.0
    private(set) var realSeconds = 0.0
    private(set) var faults: [String: Int] = [:]
    private(set) var seedsWithFault: [String: Int] = [:]
    private(set) var endedByDamage = 0
    private(set) var hash: UInt64 = 0

    mutating func add(_ outcome: Outcome) {
        seeds += 1
        steps += outcome.steps
        simulatedSeconds += Double(outcome.milliseconds) / 1_000
        for (kind, count) in outcome.faults where count > 0 {
            faults[kind.rawValue, default: 0] += count
            seedsWithFault[kind.rawValue, default: 0] += 1
        }
        if outcome.isBeyondRepair { endedByDamage += 1 }
        hash = hash &* 31 &+ outcome.hash
    }

    mutating func finish(_ duration: Duration) {
        let parts = duration.components
        realSeconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }

    /// The report for people.
    var text: String {
        var lines = FaultKind.allCases.map { kind in
            let name = kind.rawValue.padding(toLength: 20, withPad: " ", startingAt: 0)
            let count = faults[kind.rawValue] ?? 0
            return "  \(name) \(count) times in \(seedsWithFault[kind.rawValue] ?? 0) seeds"
        }
        let rate = Int(Double(seeds) * 60 / max(realSeconds, 0.001))
        let speed = Int(simulatedSeconds / max(realSeconds, 0.001))
        lines.append(
            "\(seeds) seeds, \(steps) steps, \(endedByDamage) ended by a damaged disk that was found"
        )
        lines.append("\(rate) seeds a minute, \(speed) simulated seconds a second")
        lines.append("trace hash \(String(hash, radix: 16))")
        return lines.joined(separator: "\n")
    }
}

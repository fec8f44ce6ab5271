// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Leaving faults out while the run still breaks the same promise: first halves, then quarters, then
// single faults (Zeller's delta debugging).

/// Finds a small set of faults that is enough.
struct Shrinker {
    let stage: Stage
    let plan: Plan
    /// Most runs that it plays.
    var budget = 400

    /// Places of faults that suffice, with the outcome of the run that has only them.
    mutating func shrink(_ first: Outcome) throws -> (kept: Set<Int>, outcome: Outcome) {
        var kept = Array(plan.kept ?? Set(0..<first.faultCount)).sorted()
        var outcome = first
        var size = max(1, kept.count / 2)
        while !kept.isEmpty, budget > 0 {
            var removedAny = false
            var start = 0
            while start < kept.count, budget > 0 {
                let rest = Array(kept[..<start] + kept[min(kept.count, start + size)...])
                if let found = try breaks(rest, like: first) {
                    kept = rest
                    outcome = found
                    removedAny = true
                } else {
                    start += size
                }
            }
            if size == 1 && !removedAny { break }
            size = max(1, size / 2)
        }
        return (Set(kept), outcome)
    }

    private mutating func breaks(_ kept: [Int], like first: Outcome) throws -> Outcome? {
        budget -= 1
        var plan = plan
        plan.kept = Set(kept)
        let outcome = try stage.play(plan)
        return outcome.violation?.promise == first.violation?.promise ? outcome : nil
    }
}

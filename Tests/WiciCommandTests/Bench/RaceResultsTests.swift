// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Medians, spread and bars are computed from the rounds, and what is missing is not made up.

import Foundation
import Testing

@testable import wici

struct RaceResultsTests {
    private static let scope = RaceScope(
        bodies: [RaceScope.barBody],
        workloads: RaceWorkload.allCases,
        rounds: 3,
        seconds: 1,
        catchUp: 1_000,
        connected: 100,
        rate: 500,
        ledgerEntries: 1_000_000
    )

    private func cell(_ workload: RaceWorkload) -> RaceCell {
        RaceCell(workload: workload, bodyBytes: RaceScope.barBody)
    }

    private func results(
        _ workload: RaceWorkload,
        _ figure: RaceFigure,
        wici: [Double],
        peer: RaceContestant,
        _ others: [Double]
    ) -> RaceResults {
        var results = RaceResults(scope: Self.scope)
        for value in wici {
            results.add([figure.rawValue: value], of: .wici, in: cell(workload))
        }
        for value in others { results.add([figure.rawValue: value], of: peer, in: cell(workload)) }
        return results
    }

    @Test
    func `the median and the spread are those of the rounds`() throws {
        let odd = try #require(RaceResults.Summary([30, 10, 20]))
        #expect(odd.median == 20)
        #expect(odd.spread == 3)
        let even = try #require(RaceResults.Summary([1, 2, 4, 5]))
        #expect(even.median == 3)
        #expect(RaceResults.Summary([]) == nil)
    }

    @Test
    func `a bar of a ratio is met at the bar and not below it`() throws {
        let met = results(.fanOut20, .rate, wici: [120, 500, 1], peer: .nats, [100, 100, 100])
        let bar = try #require(met.bars.first)
        #expect(bar.measured == 1.2)
        #expect(bar.isMet)
        let missed = results(.fanOut20, .rate, wici: [119], peer: .nats, [100])
        #expect(try #require(missed.bars.first).isMet == false)
    }

    @Test
    func `one at a time is compared with the sync of the same run`() throws {
        var results = results(.singly, .p50, wici: [0.6], peer: .jetstream, [0.1])
        #expect(results.bars.isEmpty)
        results.add(limit: "fdatasync", 0.2)
        let bar = try #require(results.bars.first)
        #expect(abs(bar.measured - 3) < 1e-9)
        #expect(bar.isFloor == false)
        // A slow sync does not make the bar easier to meet.
        results.add(limit: "fdatasync", 5)
        results.add(limit: "fdatasync", 5)
        #expect(try #require(results.bars.first).measured == bar.measured)
        results.add(limit: "fdatasync", 0.1)
        #expect(try #require(results.bars.first).isMet == false)
    }

    @Test
    func `whoever does not keep up has no figure and does not meet the bar`() throws {
        var results = RaceResults(scope: Self.scope)
        results.add(["p99": 1, "missing": 3], of: .wici, in: cell(.latency))
        results.add(["p99": 50, "missing": 0], of: .nats, in: cell(.latency))
        results.add(limit: "fdatasync", 0.2)
        #expect(results.summary(.p99, of: .wici, in: cell(.latency)) == nil)
        let bar = try #require(results.bars.first)
        #expect(bar.measured == .infinity)
        #expect(bar.required == 75.2)
        #expect(!bar.isMet)
    }

    @Test
    func `a bar without the figures for it is not shown, and a smaller ledger is named`() throws {
        var results = results(.publish16, .rate, wici: [1], peer: .mosquitto, [1])
        #expect(results.bars.isEmpty)
        results.add(limit: "growth", 1.05)
        let bar = try #require(results.bars.first)
        #expect(bar.isMet)
        #expect(bar.reservation.contains("1000000"))
    }

    @Test
    func `the report names every contestant, in Markdown without control characters`() throws {
        let results = results(.catchUp, .rate, wici: [150_000], peer: .jetstream, [300_000])
        let report = RaceReport(results: results)
        for text in [report.text, report.markdown()] {
            #expect(text.contains("Wici"))
            #expect(text.contains("JetStream"))
            #expect(text.contains("150\u{A0}000 /s"))
            #expect(text.contains("0.500×"))
        }
        #expect(!report.markdown().contains("\u{1B}"))
    }

    @Test
    func `no more is under way than the hub holds before it is busy`() {
        for workload in RaceWorkload.allCases {
            for bytes in [256, 1_024, 16_384, 65_536] {
                let cell = RaceCell(workload: workload, bodyBytes: bytes)
                #expect((1...1_000).contains(cell.window))
                #expect(cell.window * workload.senders * bytes <= 32 << 20)
                let pace = BenchPace.forBodies(of: bytes, window: cell.window, limit: nil)
                #expect(pace.batch <= pace.window)
                #expect(pace.batch * (bytes + 600) <= 1 << 20)
            }
        }
    }
}

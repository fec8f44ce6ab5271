// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a large ledger costs: a publish, of two hubs, one with few entries and one with many, measured in
// turn; and the start, of the one with many.

import Foundation
import WiciHub
import ZeroMQ

/// Compares a hub at two sizes of its ledger.
struct RaceGrowth {
    let scope: RaceScope
    let folder: URL?
    let cleanup: BenchCleanup

    private static let fewEntries = 10_000

    /// Adds the time of a publish with many entries over that with few, one value a round, and how long
    /// the hub with many took from its start to ready.
    func measure(into results: inout RaceResults) throws {
        let few = try hub(min(Self.fewEntries, scope.ledgerEntries))
        defer { few.end() }
        let many = try hub(scope.ledgerEntries)
        defer { many.end() }
        results.add(limit: "ready", many.start.inSeconds)
        let context = try Context(ioThreads: 1, maxSockets: 64)
        for round in 0...scope.rounds {
            let rates = try [few, many].map { try rate($0.hub, $0.network, context) }
            // The first measurement of a hub that has just started is not counted.
            if round > 0 { results.add(limit: "growth", rates[0] / rates[1]) }
        }
    }

    /// A hub that runs on a filled ledger.
    private struct GrownHub {
        let hub: BenchHub
        let network: BenchNetwork
        /// From its start to ready.
        let start: Duration

        func end() {
            hub.stop()
            network.remove()
        }
    }

    private func hub(_ entries: Int) throws -> GrownHub {
        let network = try BenchNetwork(senders: 1, receivers: 200, in: folder, cleanup: cleanup)
        _ = try BenchLedgerFill(network, cleanup: cleanup).fill(entries)
        let hub = BenchHub(folder: network.folder, cleanup: cleanup)
        return GrownHub(hub: hub, network: network, start: try hub.start())
    }

    private func rate(_ hub: BenchHub, _ network: BenchNetwork, _ context: Context) throws -> Double
    {
        let envelopes = try BenchNetwork.envelopes(
            from: network.senders[0],
            to: .absent,
            count: Int(40_000 * scope.seconds),
            bodyBytes: RaceScope.barBody,
            batch: BenchPace().batch
        )
        let sender = BenchSender(
            hub: hub.exchange,
            hubKey: network.hubKey,
            member: network.senders[0],
            context: context
        )
        let begin = ContinuousClock.now
        let pace = BenchPace(limit: .seconds(scope.seconds))
        let sent = try sender.submitAll(envelopes, gate: BenchGate(count: 1), pace: pace)
        return Double(sent) / (ContinuousClock.now - begin).inSeconds
    }
}

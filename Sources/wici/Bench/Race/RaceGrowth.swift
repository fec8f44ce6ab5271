// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a publish costs when the ledger is large: two hubs, one with few entries and one with many,
// measured in turn.

import Foundation
import WiciHub
import ZeroMQ

/// Compares the cost of a publish at two sizes of the ledger.
struct RaceGrowth {
    let scope: RaceScope
    let folder: URL?
    let cleanup: BenchCleanup

    private static let fewEntries = 10_000

    /// Time of a publish with many entries over that with few, one value a round.
    func ratios() throws -> [Double] {
        let hubs = try [Self.fewEntries, scope.ledgerEntries].map { entries in
            let network = try BenchNetwork(
                senders: 1,
                receivers: 200,
                in: folder,
                cleanup: cleanup
            )
            _ = try BenchLedgerFill(network, cleanup: cleanup).fill(entries)
            let hub = BenchHub(folder: network.folder, cleanup: cleanup)
            _ = try hub.start()
            return (hub, network)
        }
        defer {
            for (hub, network) in hubs {
                hub.stop()
                network.remove()
            }
        }
        let context = try Context(ioThreads: 1, maxSockets: 64)
        // The first measurement of a hub that has just started is not counted.
        return try (0...scope.rounds).compactMap { round in
            let rates = try hubs.map { try rate($0.0, $0.1, context) }
            return round == 0 ? nil : rates[0] / rates[1]
        }
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

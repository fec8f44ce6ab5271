// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How long a hub takes from its start to ready when its ledger holds a life's work.

import Foundation
import WiciHub

/// Times the restart of a hub whose ledger holds many entries.
struct BenchRestart {
    let entries: Int
    let cleanup: BenchCleanup

    /// Fills a ledger, starts a hub on it, and notes the time to ready.
    func measure(into figures: inout BenchFigures) throws {
        let network = try BenchNetwork(senders: 1, receivers: 200, cleanup: cleanup)
        defer { network.remove() }
        _ = try BenchLedgerFill(network, cleanup: cleanup).fill(entries)
        let hub = BenchHub(folder: network.folder, cleanup: cleanup)
        let time = try hub.start()
        hub.stop()
        figures.add("restart at \(entries) entries", time.inSeconds, "s")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whether the hub is calm or busy, by which its memory is kept for many idle connections or for much
// traffic.

import ZeroMQ

/// Watches how many messages come and go between two ticks.
struct MemoryWatch {
    private var use = Context.MemoryUse.manyConnections
    private var messages: UInt64 = 0
    private var calmTicks = 0

    /// Messages between two ticks from which on it is much traffic.
    private static let many: UInt64 = 500
    /// Ticks with fewer, one after the other, after which it is over.
    private static let calm = 20

    /// Takes what was counted so far; says what memory is needed for from now on, when that changes.
    mutating func tick(_ counters: HubCounters) -> Context.MemoryUse? {
        let count = counters.accepted + counters.deliveries
        let isBusy = count - messages >= Self.many
        messages = count
        calmTicks = isBusy ? 0 : calmTicks + 1
        let next: Context.MemoryUse =
            isBusy ? .muchTraffic : calmTicks >= Self.calm ? .manyConnections : use
        guard next != use else { return nil }
        use = next
        return next
    }
}

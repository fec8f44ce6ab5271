// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Durations as figures: in the unit of a table, and as percentiles of many.

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    var inMilliseconds: Double { inSeconds * 1_000 }
}

extension [Duration] {
    /// The value below which a share of all lies, by nearest rank.
    func percentile(_ share: Double) -> Duration {
        guard !isEmpty else { return .zero }
        let rank = Int((share * Double(count)).rounded(.up))
        return sorted()[Swift.max(0, Swift.min(count, rank) - 1)]
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The moments at which one and the same release begins to answer otherwise: a member joins, leaves
// or is revoked, a grant ends. Between two of them no decision needs to be asked for again.

import WiciCore

/// When the answers of a release change by themselves.
struct ReleaseCalendar: Sendable {
    /// Beginnings of days of the Polish calendar, sorted.
    private let changes: [Moment]
    private let registryEnd: Moment
    private let policyEnd: Moment

    /// Reads the dates of a registry and a policy.
    init(_ release: Release) {
        let contents = release.registry.contents
        registryEnd = Self.end(of: contents.expires)
        policyEnd = Self.end(of: release.policy.expires)
        let spans = contents.institutions.map(\.validity) + contents.nodes.map(\.validity)
        let ends = spans.compactMap(\.through) + release.policy.grants.compactMap(\.until)
        let days =
            spans.map(\.from) + ends.map { $0.adding(days: 1) }
            + contents.nodes.compactMap(\.revocation?.date)
        changes = Set(days).sorted().map { WarsawTime.moment(on: $0, millisecondsOfDay: 0) }
    }

    private static func end(of day: CivilDate) -> Moment {
        WarsawTime.moment(on: day.adding(days: 1), millisecondsOfDay: 0)
    }

    /// Why nothing can be decided at a moment: the last day is over; nil when it can.
    func expiry(at moment: Moment) -> Refusal? {
        if registryEnd <= moment { return Refusal(.registryExpired) }
        if policyEnd <= moment { return Refusal(.policyExpired) }
        return nil
    }

    /// Whether the release answers at one moment as it did at an earlier one.
    ///
    /// Takes time in proportion to the logarithm of the number of dates.
    func answersAlike(at earlier: Moment, and later: Moment) -> Bool {
        passed(at: earlier) == passed(at: later)
    }

    /// How many changes lie at or before a moment.
    private func passed(at moment: Moment) -> Int {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= moment { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

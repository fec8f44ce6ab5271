// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the rounds gave, their medians and spread, and the bars that are computed from them.

/// Everything that was measured.
struct RaceResults: Codable, Sendable {
    /// One contestant's figures in one cell, one value a round.
    struct Line: Codable, Sendable {
        let contestant: RaceContestant
        let cell: RaceCell
        var rounds: [[String: Double]]
    }

    let scope: RaceScope
    private(set) var lines: [Line] = []
    /// The bare limits by name, one value a round.
    private(set) var limits: [String: [Double]] = [:]

    init(scope: RaceScope) {
        self.scope = scope
    }

    mutating func add(_ figures: [String: Double], of contestant: RaceContestant, in cell: RaceCell)
    {
        if let place = lines.firstIndex(where: { $0.contestant == contestant && $0.cell == cell }) {
            lines[place].rounds.append(figures)
        } else {
            lines.append(Line(contestant: contestant, cell: cell, rounds: [figures]))
        }
    }

    mutating func add(limit name: String, _ value: Double) {
        limits[name, default: []].append(value)
    }

    /// The middle of several rounds and how far they lie apart.
    struct Summary: Codable, Sendable {
        let median: Double
        /// The smallest value.
        let least: Double
        /// The largest value over the smallest.
        let spread: Double

        /// `nil` of no values.
        init?(_ values: [Double]) {
            let sorted = values.sorted()
            guard let least = sorted.first, let most = sorted.last else { return nil }
            let middle = sorted.count / 2
            median =
                sorted.count.isMultiple(of: 2)
                ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
            self.least = least
            spread = least > 0 ? most / least : 1
        }
    }

    /// A figure over all rounds; `nil` where it was not measured or the contestant did not keep up.
    func summary(
        _ figure: RaceFigure,
        of contestant: RaceContestant,
        in cell: RaceCell
    ) -> Summary? {
        guard let line = line(of: contestant, in: cell), !isBehind(contestant, in: cell) else {
            return nil
        }
        return Summary(line.rounds.compactMap { $0[figure.rawValue] })
    }

    /// Whether messages had not arrived when the waiting was over, in most rounds.
    func isBehind(_ contestant: RaceContestant, in cell: RaceCell) -> Bool {
        guard let line = line(of: contestant, in: cell) else { return false }
        return line.rounds.count { ($0["missing"] ?? 0) > 0 } * 2 > line.rounds.count
    }

    func limit(_ name: String) -> Summary? { limits[name].flatMap(Summary.init) }

    private func line(of contestant: RaceContestant, in cell: RaceCell) -> Line? {
        lines.first { $0.contestant == contestant && $0.cell == cell }
    }

    // MARK: Bars

    /// A figure that the hub must reach.
    struct Bar: Codable, Sendable {
        let name: String
        let measured: Double
        let required: Double
        /// Whether more is better.
        let isFloor: Bool
        let unit: String
        /// What the measurement leaves open; empty when nothing.
        let reservation: String

        var isMet: Bool { isFloor ? measured >= required : measured <= required }
    }

    /// Every bar for which this run has all the figures.
    var bars: [Bar] {
        let rates: [(RaceWorkload, RaceContestant, Double)] = [
            (.publish16, .jetstream, 1), (.fanOut20, .nats, 1.2), (.fanOut200, .nats, 1.2),
            (.catchUp, .jetstream, 1),
        ]
        var bars = rates.compactMap { workload, peer, factor -> Bar? in
            let cell = RaceCell(workload: workload, bodyBytes: RaceScope.barBody)
            guard let own = summary(.rate, of: .wici, in: cell),
                let other = summary(.rate, of: peer, in: cell)
            else { return nil }
            return Bar(
                name: "\(workload.title) ÷ \(peer.title)",
                measured: own.median / other.median,
                required: factor,
                isFloor: true,
                unit: "×",
                reservation: ""
            )
        }
        bars += [singlyBar, latencyBar].compactMap { $0 }
        if let rate = limit("audit-verify") {
            let name = say("audit verify, na rdzeń", "audit verify, per core")
            bars.append(ceiling(name, rate.median, 500_000, "/s", isFloor: true))
        }
        let crowd = RaceCell(workload: .crowd, bodyBytes: RaceScope.barBody)
        if let memory = summary(.memory, of: .wici, in: crowd) {
            let name = say("bezczynny węzeł", "idle node")
            bars.append(ceiling(name, memory.median, 48, "KiB"))
        }
        if let growth = limit("growth") {
            let isSmaller = scope.ledgerEntries < 10_000_000
            let open = say(
                "przy \(scope.ledgerEntries) wpisach zamiast 10⁷",
                "at \(scope.ledgerEntries) entries instead of 10⁷"
            )
            let name = say(
                "koszt publikacji ÷ przy 10⁴ wpisach",
                "cost per publish ÷ at 10⁴ entries"
            )
            bars.append(ceiling(name, growth.median, 1.1, "×", isSmaller ? open : ""))
        }
        return bars
    }

    /// One sender, one at a time, against a sync of the same run.
    ///
    /// Of the rounds' syncs the shortest counts: where something else kept the disk busy the others
    /// would make the bar easier to meet.
    private var singlyBar: Bar? {
        let cell = RaceCell(workload: .singly, bodyBytes: RaceScope.barBody)
        guard let own = summary(.p50, of: .wici, in: cell), let sync = limit("fdatasync") else {
            return nil
        }
        let name = say("publikacja po jednej, p50 ÷ fdatasync", "one at a time, p50 ÷ fdatasync")
        return ceiling(name, own.median / sync.least, 3, "×")
    }

    private var latencyBar: Bar? {
        let cell = RaceCell(workload: .latency, bodyBytes: RaceScope.barBody)
        guard let other = summary(.p99, of: .nats, in: cell), let sync = limit("fdatasync") else {
            return nil
        }
        let isBehind = isBehind(.wici, in: cell)
        guard let own = summary(.p99, of: .wici, in: cell)?.median ?? (isBehind ? .infinity : nil)
        else { return nil }
        let name = say(
            "do ostatniego z 200, p99; próg 1,5 × NATS + fdatasync",
            "to last of 200, p99; bar 1.5 × NATS + fdatasync"
        )
        return ceiling(name, own, 1.5 * other.median + sync.least, "ms")
    }

    private func ceiling(
        _ name: String,
        _ measured: Double,
        _ required: Double,
        _ unit: String,
        _ reservation: String = "",
        isFloor: Bool = false
    ) -> Bar {
        Bar(
            name: name,
            measured: measured,
            required: required,
            isFloor: isFloor,
            unit: unit,
            reservation: reservation
        )
    }
}

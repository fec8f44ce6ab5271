// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The race as people read it: the same tables for the terminal and, as Markdown, for a report.

import Foundation

/// Tables made of results.
struct RaceReport {
    let results: RaceResults

    private struct Table {
        let title: String
        let columns: [String]
        var rows: [[String]] = []
    }

    /// For the terminal.
    var text: String {
        var parts = tables.map { table in
            var text = TextTable(table.columns)
            for row in table.rows { text.add(row) }
            return Console.paint(table.title, .strong) + "\n" + text.text
        }
        parts.append(remarks.joined(separator: "\n"))
        return parts.joined(separator: "\n\n")
    }

    /// For a report page; headings begin at the given level.
    func markdown(level: Int = 2) -> String {
        var lines: [String] = []
        for table in tables {
            lines += [String(repeating: "#", count: level) + " " + table.title, ""]
            lines.append("| " + table.columns.joined(separator: " | ") + " |")
            lines.append("|" + String(repeating: "---|", count: table.columns.count))
            lines += table.rows.map { "| " + $0.joined(separator: " | ") + " |" }
            lines.append("")
        }
        lines += remarks.map { "- " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Tables

    private var tables: [Table] {
        let bodies = Set(results.lines.map(\.cell.bodyBytes)).sorted()
        return [barTable] + bodies.map(workloadTable) + [limitTable, meaningTable]
    }

    private var barTable: Table {
        var table = Table(
            title: say("Progi (1 KiB)", "Bars (1 KiB)"),
            columns: [
                say("wielkość", "figure"), say("zmierzono", "measured"), say("próg", "bar"), "",
            ]
        )
        for bar in results.bars {
            let verdict = bar.isMet ? say("spełniony", "met") : say("niespełniony", "not met")
            let sign = bar.isFloor ? "≥" : "≤"
            table.rows.append([
                bar.name, "\(Self.number(bar.measured)) \(bar.unit)",
                "\(sign) \(Self.number(bar.required)) \(bar.unit)",
                bar.reservation.isEmpty ? verdict : "\(verdict) (\(bar.reservation))",
            ])
        }
        return table
    }

    private func workloadTable(_ bodyBytes: Int) -> Table {
        var table = Table(
            title: say("Treść \(bodyBytes) B", "Bodies of \(bodyBytes) B"),
            columns: [
                say("zadanie", "workload"), say("kto", "who"), say("mediana", "median"),
                say("rozrzut", "spread"), say("Wici jest", "Wici is"),
            ]
        )
        for workload in RaceWorkload.allCases {
            let cell = RaceCell(workload: workload, bodyBytes: bodyBytes)
            for figure in workload.figures {
                for contestant in workload.contestants {
                    guard let row = row(figure, contestant, cell) else { continue }
                    let name = [workload.title, figure.title].filter { !$0.isEmpty }
                    table.rows.append([name.joined(separator: ", ")] + row)
                }
            }
        }
        return table
    }

    private func row(_ figure: RaceFigure, _ contestant: RaceContestant, _ cell: RaceCell)
        -> [String]?
    {
        if results.isBehind(contestant, in: cell) {
            return [contestant.title, say("nie nadążył", "did not keep up"), "", ""]
        }
        guard let summary = results.summary(figure, of: contestant, in: cell) else { return nil }
        var ratio = ""
        if contestant != .wici, let own = results.summary(figure, of: .wici, in: cell) {
            let times =
                figure == .rate ? own.median / summary.median : summary.median / own.median
            ratio = "\(Self.number(times))×"
        }
        return [
            contestant.title, "\(Self.number(summary.median)) \(figure.unit)",
            "\(Self.number(summary.spread))×", ratio,
        ]
    }

    private var limitTable: Table {
        var table = Table(
            title: say("Granice tej maszyny (1 KiB)", "What this machine allows (1 KiB)"),
            columns: [
                say("granica", "limit"), say("mediana", "median"), say("rozrzut", "spread"),
            ]
        )
        let names: [(String, String, String)] = [
            ("fdatasync", say("fdatasync po 4 KiB, p50", "fdatasync after 4 KiB, p50"), "ms"),
            ("sqlite", say("SQLite FULL, po 1000 wierszy", "SQLite FULL, 1,000 rows each"), "/s"),
            ("sign", say("podpis Ed25519, jeden rdzeń", "Ed25519 sign, one core"), "/s"),
            ("verify", say("weryfikacja Ed25519, jeden rdzeń", "Ed25519 verify, one core"), "/s"),
            ("zmq-echo", say("ROUTER+CURVE tam i z powrotem, p50", "ROUTER+CURVE echo, p50"), "ms"),
            ("zmq-fanout-1", say("ROUTER+CURVE do 1", "ROUTER+CURVE to 1"), "/s"),
            ("zmq-fanout-20", say("ROUTER+CURVE do 20", "ROUTER+CURVE to 20"), "/s"),
            ("zmq-fanout-200", say("ROUTER+CURVE do 200", "ROUTER+CURVE to 200"), "/s"),
            ("audit-verify", say("audit verify, na rdzeń", "audit verify, per core"), "/s"),
            ("ready", say("start z dużą księgą", "start with the large ledger"), "s"),
        ]
        for (name, title, unit) in names {
            guard let limit = results.limit(name) else { continue }
            table.rows.append([
                title, "\(Self.number(limit.median)) \(unit)", "\(Self.number(limit.spread))×",
            ])
        }
        return table
    }

    private var meaningTable: Table {
        let present = Set(results.lines.map(\.contestant))
        return Table(
            title: say(
                "Co znaczy potwierdzenie i co jest sprawdzane",
                "What an acknowledgement means and what is checked"
            ),
            columns: [
                say("kto", "who"), say("potwierdzona znaczy", "acknowledged means"),
                say("sprawdza", "checks"),
            ],
            rows: RaceContestant.allCases.filter(present.contains)
                .map { [$0.title, $0.acknowledgement, $0.checks] }
        )
    }

    private var remarks: [String] {
        let scope = results.scope
        let seconds = Self.number(scope.seconds)
        return [
            say(
                "Rund: \(scope.rounds), po \(seconds) s, na zmianę; mediana i największa przez najmniejszą.",
                "\(scope.rounds) rounds of \(seconds) s each, alternating; median, and largest over smallest."
            ),
            say(
                "Koperty Wici są podpisane przed startem zegara, klienci niczego nie weryfikują; inni nie podpisują.",
                "Wici's envelopes are signed before the clock starts and its clients verify nothing; the others sign nothing."
            ),
            say(
                "W drodze najwyżej 1000 wiadomości nadawcy, u wszystkich tyle samo; jedna maszyna, pętla zwrotna.",
                "At most 1,000 messages of a sender under way, the same for all; one machine, loopback."
            ),
            say(
                "Nadrabianie: \(scope.catchUp) wiadomości, RabbitMQ i Mosquitto tyle, ile przyjęły w czasie.",
                "Catch-up: \(scope.catchUp) messages, RabbitMQ and Mosquitto what they took in the time."
            ),
            say(
                "Opóźnienie liczone od chwili, gdy wiadomość miała wyjść (\(scope.rate)/s).",
                "Latency counts from when a message was due (\(scope.rate)/s)."
            ),
        ]
    }

    /// A number with three significant digits, thousands apart.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "∞" }
        let magnitude = abs(value)
        if magnitude >= 1_000 {
            let digits = String(Int(magnitude.rounded()))
            var text = ""
            for (place, digit) in digits.enumerated() {
                if place > 0, (digits.count - place).isMultiple(of: 3) { text.append("\u{A0}") }
                text.append(digit)
            }
            return (value < 0 ? "-" : "") + text
        }
        let places = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
        return String(format: "%.\(places)f", value)
    }
}

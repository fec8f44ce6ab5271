// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a demonstration shows: the table of who received and acknowledged what, drawn again while it
// changes, and at the end the verdict and what to try next.

import Foundation
import WiciCore
import WiciHub

/// The table, drawn in place on a terminal and once at the end elsewhere.
final class LiveTable {
    private let isQuiet: Bool
    private var drawnLines = 0
    private var lastText = ""

    /// Shows nothing when quiet.
    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    /// Draws the table where a terminal can redraw it.
    func show(_ tallies: [DemoCourse.Tally]) {
        guard !isQuiet, Console.isColourful else { return }
        draw(Self.text(tallies))
    }

    /// Draws the final table.
    func finish(_ tallies: [DemoCourse.Tally]) {
        guard !isQuiet else { return }
        draw(Self.text(tallies))
    }

    private func draw(_ text: String) {
        guard text != lastText else { return }
        if drawnLines > 0 { Console.write("\u{1B}[\(drawnLines + 1)A\u{1B}[J") }
        Console.write(text)
        lastText = text
        drawnLines = text.split(separator: "\n", omittingEmptySubsequences: false).count
    }

    private static func text(_ tallies: [DemoCourse.Tally]) -> String {
        var table = TextTable(
            say("instytucja", "institution"),
            say("wysłała", "sent"),
            say("otrzymała", "received"),
            say("potwierdziła", "acknowledged")
        )
        for tally in tallies {
            table.add(
                tally.institution,
                "\(tally.sent)",
                "\(tally.received) / \(tally.expected)",
                "\(tally.acknowledged) / \(tally.toAcknowledge)"
            )
        }
        return table.text
    }
}

/// Sentences of a demonstration.
enum DemoText {
    /// Whether everything was as it must be.
    static func verdict(_ faults: [String]) {
        for fault in faults { Console.write(Console.paint(fault, .bad)) }
        if faults.isEmpty {
            Console.write(
                Console.paint(
                    say(
                        "Każda wiadomość dotarła dokładnie do grona z pokwitowania, raz i po kolei; "
                            + "księga jest spójna.",
                        "Every message reached exactly the audience of its receipt, once and in "
                            + "order; the ledger is sound."
                    ),
                    .good
                )
            )
        }
    }

    /// What to try while the network is up.
    static func whatNext(_ network: DemoNetwork) {
        let folder = network.location.path
        Console.write(
            say("\nSieć działa. Spróbuj w drugim terminalu:", "\nThe network is up. Try elsewhere:")
        )
        let program = CommandLine.arguments[0]
        for line in [
            "inbox --limit 10 --to-node \(folder)/nodes/kwp-lublin",
            "message new warning --english > warning.yaml",
            "message send warning.yaml --dry-run --to-node \(folder)/nodes/uw-lublin",
            "hub status \(folder)/hub",
            "audit flow --ledger \(folder)/export",
            "registry revoke caritas-test.main --reason withdrawn --registry \(folder)/hub/registry.note",
            "doctor --hub \(folder)/hub",
        ] {
            Console.write("  \(program) \(line)")
        }
        Console.write(say("Ctrl-C kończy.", "Ctrl-C ends it."))
    }
}

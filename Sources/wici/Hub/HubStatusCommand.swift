// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici hub status: what the running hub says of itself.

import ArgumentParser
import WiciHub

/// Shows a running hub.
struct HubStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the running hub: releases in force, nodes connected, counts.",
        discussion: """
            Ends with 5 when no hub runs for the folder, with 1 when it does not serve.

            Example:
              wici hub status hub --json
            """
    )

    @Argument(help: "The hub's folder.")
    var folder: String

    @OptionGroup var output: OutputOptions

    func run() throws {
        let addresses = try HubAddresses.read(folder)
        let health = try addresses.health()
        if output.json {
            try Console.write(json: health)
        } else {
            show(health, addresses)
        }
        if !health.ready { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func show(_ health: HubHealth, _ addresses: HubAddresses) {
        let state =
            health.ready
            ? Console.paint(say("gotowy", "ready"), .good)
            : Console.paint(say("nie obsługuje", "not serving"), .bad)
        let rows: [(String, String)] = [
            (say("stan", "state"), state),
            ("exchange", addresses.exchange),
            ("feed", addresses.feed),
            (say("rejestr", "registry"), "\(health.registryRelease ?? 0)"),
            (say("polityka", "policy"), "\(health.policyRelease ?? 0)"),
            (say("wpisów w księdze", "ledger entries"), "\(health.ledgerSize)"),
            (say("przyjęto", "accepted"), "\(health.accepted)"),
            (say("doręczono", "delivered"), "\(health.deliveries)"),
            (say("odmowy", "refusals"), "\(health.refusals.values.reduce(0, +))"),
            (say("połączone węzły", "connected nodes"), "\(health.connectedNodes)"),
        ]
        for (label, value) in rows {
            Console.write(label + String(repeating: " ", count: max(1, 18 - label.count)) + value)
        }
    }
}

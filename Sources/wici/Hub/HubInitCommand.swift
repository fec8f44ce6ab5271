// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici hub init: folder, keys and configuration of a hub.

import ArgumentParser
import Foundation
import WiciCore
import WiciHub

/// Makes a hub.
struct HubInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a hub's folder, keys and configuration.",
        discussion: """
            Prints what the registry must say of the hub: exchange key and ledger key.

            Example:
              wici hub init hub --origin hub.example --authority authority-1.pub \
            --authority authority-2.pub --authority authority-3.pub --threshold 2
            """
    )

    @Argument(help: "Folder to make.")
    var folder: String

    @Option(help: "Name of the ledger: one for each ledger ever, also for exercises.")
    var origin: String

    @Option(help: "Where nodes connect.")
    var exchange = "tcp://0.0.0.0:5570"

    @Option(help: "Where the feed is published.")
    var feed = "tcp://0.0.0.0:5571"

    @Option(help: "Loopback port of metrics and health; 0 takes a free one.")
    var statusPort = 5572

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let folder: String
        let origin: String
        let exchangeKey: String
        let ledgerKey: String
    }

    func run() throws {
        let location = URL(filePath: folder)
        let identity = try HubFolder(location).initialise(
            HubConfiguration(
                origin: origin,
                exchange: exchange,
                feed: feed,
                statusPort: statusPort,
                authority: try authority.trust()
            )
        )
        let report = Report(
            folder: location.path,
            origin: origin,
            exchangeKey: identity.exchangeKey,
            ledgerKey: identity.ledgerKey.text
        )
        if output.json { return try Console.write(json: report) }
        Console.write("origin        \(report.origin)")
        Console.write("exchange-key  \(report.exchangeKey)")
        Console.write("ledger-key    \(report.ledgerKey)")
        Console.remark(
            say(
                "Teraz: podpisany rejestr i polityka jako registry.note i policy.note w tym "
                    + "katalogu, potem: wici hub run \(folder)",
                "Next: put the signed registry.note and policy.note into the folder, then: "
                    + "wici hub run \(folder)"
            )
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici bench fill: a hub with a life's work behind it, for whoever measures or tortures one.

import ArgumentParser
import Foundation
import WiciCore
import WiciHub

/// Fills the ledger of a new hub.
struct BenchFillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract: "Fill the ledger of a new hub with messages that never travelled.",
        discussion: """
            The hub has registry and policy, does not run, and has no message yet. Only for hubs \
            that are measured or tested: the entries cannot be taken out again.

            Example:
              wici bench fill hub --entries 1000000 --from a.main --to b.main --to c.main ...
            """
    )

    @Argument(help: "The hub's folder.")
    var folder: String

    @Option(help: "Entries to append.")
    var entries = 1_000_000

    @Option(help: "The node that has sent every message.")
    var from: String

    @Option(help: "A node that has received some of them; at least seven.")
    var to: [String] = []

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let entries: Int
        let messages: Int
    }

    func run() async throws {
        let receivers = to.compactMap { NodeID($0) }
        guard let sender = NodeID(from), receivers.count == to.count,
            receivers.count >= BenchLedgerFill.fewestReceivers, entries > 0
        else {
            throw CommandFailure.usage(
                "--from i --to: węzły, odbiorców co najmniej siedem; --entries: od 1.",
                "--from and --to: nodes, seven receivers or more; --entries: 1 or more."
            )
        }
        let hub = HubFolder(URL(filePath: folder))
        guard FileManager.default.fileExists(atPath: hub.location.path) else {
            throw CommandFailure.missing(hub.location)
        }
        let cleanup = BenchCleanup()
        cleanup.watch()
        defer { cleanup.removeAll() }
        let messages = try BenchLedgerFill(
            folder: hub,
            sender: sender,
            receivers: receivers,
            cleanup: cleanup
        ).fill(entries)
        if output.json {
            try Console.write(json: Report(entries: entries, messages: messages))
        } else {
            Console.write(
                say(
                    "Dopisano wpisów \(entries), w tym wiadomości \(messages).",
                    "Appended \(entries) entries, of which \(messages) are messages."
                )
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici inbox: what the institution received.

import ArgumentParser
import WiciCore
import WiciNode

/// Lists the inbox.
struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox",
        abstract: "List the messages that the node received, in mailbox order.",
        discussion: """
            A number without a message is a tombstone: the message was withheld, recalled, \
            expired or erased.

            Examples:
              wici inbox --unacknowledged
              wici inbox --follow --json
            """
    )

    @OptionGroup var node: NodeOptions

    @Flag(help: "Only those that wait for an acknowledgement.")
    var unacknowledged = false

    @Flag(help: "Keep listing what arrives, until interrupted.")
    var follow = false

    @Option(help: "Begin after this mailbox number.")
    var after: UInt64 = 0

    @Option(help: "At most so many, newest last.")
    var limit = 1_000

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try node.client()
        guard (1...1_000).contains(limit) else {
            throw CommandFailure.usage("--limit: od 1 do 1000.", "--limit: 1 to 1000.")
        }
        var last = MailboxNumber(after)
        let first = try await client.inbox(
            after: last,
            limit: limit,
            unacknowledgedOnly: unacknowledged
        )
        if !follow {
            if output.json { return try Console.write(json: first) }
            return Console.write(Self.table(first))
        }
        var entries = first
        let clock = ContinuousClock()
        while true {
            for entry in entries {
                last = max(last, entry.number)
                if output.json {
                    try Console.write(json: entry)
                } else {
                    Console.write(Self.line(entry).joined(separator: "  "))
                }
            }
            try await clock.sleep(for: .milliseconds(500))
            entries = try await client.inbox(
                after: last,
                limit: limit,
                unacknowledgedOnly: unacknowledged
            )
        }
    }

    private static func table(_ entries: [InboxEntry]) -> String {
        guard !entries.isEmpty else { return say("Skrzynka jest pusta.", "The inbox is empty.") }
        var table = TextTable(
            say("nr", "no"),
            say("otrzymano", "received"),
            say("pilność", "urgency"),
            say("oznaczenie", "marking"),
            say("rodzaj", "type"),
            say("nadawca", "sender"),
            say("potw.", "ack."),
            say("wiadomość", "message"),
            say("tytuł", "title")
        )
        for entry in entries {
            let cells = line(entry)
            table.add(
                cells[0],
                cells[1],
                cells[2],
                cells[3],
                cells[4],
                cells[5],
                cells[6],
                cells[7],
                cells[8]
            )
        }
        return table.text
    }

    private static func line(_ entry: InboxEntry) -> [String] {
        let state =
            entry.acknowledgedAt != nil
            ? say("tak", "yes") : entry.labels?.acknowledgeBy != nil ? say("czeka", "waits") : "-"
        let title =
            entry.suspect != nil
            ? say("PODEJRZANA", "SUSPECT") : entry.tombstone ?? entry.title ?? ""
        return [
            "\(entry.number)", entry.receivedAt.inWarsaw, entry.labels?.urgency ?? "-",
            entry.labels?.marking ?? "-", entry.labels?.type ?? "-",
            entry.labels?.institution ?? entry.labels?.sender ?? "-", state,
            entry.id.map { "\($0)" } ?? "-", title,
        ]
    }
}

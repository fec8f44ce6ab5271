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
            Lists the newest; with --after it goes on from a number instead, so that a program \
            can page through everything. A number without a message is a tombstone: the message \
            was withheld, recalled, expired or erased.

            Examples:
              wici inbox --unacknowledged
              wici inbox --limit 20
              wici inbox --after 0 --follow --json
            """
    )

    @OptionGroup var node: NodeOptions

    @Flag(help: "Only those that ask for an acknowledgement and have none from here.")
    var unacknowledged = false

    @Flag(help: "Keep listing what arrives, until interrupted.")
    var follow = false

    @Option(help: "Begin after this mailbox number instead of with the newest.")
    var after: UInt64?

    @Option(help: "At most so many, 1 to 1000, newest last.")
    var limit = 1_000

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try node.client()
        guard (1...1_000).contains(limit) else {
            throw CommandFailure.usage("--limit: od 1 do 1000.", "--limit: 1 to 1000.")
        }
        let first: InboxPage
        if let after {
            let entries = try await client.inbox(
                after: MailboxNumber(after),
                limit: limit,
                unacknowledgedOnly: unacknowledged
            )
            first = InboxPage(entries: entries)
        } else {
            first = try await client.latestInbox(limit: limit, unacknowledgedOnly: unacknowledged)
        }
        remarkOmission(first)
        if follow { return try await follow(first.entries, client) }
        if output.json { return try Console.write(json: first.entries) }
        Console.write(Self.table(first.entries))
    }

    /// A list of which a part is missing must not pass for a whole one.
    private func remarkOmission(_ page: InboxPage) {
        if page.omitted > 0 {
            Console.remark(
                say(
                    "Pominięto starsze: \(page.omitted). Od początku: --after 0.",
                    "Left out: \(page.omitted) older. From the beginning: --after 0."
                )
            )
        }
        if let after, !follow, page.entries.count == limit {
            let last = page.entries.last?.number ?? MailboxNumber(after)
            Console.remark(
                say("Może być więcej: --after \(last).", "There may be more: --after \(last).")
            )
        }
    }

    private func follow(_ first: [InboxEntry], _ client: NodeClient) async throws {
        var entries = first
        var last = MailboxNumber(after ?? 0)
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
            if entries.count < limit { try await clock.sleep(for: .milliseconds(500)) }
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
            table.add(line(entry))
        }
        return table.text
    }

    /// What a message without a title answers.
    private static func answered(_ entry: InboxEntry) -> String {
        entry.labels?.references.first.map { say("dotyczy ", "re ") + "\($0)" } ?? ""
    }

    private static func line(_ entry: InboxEntry) -> [String] {
        let state =
            entry.acknowledgedAt != nil
            ? say("tak", "yes") : entry.waitsForAcknowledgement ? say("czeka", "waits") : "-"
        let title =
            entry.suspect != nil
            ? say("PODEJRZANA", "SUSPECT") : entry.tombstone ?? entry.title ?? answered(entry)
        return [
            "\(entry.number)", entry.receivedAt.inWarsaw, entry.labels?.urgency ?? "-",
            entry.labels?.marking ?? "-", entry.labels?.type ?? "-",
            entry.labels?.institution ?? entry.labels?.sender ?? "-", state,
            entry.id.map { "\($0)" } ?? "-", title,
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici node status: how a running node stands.

import ArgumentParser
import WiciCore
import WiciNode

/// Shows a running node.
struct NodeStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show a running node: connection, mailbox, outbox, releases.",
        discussion: """
            Ends with 1 when the node is not connected or holds no rules.

            Examples:
              wici node status node
              wici node status --to-node /run/wici/api.sock --json
            """
    )

    @Argument(help: "The node's folder, socket or URL.")
    var name: String?

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var options = node
        if let name { options.toNode = name }
        let status = try await options.client().status()
        if output.json {
            try Console.write(json: status)
        } else {
            show(status)
        }
        if !status.isReady { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func show(_ status: NodeStatus) {
        let colour: Console.Colour = status.isReady ? .good : .bad
        var rows: [(String, String)] = [
            (say("węzeł", "node"), status.node.text),
            (say("instytucja", "institution"), status.institution?.text ?? "?"),
            (
                say("połączenie", "connection"),
                Console.paint(Words.connection(status.connection), colour) + "  \(status.hub)"
            ),
            (say("rejestr", "registry"), Self.release(status.registry)),
            (say("polityka", "policy"), Self.release(status.policy)),
            (say("skrzynka", "mailbox"), "\(status.storedThrough) / \(status.mailboxHead)"),
            (say("czekają na potw.", "wait for ack."), "\(status.unacknowledged)"),
            (say("do wysłania", "to be sent"), "\(status.pending)"),
            (say("podejrzane", "suspect"), "\(status.suspect)"),
        ]
        if let refusal = status.refusal {
            rows.append((say("odmowa", "refusal"), say(refusal.help.pl, refusal.help.en)))
        }
        for (label, value) in rows {
            Console.write(label + String(repeating: " ", count: max(1, 18 - label.count)) + value)
        }
    }

    private static func release(_ status: ReleaseStatus?) -> String {
        status.map { "\($0.release) (\(say("do", "until")) \($0.validUntil))" } ?? "-"
    }
}

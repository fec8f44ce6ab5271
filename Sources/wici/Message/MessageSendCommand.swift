// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici message send: first who may have it and why, then the message, then the receipt.

import ArgumentParser
import Foundation
import WiciCore
import WiciNode

/// Sends a draft.
struct MessageSendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Send a draft: shows who is eligible and why, then the receipt.",
        discussion: """
            The preview is computed by the code with which the hub decides. With --dry-run \
            nothing is sent. A message written while the hub is away goes out later, once. \
            Ends with 3 when the policy refuses, with 6 when no receipt came in time: the message \
            is then on the node's disk and need not be sent again. --wait 0 does not ask for one.

            Examples:
              wici message send alert.yaml --to-node node
              wici message new warning | sed ... | wici message send - --dry-run
            """
    )

    @Argument(help: "Draft file (YAML or JSON), or - for standard input.")
    var file: String

    @OptionGroup var node: NodeOptions

    @Flag(help: "Show who is eligible and why, and stop.")
    var dryRun = false

    @Option(help: "Seconds to wait for the receipt, at most 60.")
    var wait = 15

    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard (0...60).contains(wait) else {
            throw CommandFailure.usage("--wait: od 0 do 60.", "--wait: 0 to 60.")
        }
        let bytes = try Files.read(file, limit: 512 << 10)
        let client = try node.client()
        let preview = try await client.preview(draft: bytes)
        try Self.checkSender(of: bytes, against: preview.labels)
        if !output.json { show(preview) }
        if let refusal = preview.refusal {
            if output.json, dryRun { try Console.write(json: preview) }
            throw CommandFailure(.refused, refusal)
        }
        if dryRun {
            if output.json { try Console.write(json: preview) }
            return
        }
        let entry = try await client.send(draft: bytes, wait: wait)
        try await MessageText.finish(entry, of: client, json: output.json, waited: wait)
    }

    /// Refuses a draft that says another institution sends it: what is sent cannot be taken back.
    private static func checkSender(of draft: Data, against labels: MessageLabels) throws {
        guard let from = try? MessageDraft(bytes: draft).from, let own = labels.institution,
            from != own
        else { return }
        throw CommandFailure(
            .failed,
            "sender-differs",
            "from: szkic ma wysłać inna instytucja niż \(own), do której należy ten węzeł. Wybierz "
                + "jej węzeł (--to-node) albo usuń pole from. Nic nie wysłano.",
            "from: the draft is to be sent by another institution than \(own), whose node this "
                + "is. Choose its node (--to-node) or remove the field. Nothing was sent."
        )
    }

    private func show(_ preview: Preview) {
        let labels = preview.labels
        Console.write(
            Console.paint("\(labels.type)  \(labels.marking)  \(labels.urgency)", .strong)
                + (preview.sealed ? say("  zapieczętowana", "  sealed") : "")
        )
        guard preview.refusal == nil else { return }
        Console.write(
            say("Uprawnieni (\(preview.eligible.count)):", "Eligible (\(preview.eligible.count)):")
        )
        Console.write(MessageText.table(of: preview.eligible) + "\n")
    }
}

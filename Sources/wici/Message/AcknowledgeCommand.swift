// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici acknowledge: a person has read it and says so.

import ArgumentParser
import WiciCore
import WiciNode

/// Acknowledges a message.
struct AcknowledgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acknowledge",
        abstract: "Acknowledge a received message to its sender.",
        discussion: """
            Ends with 6 when the hub did not take it within 15 seconds: it leaves later, once.

            Example:
              wici acknowledge 0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f --note "Przyjęto."
            """
    )

    @Argument(help: "The message's id.")
    var id: String

    @Option(help: "A remark for the sender, at most 300 characters.")
    var note = ""

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    /// Seconds to wait for the hub's receipt.
    private static let wait = 15

    func run() async throws {
        let client = try node.client()
        let entry = try await client.acknowledge(
            try MessageID.argument(id),
            note: note,
            wait: Self.wait
        )
        try await MessageText.finish(entry, of: client, json: output.json, waited: Self.wait)
    }
}

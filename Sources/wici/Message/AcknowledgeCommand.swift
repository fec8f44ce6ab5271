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

    func run() async throws {
        let entry = try await node.client().acknowledge(
            try MessageID.argument(id),
            note: note,
            wait: 15
        )
        if output.json { return try Console.write(json: entry) }
        try MessageText.show(entry)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici schema: the message types, their fields and the code lists, as the program itself reads them.

import ArgumentParser

/// The noun `schema`.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Message types, their fields and the code lists.",
        subcommands: [SchemaListCommand.self, SchemaShowCommand.self, SchemaJSONCommand.self]
    )
}

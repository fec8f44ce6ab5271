// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici message new: a commented draft to fill in.

import ArgumentParser
import WiciCore

/// Prints a template.
struct MessageNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Print a commented draft of a message type, to be filled in.",
        discussion: """
            Polish unless --english is given. With --json: the fields that must be filled in, for \
            a program; what each means is told by wici schema show TYPE --json. The types: wici \
            schema list

            Examples:
              wici message new case-alert > alert.yaml
              wici message new good-practice --json
            """
    )

    @Argument(help: "The message type.")
    var type: String

    @Flag(help: "English labels and guidance.")
    var english = false

    @OptionGroup var output: OutputOptions

    func run() throws {
        let schema = try MessageSchema.wanted(type)
        let template = MessageTemplate(schema, language: english ? .english : .polish)
        if output.json {
            Console.write(try PlainValue(yaml: template.text).json())
        } else {
            Console.write(String(template.text.dropLast()))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici schema json-schema: a type as JSON Schema, for the systems of institutions.

import ArgumentParser
import Foundation
import WiciCore

/// Exports message types as JSON Schema 2020-12.
struct SchemaJSONCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "json-schema",
        abstract: "Print a message type as JSON Schema 2020-12.",
        discussion: """
            With --omissions: the rules that JSON Schema cannot express and only Wici checks.

            Examples:
              wici schema json-schema case-alert > case-alert.schema.json
              wici schema json-schema --all --output schemas
              wici schema json-schema --omissions
            """
    )

    @Argument(help: "The message type.")
    var type: String?

    @Flag(help: "Every type, one file each, into the folder of --output.")
    var all = false

    @Flag(help: "List what JSON Schema cannot express.")
    var omissions = false

    @Option(name: .shortAndLong, help: "Folder for --all.")
    var output = "."

    @Flag(help: "Print JSON; the schema itself always is.")
    var json = false

    func run() throws {
        let export = JSONSchemaExport(language: Console.language)
        if omissions {
            if json {
                return try Console.write(
                    json: JSONSchemaExport.notExpressible.map { [$0.name, $0.sentence.english] }
                )
            }
            var table = TextTable(say("reguła", "rule"), say("dlaczego", "why"))
            for omission in JSONSchemaExport.notExpressible {
                table.add(omission.name, omission.sentence[Console.language])
            }
            return Console.write(table.text)
        }
        if all {
            let folder = URL(filePath: output)
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true
            )
            for schema in MessageSchema.all {
                let text = export.document(for: schema).json(indent: 2) + "\n"
                let file = folder.appending(path: "\(schema.type).schema.json")
                try Files.write(Data(text.utf8), to: file)
                Console.remark(file.path)
            }
            return
        }
        guard let type else {
            throw CommandFailure.usage(
                "Podaj rodzaj wiadomości albo --all.",
                "Name a message type, or use --all."
            )
        }
        Console.write(export.document(for: try MessageSchema.wanted(type)).json(indent: 2))
    }
}

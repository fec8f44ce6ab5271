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

    private struct Omission: Encodable {
        let rule: String
        let pl: String
        let en: String
    }

    private struct Written: Encodable {
        let type: String
        let file: String
    }

    func run() throws {
        let export = JSONSchemaExport(language: Console.language)
        if omissions { return try showOmissions() }
        if all { return try writeAll(export) }
        guard let type else {
            throw CommandFailure.usage(
                "Podaj rodzaj wiadomości albo --all.",
                "Name a message type, or use --all."
            )
        }
        Console.write(export.document(for: try MessageSchema.wanted(type)).json(indent: 2))
    }

    private func showOmissions() throws {
        let omissions = JSONSchemaExport.notExpressible
        if json {
            return try Console.write(
                json: omissions.map {
                    Omission(rule: $0.name, pl: $0.sentence.polish, en: $0.sentence.english)
                }
            )
        }
        var table = TextTable(say("reguła", "rule"), say("dlaczego", "why"))
        for omission in omissions { table.add(omission.name, omission.sentence[Console.language]) }
        Console.write(table.text)
    }

    private func writeAll(_ export: JSONSchemaExport) throws {
        let folder = URL(filePath: output)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var written: [Written] = []
        for schema in MessageSchema.all {
            let text = export.document(for: schema).json(indent: 2) + "\n"
            let file = folder.appending(path: "\(schema.type).schema.json")
            try Files.write(Data(text.utf8), to: file)
            written.append(Written(type: schema.type, file: file.path))
        }
        if json { return try Console.write(json: written) }
        for one in written { Console.write(one.file) }
    }
}

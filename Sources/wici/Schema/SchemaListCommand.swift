// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici schema list: the types, or the codes of a list.

import ArgumentParser
import WiciCore

/// Lists message types, code lists, or the codes of one list.
struct SchemaListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the message types, the code lists, or the codes of a list.",
        discussion: """
            Examples:
              wici schema list
              wici schema list --codes
              wici schema list exploitation --json
            """
    )

    @Argument(help: "A code list, for example exploitation.")
    var list: String?

    @Flag(help: "List the code lists instead of the message types.")
    var codes = false

    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let name: String
        let pl: String
        let en: String
        var version: String?
        var count: Int?
        var attributes: [String: String]?
    }

    func run() throws {
        let rows: [Row]
        if let list {
            guard let found = Vocabulary.current.lists[list] else {
                throw CommandFailure(
                    .notFound,
                    "list-unknown",
                    "Nie ma listy kodów „\(list)”.",
                    "There is no code list \"\(list)\". See: wici schema list --codes"
                )
            }
            rows = found.entries.map {
                Row(
                    name: $0.code.text,
                    pl: $0.name.polish,
                    en: $0.name.english,
                    attributes: $0.attributes
                )
            }
        } else if codes {
            rows = Vocabulary.current.lists.values.sorted { $0.name < $1.name }.map {
                Row(
                    name: $0.name,
                    pl: $0.label.polish,
                    en: $0.label.english,
                    version: $0.version,
                    count: $0.entries.count
                )
            }
        } else {
            rows = MessageSchema.all.map {
                Row(
                    name: $0.type,
                    pl: $0.label.polish,
                    en: $0.label.english,
                    version: String($0.version),
                    count: $0.fields.count
                )
            }
        }
        if output.json { return try Console.write(json: rows) }
        var table = TextTable(say("nazwa", "name"), say("znaczenie", "meaning"))
        for row in rows { table.add(row.name, say(row.pl, row.en)) }
        Console.write(table.text)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici schema show: one message type, field by field.

import ArgumentParser
import WiciCore

/// Shows the fields and rules of a message type.
struct SchemaShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the fields of a message type with their rules.",
        discussion: """
            Examples:
              wici schema show case-alert
              wici schema show support-request --json
            """
    )

    @Argument(help: "The message type, for example case-alert.")
    var type: String

    @OptionGroup var output: OutputOptions

    private struct Field: Encodable {
        let path: String
        let label: String
        let kind: String
        let required: Bool
        let repeated: Bool
        let maximumLength: Int?
        let maximumItems: Int?
        let codeList: String?
        let topic: Bool
        let guidance: String
    }

    func run() throws {
        let schema = try MessageSchema.wanted(type)
        let fields = Self.fields(of: schema, under: "")
        if output.json { return try Console.write(json: fields) }
        let language = Console.language
        Console.write(Console.paint("\(schema.type)  \(schema.label[language])", .strong))
        Console.write(schema.guidance[language] + "\n")
        var table = TextTable(
            say("pole", "field"),
            say("nazwa", "label"),
            say("rodzaj", "kind"),
            say("reguły", "rules")
        )
        for field in fields {
            var rules: [String] = []
            if field.required { rules.append(say("wymagane", "required")) }
            if let length = field.maximumLength { rules.append("<= \(length)") }
            if field.repeated { rules.append(say("lista", "list")) }
            if let list = field.codeList { rules.append(say("kody: ", "codes: ") + list) }
            table.add(field.path, field.label, field.kind, rules.joined(separator: ", "))
        }
        Console.write(table.text)
    }

    private static func fields(of schema: MessageSchema, under path: String) -> [Field] {
        schema.fields.flatMap { field -> [Field] in
            let here = path + field.jsonName + (field.isRepeated ? "[]" : "")
            let own = Field(
                path: here,
                label: field.label[Console.language],
                kind: field.kind.rawValue,
                required: field.isRequired,
                repeated: field.isRepeated,
                maximumLength: field.maximumLength,
                maximumItems: field.maximumItems,
                codeList: field.codeList,
                topic: field.isTopic,
                guidance: field.guidance[Console.language]
            )
            guard let group = field.group else { return [own] }
            return [own] + fields(of: group, under: here + ".")
        }
    }
}

extension MessageSchema {
    /// The schema of a type, or an error that says how to find the right name.
    static func wanted(_ type: String) throws -> MessageSchema {
        guard let schema = named(type) else {
            throw CommandFailure(
                .notFound,
                "type-unknown",
                "Nie ma rodzaju wiadomości „\(type)”. Lista: wici schema list",
                "There is no message type \"\(type)\". See: wici schema list"
            )
        }
        return schema
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Templates: whoever sends one unchanged hears only what is missing.

import Foundation
import Testing

@testable import WiciCore

struct MessageTemplateTests {
    @Test(arguments: MessageSchemaTests.typeNames, DeskLanguage.allCases)
    func `an untouched template lacks only what is required`(
        type: String,
        language: DeskLanguage
    ) throws {
        let schema = try #require(MessageSchema.named(type))
        let template = MessageTemplate(schema, language: language).text
        let draft = try MessageDraft(yaml: template)
        #expect(draft.type == type)
        let context = try MessageDraftTests.context()
        let error = try #require(throws: DraftError.self) { try draft.compose(context: context) }
        #expect(error.faults.filter { $0.code != .missing } == [])
        #expect(error.faults.contains { $0.path == "marking" })
        #expect(error.faults.contains { $0.path == "to" })
    }

    @Test(arguments: MessageSchemaTests.typeNames, DeskLanguage.allCases)
    func `a template shows every field with its label`(
        type: String,
        language: DeskLanguage
    ) throws {
        let schema = try #require(MessageSchema.named(type))
        let template = MessageTemplate(schema, language: language).text
        for field in MessageSchemaTests.allFields(of: schema) {
            #expect(template.contains("\(field.jsonName):"), "\(field.jsonName)")
            #expect(template.contains(field.label[language]), "\(field.jsonName)")
        }
        for key in DraftFields.keys.subtracting(["from", "answers"]) {
            #expect(template.contains("\(key):"), "\(key)")
        }
    }

    @Test(arguments: MessageSchemaTests.typeNames)
    func `a template with every comment opened is still a draft`(type: String) throws {
        let schema = try #require(MessageSchema.named(type))
        let names = Set(MessageSchemaTests.allFields(of: schema).map(\.jsonName))
        let opened = MessageTemplate(schema).text.split(separator: "\n").map { line in
            Self.opened(String(line), names.union(DraftFields.keys))
        }
        let draft = try MessageDraft(yaml: opened.joined(separator: "\n") + "\n")
        #expect(throws: DraftError.self) { try draft.compose(context: MessageDraftTests.context()) }
        #expect(draft.fields.faults == [])
        let (_, misfits) = try MessageBody.read(type: type, draft.body)
        #expect(misfits == [])
    }

    /// Removes the sign before a key that is commented out.
    static func opened(_ line: String, _ names: Set<String>) -> String {
        guard let sign = line.range(of: "# ") else { return line }
        let rest = line[sign.upperBound...]
        let item = rest.hasPrefix("- ") ? rest.dropFirst(2) : rest
        guard let colon = item.firstIndex(of: ":"), names.contains(String(item[..<colon])) else {
            return line
        }
        return String(line[..<sign.lowerBound] + rest)
    }
}

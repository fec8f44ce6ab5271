// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The sample messages of the demonstration network are good drafts, and every type has one.

import Foundation
import Testing

@testable import WiciCore

struct SampleDraftTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Deploy/network/messages")

    static let files: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    static func draft(_ file: String) throws -> MessageDraft {
        let bytes = try Data(contentsOf: folder.appendingPathComponent(file))
        // A sample cannot know the id of the message that it answers.
        let text = String(decoding: bytes, as: UTF8.self).replacing(
            "references: []",
            with: "references: [01927c4e-8a10-7abc-8def-0123456789ab]"
        )
        return try MessageDraft(yaml: text)
    }

    @Test(arguments: files)
    func `a sample composes without a fault`(file: String) throws {
        let draft = try Self.draft(file)
        #expect(draft.from != nil)
        let message = try draft.compose(context: MessageDraftTests.context())
        #expect(try MessageBody(type: draft.type, bytes: message.body) == message.content)
        #expect(Validator.current.check(message.content).topics == message.header.topics)
    }

    @Test func `every type has a sample`() throws {
        let types = Set(try Self.files.map { try Self.draft($0).type })
        #expect(types == Set(MessageSchemaTests.typeNames))
    }
}

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

    /// Every day once, with one sample after the other, and each sample on days of every kind.
    @Test func `every sample can be sent on any day of the next ten years`() throws {
        let drafts = try Self.files.map { try Self.draft($0) }
        let first = WarsawTime.date(at: MessageDraftTests.now).daysSinceEpoch
        for day in 0..<3653 {
            let date = CivilDate(daysSinceEpoch: first + day)
            // A day's first and last minute, in summer and winter time.
            let minute: Int64 = day % 2 == 0 ? 0 : 1439
            let moment = WarsawTime.moment(on: date, millisecondsOfDay: minute * 60_000)
            let place = day % drafts.count
            let chosen = day % 73 == 0 ? Array(drafts.indices) : [place]
            for place in chosen {
                let context = try MessageDraftTests.context(now: moment)
                #expect(throws: Never.self, "\(Self.files[place]) on \(date)") {
                    try drafts[place].compose(context: context)
                }
            }
        }
    }

    @Test func `every type has a sample`() throws {
        let types = Set(try Self.files.map { try Self.draft($0).type })
        #expect(types == Set(MessageSchemaTests.typeNames))
    }
}

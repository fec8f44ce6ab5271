// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Drafts by command, and the samples of the demonstration.

import ArgumentParser
import Foundation
import Testing
import WiciCore

@testable import wici

struct MessageCommandTests {
    static let messages = RegistryCommandTests.Rig.repository.appending(
        path: "Deploy/network/messages"
    )

    @Test
    func `a draft that is in order passes the check`() throws {
        let file = Self.messages.appending(path: "01-case-alert-kwatera.yaml").path
        let command = try MessageCheckCommand.parse([file])
        try command.run()
    }

    @Test
    func `an unfilled template does not pass the check and ends with 1`() throws {
        let rig = try RegistryCommandTests.Rig()
        let schema = try MessageSchema.wanted("case-alert")
        let file = rig.folder.appending(path: "alert.yaml")
        try Files.write(Data(MessageTemplate(schema).text.utf8), to: file)
        let command = try MessageCheckCommand.parse([file.path])
        #expect(throws: ExitCode(1)) { try command.run() }
    }

    @Test
    func `there is a sample of every message type`() throws {
        let samples = try DemoSample.all(in: Self.messages)
        #expect(Set(samples.map(\.type)) == Set(MessageSchema.all.map(\.type)))
        #expect(samples.map(\.number) == samples.map(\.number).sorted())
    }

    @Test
    func `a sample that answers another carries that one's id and is then in order`() throws {
        let id = MessageID(milliseconds: 1_800_000_000_000, random: (7, 9))
        let answers = try DemoSample.all(in: Self.messages).filter { $0.answers != nil }
        #expect(!answers.isEmpty)
        for sample in answers {
            let ids = Dictionary(uniqueKeysWithValues: (1...99).map { ($0, id) })
            let draft = try MessageDraft(bytes: try sample.draft(answering: ids))
            let composed = try draft.compose(context: DraftContext.checking(now: .now()))
            #expect(composed.header.references == [id.data], "\(sample.name)")
        }
    }

    @Test
    func `a sample whose question was never sent is not sent either`() throws {
        let answer = try #require(
            try DemoSample.all(in: Self.messages).first { $0.answers != nil }
        )
        #expect(throws: CommandFailure.self) { try answer.draft(answering: [:]) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici reply: an answer in the thread of a received message.

import ArgumentParser
import Foundation
import WiciCore
import WiciNode

/// Replies to a message.
struct ReplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reply",
        abstract: "Reply to a received message, with a draft or with an answer code.",
        discussion: """
            A draft of type and body alone takes marking, urgency and recipient from the message. \
            --answer replies to a meeting notice with a code of the list rsvp. Ends with 6 when \
            the hub did not take it within 15 seconds: it leaves later, once.

            Examples:
              wici reply 0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f --answer RS-YES
              wici reply 0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f odpowiedz.yaml
            """
    )

    @Argument(help: "The message's id.")
    var id: String

    @Argument(help: "Draft file (YAML or JSON), or - for standard input.")
    var file: String?

    @Option(help: "Answer to a meeting notice, for example RS-YES (wici schema list rsvp).")
    var answer: String?

    @Option(help: "Who attends instead, with RS-DEL: a post, not a name.")
    var delegate: String?

    @Option(help: "A remark for the sender.")
    var note: String?

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    /// Seconds to wait for the hub's receipt.
    private static let wait = 15

    func run() async throws {
        let message = try MessageID.argument(id)
        let draft: Data
        switch (file, answer) {
        case (let file?, nil): draft = try Files.read(file, limit: 512 << 10)
        case (nil, let answer?): draft = meetingReply(answer)
        case (nil, nil), (.some, .some):
            throw CommandFailure.usage(
                "Podaj plik albo --answer.",
                "Give either a file or --answer."
            )
        }
        let client = try node.client()
        let entry = try await client.reply(to: message, draft: draft, wait: Self.wait)
        try await MessageText.finish(entry, of: client, json: output.json, waited: Self.wait)
    }

    private func meetingReply(_ answer: String) -> Data {
        var body: [PlainValue.Member] = [.init("answer", .string(answer))]
        if let delegate { body.append(.init("delegate", .string(delegate))) }
        if let note { body.append(.init("note", .string(note))) }
        let draft = PlainValue.object([
            .init("type", .string("meeting-reply")), .init("body", .object(body)),
        ])
        return Data(draft.json().utf8)
    }
}

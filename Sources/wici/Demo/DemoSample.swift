// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The sample messages of a demonstration: drafts of Deploy/network/messages, in the order of their
// numbers, with the ids of earlier samples filled in where one answers another.

import Foundation
import WiciCore

/// A sample message.
struct DemoSample: Sendable {
    /// The number that starts the file's name.
    let number: Int
    /// The file's name.
    let name: String
    /// The message type.
    let type: String
    /// The sending institution.
    let from: InstitutionID
    /// Number of the sample that it answers.
    let answers: Int?
    private let text: String

    /// Reads every sample of a folder.
    static func all(in folder: URL) throws -> [DemoSample] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let samples = try names.filter { $0.hasSuffix(".yaml") }.sorted().map { name in
            try DemoSample(name: name, text: try Files.text(folder.appending(path: name).path))
        }
        guard !samples.isEmpty else { throw CommandFailure.missing(folder) }
        return samples
    }

    private init(name: String, text: String) throws {
        let draft = try MessageDraft(yaml: text)
        guard let number = Int(name.prefix { $0.isNumber }),
            let from = draft.from.flatMap(InstitutionID.init)
        else {
            throw CommandFailure(
                .failed,
                "sample-unreadable",
                "\(name): brak numeru lub nadawcy (from).",
                "\(name): the number or the sender (from) is missing."
            )
        }
        self.number = number
        self.name = name
        self.text = text
        self.from = from
        type = draft.type
        answers = draft.answers.flatMap(Int.init)
    }

    /// The draft, with the answered message's id in place.
    func draft(answering ids: [Int: MessageID]) throws -> Data {
        guard let answers else { return Data(text.utf8) }
        guard let id = ids[answers] else {
            throw CommandFailure(
                .failed,
                "sample-unanswerable",
                "\(name): przykładu \(answers) nie wysłano.",
                "\(name): the sample \(answers) was not sent."
            )
        }
        let filled =
            text
            .replacing("references: []", with: "references: [\(id)]")
            .replacing("00000000-0000-7000-8000-000000000000", with: "\(id)")
        return Data(filled.utf8)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici policy sign: one holder of an authority key signs; a policy that could not load is not signed.

import ArgumentParser
import Foundation
import WiciCore

/// Adds a signature of the network authority to a policy.
struct PolicySignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a policy with an authority key.",
        discussion: """
            Each key holder runs it in turn; the hub accepts the note when enough have signed. \
            A policy whose checks fail is not signed.

            Examples:
              wici policy sign policy.yaml --key keys/authority-1.key
              wici policy sign policy.note --key keys/authority-2.key
            """
    )

    @Argument(help: "Draft (YAML) or a note that others have signed already.")
    var file: String

    @Option(help: "File of an authority key; may be given more than once.")
    var key: [String]

    @Option(name: .shortAndLong, help: "Where the note goes (default: FILE with .note).")
    var output: String?

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    func run() throws {
        let policy = try Policy(text: try AuthorityDocument(path: file).text)
        if let fatal = policy.findings().first(where: \.isFatal) { throw fatal.error }
        try SignedDocument.sign(file, keys: key, output: output, json: json)
    }
}

/// What a signing command reports.
struct SignedDocument: Encodable {
    let file: String
    let signatures: [String]
    /// How many more keys of the authority must sign; unknown where it is not told who they are.
    var missing: Int?

    /// Signs, writes and reports.
    static func sign(
        _ file: String,
        keys: [String],
        output: String?,
        authority: AuthorityTrust? = nil,
        json: Bool
    ) throws {
        guard !keys.isEmpty else {
            throw CommandFailure.usage("Podaj --key.", "Give --key.")
        }
        let (target, note) = try AuthorityDocument.sign(file, keys: keys, output: output)
        var report = SignedDocument(file: target.path, signatures: note.signatures.map(\.name))
        if let authority {
            let signed = (try? note.verify(authority.keys).count) ?? 0
            report.missing = max(0, authority.threshold - signed)
        }
        if json { return try Console.write(json: report) }
        Console.write(
            say(
                "\(target.path): podpisali \(report.signatures.joined(separator: ", ")).",
                "\(target.path): signed by \(report.signatures.joined(separator: ", "))."
            )
        )
        switch report.missing {
        case nil: return
        case 0: Console.write(say("Podpisów wystarczy.", "That is enough signatures."))
        case let missing?:
            Console.write(
                say(
                    "Brakuje podpisów: \(missing). Następny: wici registry sign \(target.path) "
                        + "--key PLIK",
                    "Signatures still missing: \(missing). Next: wici registry sign "
                        + "\(target.path) --key FILE"
                )
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry: who is a member, with which keys. The authority edits a draft, signs it m of n, and
// hands the note to the hub.

import ArgumentParser
import Foundation
import WiciCore

/// The noun `registry`.
struct RegistryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "Keep the list of members: add, revoke, rotate, sign, verify, show.",
        discussion: """
            A change to a signed release begins a draft of the next one beside it \
            (registry-2.yaml); a change to a draft is made in place. Sign the draft with as many \
            authority keys as the threshold says, put the note where the hub reads it \
            (HUB/registry.note), and run: wici hub reload HUB
            """,
        subcommands: [
            RegistryKeyCommand.self, RegistryInitCommand.self, RegistryAddCommand.self,
            RegistryRevokeCommand.self, RegistryRotateCommand.self, RegistrySignCommand.self,
            RegistryVerifyCommand.self, RegistryShowCommand.self, RegistryTeamsCommand.self,
        ]
    )
}

/// The registry that a command changes.
struct RegistryDraftOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "Registry: a signed release or a draft (default: WICI_REGISTRY or ./registry.note)."
    )
    var registry: String?

    @Option(name: .shortAndLong, help: "Where the draft goes (default: see wici registry --help).")
    var output: String?

    @Option(help: "Last day on which the new release is valid, YYYY-MM-DD.")
    var expires: String?

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    private struct Report: Encodable {
        let file: String
        let release: UInt64
        let nodes: Int
    }

    /// Makes one change and writes the draft.
    func change(_ change: (inout RegistryContents) throws -> Void) throws {
        let path = RegistryFile.path(registry)
        let document = try AuthorityDocument(path: path)
        let file = URL(filePath: path)
        var contents: RegistryContents
        switch document {
        case .draft(let text): contents = try RegistryContents(text: text)
        case .note(_, let bytes):
            contents = try RegistryContents.successor(of: bytes, issued: .today())
        }
        if let expires { contents.expires = try RegistryFile.date(expires, "--expires") }
        try change(&contents)
        let text = contents.text
        _ = try RegistryContents(text: text)
        let target =
            output.map { URL(filePath: $0) }
            ?? (document.isDraft
                ? file
                : file.deletingLastPathComponent().appending(
                    path: "registry-\(contents.release).yaml"
                ))
        try Files.write(Data(text.utf8), to: target)
        let report = Report(
            file: target.path,
            release: contents.release,
            nodes: contents.nodes.count
        )
        if json { return try Console.write(json: report) }
        Console.write(
            say(
                "\(target.path): wydanie \(report.release), węzłów \(report.nodes). "
                    + "Teraz: wici registry sign \(target.path) --key PLIK",
                "\(target.path): release \(report.release), \(report.nodes) nodes. "
                    + "Next: wici registry sign \(target.path) --key FILE"
            )
        )
    }
}

/// Finding and reading a registry.
enum RegistryFile {
    /// The file that is meant.
    static func path(_ given: String?) -> String {
        given ?? Settings.environment["WICI_REGISTRY"] ?? "registry.note"
    }

    /// Its contents, without asking who signed.
    static func contents(_ given: String?) throws -> RegistryContents {
        try RegistryContents(text: try AuthorityDocument(path: path(given)).text)
    }

    /// A date from the command line.
    static func date(_ text: String, _ option: String) throws -> CivilDate {
        guard let date = CivilDate(text) else {
            throw CommandFailure.usage(
                "\(option): „\(text)” nie jest datą RRRR-MM-DD.",
                "\(option): \"\(text)\" is not a date YYYY-MM-DD."
            )
        }
        return date
    }

    /// An enrolment request, its proof of possession verified.
    static func request(_ path: String) throws -> EnrolmentRequest {
        try EnrolmentRequest(note: try Files.read(path))
    }
}

extension AuthorityDocument {
    /// Whether nobody has signed it.
    var isDraft: Bool {
        switch self {
        case .draft: true
        case .note: false
        }
    }
}

/// Whose signatures are required, as hub and node are told when they are made.
struct AuthorityOptions: ParsableArguments {
    @Option(help: "Verifier key of the authority, as text or a .pub file; once for each.")
    var authority: [String] = []

    @Option(help: "How many of the authority's keys must sign.")
    var threshold = 2

    /// The trust that follows.
    func trust() throws -> AuthorityTrust {
        let keys = try authority.map { given in
            let text =
                given.contains("+")
                ? given : try Files.text(given).trimmingCharacters(in: .whitespacesAndNewlines)
            do {
                return try VerifierKey(text: text)
            } catch {
                throw CommandFailure.usage(
                    "--authority: „\(given)” nie jest kluczem weryfikującym.",
                    "--authority: \"\(given)\" is not a verifier key."
                )
            }
        }
        guard threshold >= 1, Set(keys.map(\.publicKey)).count >= threshold else {
            throw CommandFailure.usage(
                "--authority: kluczy jest mniej, niż wymaga --threshold \(threshold).",
                "--authority: there are fewer keys than --threshold \(threshold) asks for."
            )
        }
        return AuthorityTrust(threshold: threshold, keys: keys)
    }
}

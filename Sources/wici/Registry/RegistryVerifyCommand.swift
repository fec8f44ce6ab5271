// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry verify: signatures, dates and the chain of releases, as hub and nodes check them.

import ArgumentParser
import WiciCore

/// Verifies a registry.
struct RegistryVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a registry as hub and nodes do: signatures, dates, chain of releases.",
        discussion: """
            Without --authority and --after, the keys that the registry itself names are taken: \
            that shows it is complete, not who made it. With both, the keys must have signed the \
            release before, and the authority that it names this one.

            Examples:
              wici registry verify registry.note --authority a1.pub --authority a2.pub
              wici registry verify registry-2.note --after registry-1.note
            """
    )

    @Argument(help: "The signed note (default: WICI_REGISTRY, else ./registry.note).")
    var file: String?

    @Option(help: "The release in force before; its authority must have signed.")
    var after: String?

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let network: String
        let release: UInt64
        let digest: String
        let expires: String
        let pinned: Bool
    }

    func run() throws {
        let path = RegistryFile.path(file)
        let bytes = try Files.read(path)
        guard let note = try? SignedNote(bytes: bytes) else {
            throw CommandFailure(
                RefusalCode.noteUnreadable,
                field: path,
                RefusalCode.noteUnreadable.sentence
            )
        }
        let isPinned = !authority.authority.isEmpty || after != nil
        let ownTrust = try RegistryContents(text: note.text).authority
        let trust = authority.authority.isEmpty ? ownTrust : try authority.trust()
        let previous = try after.map { path in
            let bytes = try Files.read(path)
            let contents = try RegistryContents(text: try SignedNote(bytes: bytes).text)
            return try Registry.load(
                note: bytes,
                trust: authority.authority.isEmpty ? contents.authority : trust,
                after: nil,
                now: Moment(
                    milliseconds: Int64(contents.issued.daysSinceEpoch) * 86_400_000
                        + 43_200_000
                )
            )
        }
        let registry = try Registry.load(note: bytes, trust: trust, after: previous, now: .now())
        let report = Report(
            network: registry.contents.network,
            release: registry.release,
            digest: registry.digest.hexadecimal,
            expires: registry.contents.expires.description,
            pinned: isPinned
        )
        if output.json { return try Console.write(json: report) }
        Console.write(
            Console.paint(
                say(
                    "\(report.network), wydanie \(report.release), ważne do \(report.expires): "
                        + "w porządku.",
                    "\(report.network), release \(report.release), valid until "
                        + "\(report.expires): in order."
                ),
                .good
            )
        )
        Console.write("SHA-256 \(report.digest)")
        if !isPinned {
            Console.remark(
                say(
                    "Uwaga: sprawdzono kluczami z samego rejestru; podaj --authority.",
                    "Note: verified with the registry's own keys only; give --authority."
                )
            )
        }
    }
}

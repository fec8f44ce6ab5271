// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry sign: one holder of an authority key signs a registry.

import ArgumentParser
import WiciCore

/// Adds a signature of the network authority to a registry.
struct RegistrySignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a registry with an authority key.",
        discussion: """
            Each key holder runs it in turn. A registry that would not load is not signed.

            Examples:
              wici registry sign registry-2.yaml --key keys/authority-1.key
              wici registry sign registry-2.note --key keys/authority-2.key
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
        let contents = try RegistryContents(text: try AuthorityDocument(path: file).text)
        for path in key {
            let name = try Files.signer(path).verifierKey
            guard !contents.authority.keys.contains(name) else { continue }
            // Right for the holders before a change of authority, and for nobody else.
            Console.remark(
                say(
                    "Uwaga: klucza \(path) nie ma wśród kluczy organu wymienionych w tym rejestrze.",
                    "Note: \(path) is not among the authority keys that this registry names."
                )
            )
        }
        try SignedDocument.sign(
            file,
            keys: key,
            output: output,
            authority: contents.authority,
            json: json
        )
    }
}

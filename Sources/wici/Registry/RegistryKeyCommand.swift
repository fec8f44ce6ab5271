// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry key: a signing key for one person of the network authority.

import ArgumentParser
import Foundation
import WiciCore

/// Makes an authority key.
struct RegistryKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make a signing key of the network authority.",
        discussion: """
            Writes NAME.key (secret, mode 0600: keep it off the hub) and NAME.pub (the verifier \
            key, for wici hub init and wici node init).

            Examples:
              wici registry key authority-1
              wici registry key authority-2 --folder /media/safe
            """
    )

    @Argument(help: "The key's name, for example authority-1.")
    var name: String

    @Option(help: "Folder for the two files.")
    var folder = "."

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let verifierKey: String
        let secretFile: String
        let publicFile: String
    }

    func run() throws {
        guard VerifierKey.isAllowed(name: name), !name.contains("/") else {
            throw CommandFailure.usage(
                "Nazwa klucza nie może zawierać odstępów, + ani /.",
                "A key name holds no blanks, + or /."
            )
        }
        let signer = try NoteSigner(name: name, key: SigningKey())
        let location = URL(filePath: folder)
        let secretFile = location.appending(path: "\(name).key")
        let publicFile = location.appending(path: "\(name).pub")
        try Files.writeSecret(signer.privateText, to: secretFile)
        try Files.write(Data((signer.verifierKey.text + "\n").utf8), to: publicFile)
        let report = Report(
            verifierKey: signer.verifierKey.text,
            secretFile: secretFile.path,
            publicFile: publicFile.path
        )
        if output.json { return try Console.write(json: report) }
        Console.write(report.verifierKey)
    }
}

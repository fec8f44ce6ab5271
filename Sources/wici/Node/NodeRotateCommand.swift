// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici node rotate: new keys for a node that stays a member, and the request that names them.

import ArgumentParser
import Foundation
import WiciCore
import WiciNode

/// Begins a change of keys.
struct NodeRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make new keys for a node and the request with which they replace the old ones.",
        discussion: """
            Makes new exchange, signing and sealing keys beside the old ones (keys/next) and \
            writes rotation.request, which goes to the network authority (wici registry rotate). \
            The node may run meanwhile and need not be started again.

            The rule: the node uses the old keys until a registry that it has verified names the \
            new ones, and from then on only the new ones. When the hub no longer knows the old \
            exchange key, the node tries the new one. The old sealing key stays in the folder \
            (keys/sealing-retired-*.key), so that mail from before still opens; the other old keys \
            are deleted. The key that encrypts the node's disk does not change.

            Given again before the registry names the keys, it writes the same request again.

            Examples:
              wici node rotate node
              wici node rotate node --json
            """
    )

    @Argument(help: "The node's folder.")
    var folder: String

    @Option(help: "The institution's id, where the folder's enrolment.request is gone.")
    var institution: String?

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let request: String
        let exchangeKey: String
        let signingKey: String
        let sealingKey: String
    }

    func run() throws {
        let node = NodeFolder(URL(filePath: folder))
        guard FileManager.default.fileExists(atPath: node.location.path) else {
            throw CommandFailure.missing(node.location)
        }
        let member = try institution.map { text in
            guard let member = InstitutionID(text) else {
                throw CommandFailure.usage(
                    "--institution: małe litery, cyfry i łącznik.",
                    "--institution: lower-case letters, digits and hyphens."
                )
            }
            return member
        }
        let request = try node.rotate(institution: member)
        let report = Report(
            request: node.rotationFile.path,
            exchangeKey: request.exchangeKey.hexadecimal,
            signingKey: request.signingKey.hexadecimal,
            sealingKey: request.sealingKey.hexadecimal
        )
        if output.json { return try Console.write(json: report) }
        Console.write(report.request)
        Console.remark(
            say(
                "Przekaż ten plik organowi sieci i odczytaj nowy klucz podpisu: "
                    + "\(report.signingKey)\nStare klucze działają, dopóki rejestr nie wymieni nowych.",
                "Give that file to the network authority and read out the new signing key: "
                    + "\(report.signingKey)\nThe old keys work until the registry names the new ones."
            )
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry add: enrols the node of a request.

import ArgumentParser
import WiciCore

/// Enrols nodes.
struct RegistryAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Enrol the node of a request made by wici node init.",
        discussion: """
            The request proves that its sender holds the key; that the sender is who it says \
            must be checked by other means, for example by reading the signing key on the phone.

            Examples:
              wici registry add kwp-lublin.request --registry registry.note
              wici registry add *.request --registry registry-1.yaml --from 2027-01-01
            """
    )

    @Argument(help: "Request files.")
    var requests: [String]

    @Option(help: "First day of validity (default: today).")
    var from: String?

    @Option(help: "Last day of validity (default: none).")
    var through: String?

    @OptionGroup var draft: RegistryDraftOptions

    func run() throws {
        let validity = Validity(
            from: try from.map { try RegistryFile.date($0, "--from") } ?? .today(),
            through: try through.map { try RegistryFile.date($0, "--through") }
        )
        let read = try requests.map(RegistryFile.request)
        try draft.change { contents in
            for request in read { try contents.enrol(request, validity: validity) }
        }
    }
}

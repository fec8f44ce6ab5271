// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry revoke: a node that may no longer take part.

import ArgumentParser
import WiciCore

/// Revokes a node.
struct RegistryRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a node: from the next release on nothing goes to it or comes from it.",
        discussion: """
            Reasons: \(RevocationReason.allCases.map(\.rawValue).joined(separator: ", ")).

            Example:
              wici registry revoke kwp-lublin.main --reason key-compromised
            """
    )

    @Argument(help: "Id of the node.")
    var node: String

    @Option(help: "Why.")
    var reason: String

    @Option(help: "First day without membership (default: today).")
    var on: String?

    @OptionGroup var draft: RegistryDraftOptions

    func run() throws {
        guard let id = NodeID(node) else {
            throw CommandFailure.usage(
                "„\(node)” nie jest identyfikatorem węzła.",
                "\"\(node)\" is not a node id."
            )
        }
        guard let reason = RevocationReason(rawValue: reason) else {
            let words = RevocationReason.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure.usage("--reason: jedno z: \(words).", "--reason: one of \(words).")
        }
        let date = try on.map { try RegistryFile.date($0, "--on") } ?? .today()
        try draft.change { try $0.revoke(id, on: date, reason: reason) }
    }
}

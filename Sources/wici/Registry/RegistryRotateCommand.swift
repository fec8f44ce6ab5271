// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry rotate: new keys for a node that stays a member.

import ArgumentParser
import WiciCore

/// Replaces a node's keys.
struct RegistryRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Replace a node's keys by those of a new request.",
        discussion: """
            The old sealing key still opens what was sealed to it until --old-until.

            Example:
              wici registry rotate kwp-lublin.request --old-until 2027-03-31
            """
    )

    @Argument(help: "Request file with the node's new keys.")
    var request: String

    @Option(help: "Last day of the old sealing key (default: in 30 days).")
    var oldUntil: String?

    @OptionGroup var draft: RegistryDraftOptions

    func run() throws {
        let read = try RegistryFile.request(request)
        let through =
            try oldUntil.map { try RegistryFile.date($0, "--old-until") }
            ?? CivilDate.today().adding(days: 30)
        try draft.change { try $0.rotate(read, oldSealingKeyThrough: through) }
    }
}

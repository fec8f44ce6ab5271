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
            The request is made by wici node rotate. It proves that its sender holds the new keys; \
            that the sender is the institution must be checked by other means, for example by \
            reading the signing key on the phone.

            The hub takes nothing new under the old signing key and ends connections made with \
            the old exchange key. Mail that was signed with or \
            sealed to the old keys through --old-until still counts; after a theft of the \
            keys, name the last day on which they were safe.

            Example:
              wici registry rotate rotation.request --old-until 2027-03-31
            """
    )

    @Argument(help: "Request file with the node's new keys.")
    var request: String

    @Option(help: "Last day of the old keys (default: today).")
    var oldUntil: String?

    @OptionGroup var draft: RegistryDraftOptions

    func run() throws {
        let read = try RegistryFile.request(request)
        let through =
            try oldUntil.map { try RegistryFile.date($0, "--old-until") }
            ?? CivilDate.today()
        try draft.change { try $0.rotate(read, oldKeysThrough: through) }
    }
}

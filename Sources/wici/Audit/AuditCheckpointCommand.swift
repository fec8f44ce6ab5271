// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici audit checkpoint: the last signed state of the ledger.

import ArgumentParser
import WiciCore

/// Prints the last checkpoint.
struct AuditCheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Print the last signed checkpoint (C2SP tlog-checkpoint).",
        discussion: """
            An export is verified first, as by wici audit verify: an altered one ends with 8.

            Example:
              wici audit checkpoint --ledger hub
            """
    )

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let origin: String
        let size: UInt64
        let root: String
        let signatures: [String]
        let note: String
    }

    func run() throws {
        guard let note = try ledger.source().checkpoint() else {
            throw CommandFailure(
                .notFound,
                "checkpoint-missing",
                "Brak podpisanego punktu kontrolnego.",
                "There is no signed checkpoint."
            )
        }
        let checkpoint = try Checkpoint(text: note.text)
        if output.json {
            return try Console.write(
                json: Report(
                    origin: checkpoint.origin,
                    size: checkpoint.size,
                    root: checkpoint.root.hexadecimal,
                    signatures: note.signatures.map(\.name),
                    note: note.string
                )
            )
        }
        Console.write(String(note.string.dropLast()))
    }
}

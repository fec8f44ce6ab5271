// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici audit proof: that one message is in the ledger, in a form that foreign tools verify.

import ArgumentParser
import Foundation
import WiciCore
import WiciNode

/// Gets the proof of a message.
struct AuditProofCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proof",
        abstract: "Get the proof that a message is in the ledger (C2SP tlog-proof).",
        discussion: """
            For messages that the node sent or received. The node, and then this program, verify \
            that the proof is of this message before it is printed; the record and salt that open \
            the leaf are in the JSON form. Ends with 8 when it does not verify.

            Examples:
              wici audit proof 0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f > message.proof
              wici audit proof 0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f --json
            """
    )

    @Argument(help: "The message's id.")
    var message: String

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let id = try MessageID.argument(message)
        let client = try node.client()
        let proof = try await client.prove(id)
        let registry = try SignedNote(bytes: Data(try await client.registryText().utf8))
        let ledgerKey = try RegistryContents(text: registry.text).hub.ledgerKey
        guard proof.proves(id, ledgerKey: ledgerKey) else {
            throw CommandFailure(
                .integrity,
                "proof-wrong",
                "To nie jest dowód wiadomości \(id).",
                "This is no proof of the message \(id)."
            )
        }
        if output.json { return try Console.write(json: proof) }
        let path = proof.path.compactMap { Digest(bytes: $0) }
        guard path.count == proof.path.count else {
            throw CommandFailure(
                .integrity,
                "proof-malformed",
                "Dowodu nie da się odczytać.",
                "The proof cannot be read."
            )
        }
        let note = try SignedNote(bytes: Data(proof.checkpoint.utf8), limits: .checkpoint)
        let file = ProofFile(index: proof.entry.index.value, path: path, checkpoint: note)
        Console.write(String(decoding: file.bytes.dropLast(), as: UTF8.self))
    }
}

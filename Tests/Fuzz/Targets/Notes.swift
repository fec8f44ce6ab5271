// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Signed notes and what travels in them: verifier keys, checkpoints, proof files. Whatever is
// accepted is written again to the same bytes, so that no two texts pass for one value.

import Foundation
import WiciCore

extension FuzzTarget {
    /// A signed note, and its bytes as a key text.
    static let signedNote = FuzzTarget("signed-note", longestInput: 16 << 10) { input in
        if let note = accepted({ () throws(NoteError) in try SignedNote(bytes: input) }) {
            try require(note.bytes == input, "an accepted note is written as it was read")
            let keys = try FuzzKeys.shared.get().noteKeys
            let signers = accepted { () throws(NoteError) in try note.verify(keys) }
            try require(signers.map { !$0.isEmpty } ?? true, "a verified note has a signer")
            var signed = try SignedNote(text: note.text)
            try FuzzKeys.shared.get().ledger.sign(&signed)
            let again = try SignedNote(bytes: signed.bytes)
            try require(again.text == note.text, "signing keeps the text")
            try require(try !again.verify(keys).isEmpty, "what was signed verifies")
        }
        let text = String(decoding: input, as: UTF8.self)
        if let key = accepted({ () throws(NoteError) in try VerifierKey(text: text) }) {
            try require(key.text == text, "an accepted key is written as it was read")
        }
        if let signer = accepted({ () throws(NoteError) in try NoteSigner(privateText: text) }) {
            try require(signer.privateText == text, "an accepted signer is written as it was read")
        }
    }

    /// A checkpoint: as a note, and as the text of a note that the ledger has signed.
    static let checkpoint = FuzzTarget("checkpoint", longestInput: 8 << 10) { input in
        let keys = try FuzzKeys.shared.get()
        if let note = accepted({ () throws(NoteError) in
            try SignedNote(bytes: input, limits: .checkpoint)
        }) {
            let head = accepted { () throws(NoteError) in
                try Checkpoint(note: note, ledgerKey: keys.ledger.verifierKey)
            }
            try require(head.map { $0.text == note.text } ?? true, "a checkpoint is its text")
        }
        let text = String(decoding: input, as: UTF8.self)
        guard let head = accepted({ () throws(NoteError) in try Checkpoint(text: text) })
        else { return }
        try require(head.text == text, "an accepted checkpoint is written as it was read")
        guard let note = accepted({ () throws(NoteError) in try keys.ledger.note(text: text) })
        else { return }
        let signed = accepted { () throws(NoteError) in
            try Checkpoint(note: note, ledgerKey: keys.ledger.verifierKey)
        }
        try require(
            (signed == head) == (head.origin == keys.ledger.verifierKey.name),
            "a signed checkpoint counts for its own origin alone"
        )
    }

    /// A proof file, and its bytes as the numbers and hashes of a consistency proof.
    static let proof = FuzzTarget("proof", longestInput: 16 << 10) { input in
        if let file = accepted({ () throws(ProofFileError) in try ProofFile(bytes: input) }) {
            try require(file.bytes == input, "an accepted proof is written as it was read")
            let key = try FuzzKeys.shared.get().ledger.verifierKey
            _ = accepted { () throws(ProofFileError) in
                try file.verify(leafHash: .zero, ledgerKey: key)
            }
        }
        guard input.count >= 16 else { return }
        let sizes = [input.prefix(8), input.dropFirst(8).prefix(8)].map { bytes in
            bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let hashes = stride(from: 16, to: input.count - 31, by: 32).compactMap {
            Digest(bytes: input[input.startIndex + $0..<input.startIndex + $0 + 32])
        }
        let inclusion = InclusionProof(index: sizes[0], size: sizes[1], path: hashes)
        if let root = inclusion.computedRoot(leafHash: .zero) {
            try require(inclusion.verify(leafHash: .zero, root: root), "a computed root verifies")
        }
        let consistency = ConsistencyProof(oldSize: sizes[0], newSize: sizes[1], path: hashes)
        let holds = consistency.verify(oldRoot: hashes.first ?? .zero, newRoot: .zero)
        try require(!holds || sizes[0] <= sizes[1], "a tree never shrinks")
    }
}

/// What a parser with typed errors made of an input; `nil` when it refused.
///
/// The closure's error type is checked by the compiler, so a refusal is always of the parser's own
/// type.
func accepted<Value, Refusal: Error>(
    _ parse: () throws(Refusal) -> Value
) -> Value? {
    try? parse()
}

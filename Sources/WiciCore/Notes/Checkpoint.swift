// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A checkpoint says how large the ledger was and what its root hash was: the text of C2SP
// tlog-checkpoint v1.0.0, carried as a signed note.

import Foundation

/// The head of a ledger: origin, number of entries, root hash.
public struct Checkpoint: Hashable, Sendable {
    /// The ledger's name, equal to its key name; unique per ledger.
    public let origin: String
    /// Number of entries, at most 2^63 - 1.
    public let size: UInt64
    /// RFC 6962 tree hash over the entries.
    public let root: Digest
    /// Lines after the third, which others may write; ours have none.
    public let extensions: [String]

    /// Makes a checkpoint without extension lines.
    public init(origin: String, size: UInt64, root: Digest) throws(NoteError) {
        guard !origin.isEmpty, size <= UInt64(Int64.max),
            !origin.utf8.contains(where: { $0 < 0x20 })
        else { throw .malformedCheckpoint }
        self.origin = origin
        self.size = size
        self.root = root
        self.extensions = []
    }

    /// Parses a note's text.
    public init(text: String) throws(NoteError) {
        guard text.utf8.last == 0x0A else { throw .malformedCheckpoint }
        let lines = text.utf8.dropLast().split(
            separator: 0x0A,
            omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        guard lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }),
            !text.utf8.contains(where: { $0 < 0x20 && $0 != 0x0A }),
            let size = UInt64(canonicalDecimal: lines[1]), size <= UInt64(Int64.max),
            let bytes = Data(canonicalBase64: lines[2]), let root = Digest(bytes: bytes)
        else { throw .malformedCheckpoint }
        self.origin = lines[0]
        self.size = size
        self.root = root
        self.extensions = Array(lines.dropFirst(3))
    }

    /// Reads a checkpoint from a note that the ledger's own key must have signed.
    ///
    /// The origin must be the key's name, so that a checkpoint of an exercise ledger is never taken
    /// for the real one.
    public init(note: SignedNote, ledgerKey: VerifierKey) throws(NoteError) {
        _ = try note.verify(CollectionOfOne(ledgerKey))
        let checkpoint = try Checkpoint(text: note.text)
        guard checkpoint.origin == ledgerKey.name else { throw .otherOrigin }
        self = checkpoint
    }

    /// The note's text.
    public var text: String {
        let lines = [origin, String(size), root.data.base64EncodedString()] + extensions
        return lines.joined(separator: "\n") + "\n"
    }

    /// The signed note, with the signer's line alone; refuses a signer of another origin and
    /// extension lines.
    public func signed(by signer: NoteSigner) throws(NoteError) -> SignedNote {
        guard extensions.isEmpty else { throw .malformedCheckpoint }
        guard signer.verifierKey.name == origin else { throw .otherOrigin }
        return try signer.note(text: text)
    }
}

extension UInt64 {
    /// Parses decimal digits without leading zeros or sign; `nil` otherwise.
    init?(canonicalDecimal text: some StringProtocol) {
        guard text.utf8.count <= 20, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = UInt64(text), String(value) == text
        else { return nil }
        self = value
    }
}

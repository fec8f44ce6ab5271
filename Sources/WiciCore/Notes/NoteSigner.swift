// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Those who sign notes: the network authority over registry and policy, the hub over checkpoints,
// and witnesses, whose cosignature also says when they saw the tree.

import Foundation

/// A name and a private key that sign the text of notes (signature type 1).
public struct NoteSigner: Sendable {
    /// The public half.
    public let verifierKey: VerifierKey
    private let key: SigningKey

    /// Takes a key name and a key; refuses a name that the format does not allow.
    public init(name: String, key: SigningKey) throws(NoteError) {
        self.verifierKey = try VerifierKey(name: name, kind: .ed25519, publicKey: key.publicKey)
        self.key = key
    }

    /// Parses `PRIVATE+KEY+name+id+base64`, the form in which other note tools keep a signing key.
    public init(privateText text: String) throws(NoteError) {
        guard text.hasPrefix(Self.privatePrefix) else { throw .malformedKey }
        let fields = try KeyTextFields(text.dropFirst(Self.privatePrefix.count))
        guard fields.type == VerifierKey.Kind.ed25519.rawValue else {
            throw .unsupportedKeyType(fields.type)
        }
        guard let key = SigningKey(seed: fields.material) else { throw .malformedKey }
        try self.init(name: fields.name, key: key)
        guard verifierKey.id == fields.id else { throw .malformedKey }
    }

    /// `PRIVATE+KEY+name+id+base64`: a secret, for writing to the key file only.
    public var privateText: String {
        let material = Data([verifierKey.kind.rawValue]) + key.seed
        let id = verifierKey.id.eightHexadecimalDigits
        return "\(Self.privatePrefix)\(verifierKey.name)+\(id)+\(material.base64EncodedString())"
    }

    /// Signs the text of a note and adds the line.
    public func sign(_ note: inout SignedNote) throws(NoteError) {
        guard let signature = key.signature(for: note.textBytes) else { throw .signingFailed }
        note.add(
            SignedNote.Signature(
                name: verifierKey.name,
                keyID: verifierKey.id,
                payload: signature
            )
        )
    }

    /// Makes a note of a text (ending in a newline) with this signer's line.
    public func note(text: String) throws(NoteError) -> SignedNote {
        var note = try SignedNote(text: text)
        try sign(&note)
        return note
    }

    private static let privatePrefix = "PRIVATE+KEY+"
}

/// A witness: a name and a private key that cosign checkpoints (signature type 4).
///
/// Whether the tree is consistent with what the witness signed before is for the caller to check
/// and to store first; this only makes the line.
public struct Cosigner: Sendable {
    /// The public half.
    public let verifierKey: VerifierKey
    private let key: SigningKey

    /// Takes a key name and a key that signs nothing else: the message does not name the witness.
    public init(name: String, key: SigningKey) throws(NoteError) {
        self.verifierKey = try VerifierKey(
            name: name,
            kind: .cosignature,
            publicKey: key.publicKey
        )
        self.key = key
    }

    /// The cosignature line for a checkpoint at a time in POSIX seconds.
    public func cosignature(
        over checkpoint: Checkpoint,
        at seconds: UInt64
    ) throws(NoteError) -> SignedNote.Signature {
        let message = cosignedMessage(time: seconds, text: Data(checkpoint.text.utf8))
        guard seconds <= UInt64(Int64.max), let signature = key.signature(for: message) else {
            throw .signingFailed
        }
        let time = withUnsafeBytes(of: seconds.bigEndian) { Data($0) }
        return SignedNote.Signature(
            name: verifierKey.name,
            keyID: verifierKey.id,
            payload: time + signature
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What an institution sends to the network authority to have a node enrolled: its public keys in a
// note signed with the signing key among them, which proves that the sender holds it.

public import Foundation

/// A request to enrol a node, its proof of possession verified.
public struct EnrolmentRequest: Hashable, Sendable {
    /// The institution.
    public let institution: InstitutionID
    /// The node's id.
    public let node: NodeID
    /// CURVE public key.
    public let exchangeKey: RawPublicKey
    /// Ed25519 public key; it signed the request.
    public let signingKey: RawPublicKey
    /// X25519 public key for sealing.
    public let sealingKey: RawPublicKey

    /// Largest request file, in bytes.
    public static let byteLimit = 16 * 1024

    /// Makes a request from public keys.
    public init(
        institution: InstitutionID,
        node: NodeID,
        exchangeKey: RawPublicKey,
        signingKey: RawPublicKey,
        sealingKey: RawPublicKey
    ) {
        self.institution = institution
        self.node = node
        self.exchangeKey = exchangeKey
        self.signingKey = signingKey
        self.sealingKey = sealingKey
    }

    /// The request's text (YAML), to be signed by a note signer that bears the node's id as name.
    public var text: String {
        """
        wici-request: 1
        institution: \(quoted(institution.text))
        node: \(quoted(node.text))
        exchange-key: \(quoted(exchangeKey.hexadecimal))
        signing-key: \(quoted(signingKey.hexadecimal))
        sealing-key: \(quoted(sealingKey.hexadecimal))

        """
    }

    /// The request as a signed note; throws when the key is not the request's signing key.
    public func signed(with key: SigningKey) throws(DocumentError) -> Data {
        guard key.publicKey.rawRepresentation == signingKey.data,
            let signer = try? NoteSigner(name: node.text, key: key),
            let note = try? signer.note(text: text)
        else { throw DocumentError(.requestProofWrong) }
        return note.bytes
    }

    /// Parses a request file and verifies its signature by the signing key that it holds.
    public init(note bytes: Data) throws(DocumentError) {
        guard bytes.count <= Self.byteLimit else { throw DocumentError(.documentTooLarge) }
        guard let note = try? SignedNote(bytes: bytes) else { throw DocumentError(.noteUnreadable) }
        var fields = try DocumentValue(text: note.text).fields()
        _ = try fields.required("wici-request").number(in: 1...1)
        self.institution = try fields.required("institution").identifier()
        self.node = try fields.required("node").identifier()
        self.exchangeKey = try fields.required("exchange-key").rawKey()
        self.signingKey = try fields.required("signing-key").rawKey()
        self.sealingKey = try fields.required("sealing-key").rawKey()
        try fields.finish()
        guard let publicKey = SigningPublicKey(rawRepresentation: signingKey.data),
            let key = try? VerifierKey(name: node.text, publicKey: publicKey),
            (try? note.verify([key])) != nil
        else { throw DocumentError(.requestProofWrong) }
    }
}

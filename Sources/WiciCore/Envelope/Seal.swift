// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Sealing: the body is encrypted once under a random content key, and the content key is wrapped
// for each recipient by HPKE (RFC 9180). The header commits to the key, so that one ciphertext
// cannot open to two texts; sender and message id are repeated inside, so that a recipient cannot
// pass the content on under another header.

import Crypto
public import Foundation
import SwiftProtobuf

/// A node that shall be able to open a seal.
public struct SealRecipient: Hashable, Sendable {
    /// The node.
    public let node: NodeID
    /// Its current public sealing key.
    public let publicKey: SealingPublicKey

    /// Takes a node and its key.
    public init(node: NodeID, publicKey: SealingPublicKey) {
        self.node = node
        self.publicKey = publicKey
    }
}

/// A sealed body and the wraps of its key.
public struct SealedBody: Hashable, Sendable {
    /// The body of the envelope: ciphertext and tag.
    public let bytes: Data
    /// One wrap for each recipient, sorted by node id.
    public let wraps: [WireWrap]
}

/// Makes seals.
public enum Seal {
    /// Suite 1: HPKE base mode, X25519, HKDF-SHA256, ChaCha20-Poly1305 (RFC 9180 section 7).
    public static let suite: UInt32 = 1

    static let ciphersuite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly

    /// Seals a body under a final header.
    ///
    /// The header's bytes already hold `key.sealInfo`, sender and message id. The recipients are
    /// the eligible nodes and the sender's own node; their order does not matter.
    public static func seal(
        body: Data,
        headerBytes: Data,
        key: consuming ContentKey,
        recipients: [SealRecipient]
    ) throws(SealError) -> SealedBody {
        guard let header = try? WireHeader(serializedBytes: headerBytes),
            header.seal == key.sealInfo
        else { throw .headerMismatch }
        guard (1...EnvelopeLimits.wraps).contains(recipients.count) else { throw .recipientCount }
        let headerDigest = EnvelopeDigest.header(headerBytes)
        var content = WireSealedContent()
        content.sender = header.sender
        content.messageID = header.messageID
        content.body = body
        guard let padded = SealPadding.padded(content) else { throw .bodyTooLarge }
        guard
            let box = try? ChaChaPoly.seal(
                padded,
                using: key.bodyKey,
                nonce: bodyNonce(),
                authenticating: headerDigest.data
            )
        else { throw .cannotOpen }
        let wraps = try wraps(of: key, for: recipients, headerDigest: headerDigest)
        return SealedBody(bytes: box.ciphertext + box.tag, wraps: wraps)
    }

    private static func wraps(
        of key: borrowing ContentKey,
        for recipients: [SealRecipient],
        headerDigest: Digest
    ) throws(SealError) -> [WireWrap] {
        let content = key.key.withUnsafeBytes { Data($0) }
        var wraps: [WireWrap] = []
        wraps.reserveCapacity(recipients.count)
        var previous: NodeID?
        for recipient in recipients.sorted(by: { $0.node < $1.node }) {
            if previous == recipient.node { throw .repeatedRecipient(recipient.node) }
            previous = recipient.node
            guard
                let wrap = try? wrap(content, for: recipient, headerDigest: headerDigest)
            else { throw .unusableKey(recipient.node) }
            wraps.append(wrap)
        }
        return wraps
    }

    static func wrap(
        _ content: Data,
        for recipient: SealRecipient,
        headerDigest: Digest
    ) throws -> WireWrap {
        let keyID = recipient.publicKey.keyID
        var sender = try HPKE.Sender(
            recipientKey: Curve25519.KeyAgreement.PublicKey(
                rawRepresentation: recipient.publicKey.rawRepresentation
            ),
            ciphersuite: ciphersuite,
            info: wrapInfo(keyID: keyID)
        )
        var wrap = WireWrap()
        wrap.recipient = recipient.node.text
        wrap.keyID = keyID.data
        wrap.ciphertext = try sender.seal(
            content,
            authenticating: wrapContext(headerDigest, recipient.node)
        )
        wrap.encapsulatedKey = sender.encapsulatedKey
        return wrap
    }

    /// HPKE's info: the domain, the suite as 4 bytes big-endian, the recipient's key id.
    static func wrapInfo(keyID: KeyID) -> Data {
        var info = Data("wici/v1/seal/wrap\u{0}".utf8)
        withUnsafeBytes(of: suite.bigEndian) { info.append(contentsOf: $0) }
        info.append(keyID.data)
        return info
    }

    /// HPKE's additional data: the header's digest and the recipient's node id.
    static func wrapContext(_ headerDigest: Digest, _ node: NodeID) -> Data {
        headerDigest.data + Data(node.text.utf8)
    }

    /// Twelve zero bytes: the body key is derived from a key that is used once.
    static func bodyNonce() throws -> ChaChaPoly.Nonce {
        try ChaChaPoly.Nonce(data: Data(count: 12))
    }
}

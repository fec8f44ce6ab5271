// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Opening a seal. It takes a verified envelope only: the wrap's place in the sender's list and the
// header are then already covered by the sender's signature.

import Crypto
public import Foundation

/// Opens seals.
public enum Unseal {
    /// The body of a sealed envelope, opened with whichever of the node's keys the wrap names.
    ///
    /// Retired keys may be among the keys, so that mail sealed before a rotation still opens.
    public static func open(
        _ envelope: VerifiedEnvelope,
        as node: NodeID,
        keys: [SealingPrivateKey]
    ) throws(SealError) -> Data {
        let parts = envelope.parts
        guard let commitment = parts.outline.seal else { throw .notSealed }
        guard let wrap = parts.wraps.first(where: { $0.recipient == node.text }) else {
            throw .noWrap
        }
        let key = try contentKey(wrap, for: node, keys: keys, headerDigest: parts.headerDigest)
        guard key.commits(to: commitment) else { throw .wrongCommitment }
        let content = try content(of: parts, key: key)
        guard content.sender == parts.sender.text,
            content.messageID == parts.messageID.data
        else { throw .otherMessageInside }
        return content.body
    }

    private static func contentKey(
        _ wrap: WireWrap,
        for node: NodeID,
        keys: [SealingPrivateKey],
        headerDigest: Digest
    ) throws(SealError) -> ContentKey {
        guard let keyID = KeyID(bytes: wrap.keyID) else { throw .cannotOpen }
        guard let privateKey = keys.first(where: { $0.publicKey.keyID == keyID }) else {
            throw .noPrivateKey(keyID)
        }
        guard
            var recipient = try? HPKE.Recipient(
                privateKey: privateKey.key,
                ciphersuite: Seal.ciphersuite,
                info: Seal.wrapInfo(keyID: keyID),
                encapsulatedKey: wrap.encapsulatedKey
            ),
            let bytes = try? recipient.open(
                wrap.ciphertext,
                authenticating: Seal.wrapContext(headerDigest, node)
            ),
            let key = ContentKey(bytes: bytes)
        else { throw .cannotOpen }
        return key
    }

    private static func content(
        of parts: EnvelopeParts,
        key: borrowing ContentKey
    ) throws(SealError) -> WireSealedContent {
        let overhead = EnvelopeLimits.sealOverhead
        guard parts.bodyBytes.count >= overhead,
            let nonce = try? Seal.bodyNonce(),
            let box = try? ChaChaPoly.SealedBox(
                nonce: nonce,
                ciphertext: parts.bodyBytes.dropLast(overhead),
                tag: parts.bodyBytes.suffix(overhead)
            ),
            let padded = try? ChaChaPoly.open(
                box,
                using: key.bodyKey,
                authenticating: parts.headerDigest.data
            )
        else { throw .cannotOpen }
        return try SealPadding.content(padded)
    }
}

extension ContentKey {
    /// Whether the header's commitment is to this key, compared in constant time.
    borrowing func commits(to other: Digest) -> Bool {
        zip(commitment.data, other.data).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

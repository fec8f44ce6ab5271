// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Envelopes made with fixed keys for the tests of this folder.

import Foundation
import SwiftProtobuf
import Testing

@testable import WiciCore

enum EnvelopeFixtures {
    struct Failed: Error {}

    static func signingKey(_ byte: UInt8 = 1) throws -> SigningKey {
        guard let key = SigningKey(seed: Data(repeating: byte, count: 32)) else { throw Failed() }
        return key
    }

    static func sealingKey(_ byte: UInt8) throws -> SealingPrivateKey {
        guard let key = SealingPrivateKey(rawRepresentation: Data(repeating: byte, count: 32))
        else { throw Failed() }
        return key
    }

    static func node(_ text: String) throws -> NodeID {
        guard let node = NodeID(text) else { throw Failed() }
        return node
    }

    static func header(_ number: UInt64 = 1, seal: WireSealInfo? = nil) -> WireHeader {
        var header = WireHeader()
        header.messageID =
            MessageID(milliseconds: 1_774_300_000_000, random: (number, number << 2)).data
        header.type = "case-alert"
        header.schema = 1
        header.sender = "kwp-lublin.main"
        header.sentAt = 1_774_300_000_000
        header.status = "actual"
        header.tlp = seal == nil ? "TLP:GREEN" : "TLP:AMBER+STRICT"
        header.selector.regions = ["PL-06"]
        if let seal { header.seal = seal }
        return header
    }

    /// A plain envelope, alone in its batch.
    static func plain(_ number: UInt64 = 1, body: Data = Data("body".utf8)) throws -> Data {
        let headerBytes: Data = try header(number).serializedBytes()
        let digest = EnvelopeParts.digest(headerBytes: headerBytes, bodyBytes: body)
        let signature = BatchSigner.sign([digest], with: try signingKey())
        return EnvelopeParts.serialize(
            headerBytes: headerBytes,
            bodyBytes: body,
            signature: try #require(signature.first)
        )
    }

    static let recipients = ["kwp-lublin.main", "la-strada.main", "nadbuzanski.main", "wup.main"]

    /// A sealed envelope to `recipients`, whose private keys are bytes 11, 12, 13, …; the second of
    /// a batch of three.
    static func sealed(
        body: Data = Data("sealed body".utf8),
        recipients: [String] = recipients,
        alter: (inout WireHeader) -> Void = { _ in }
    ) throws -> Data {
        let key = ContentKey()
        var header = header(7, seal: key.sealInfo)
        alter(&header)
        let headerBytes: Data = try header.serializedBytes()
        let sealed = try Seal.seal(
            body: body,
            headerBytes: headerBytes,
            key: key,
            recipients: try recipients.enumerated().map {
                SealRecipient(
                    node: try node($1),
                    publicKey: try sealingKey(11 + UInt8($0)).publicKey
                )
            }
        )
        return try signed(headerBytes: headerBytes, bodyBytes: sealed.bytes, wraps: sealed.wraps)
    }

    static func signed(headerBytes: Data, bodyBytes: Data, wraps: [WireWrap]) throws -> Data {
        let digest = EnvelopeParts.digest(
            headerBytes: headerBytes,
            bodyBytes: bodyBytes,
            wraps: wraps
        )
        let others = ["a", "b"].map { TreeHash.leaf(Data($0.utf8)) }
        let signatures = BatchSigner.sign(
            [others[0], digest, others[1]],
            with: try signingKey()
        )
        guard signatures.count == 3 else { throw Failed() }
        return EnvelopeParts.serialize(
            headerBytes: headerBytes,
            bodyBytes: bodyBytes,
            signature: signatures[1],
            wraps: wraps
        )
    }

    static func verify(_ bytes: Data, _ form: EnvelopeParts.Form) throws -> VerifiedEnvelope {
        var verifier = BatchVerifier()
        return try EnvelopeParts(bytes: bytes, form: form)
            .verified(with: &verifier, key: try signingKey().publicKey)
    }
}

extension BatchVerifier {
    /// Verifies a signature as it travels, which is no signature at all when it is not in its one form.
    mutating func verify(
        envelopeDigest: Digest,
        signature: WireBatchSignature,
        key: SigningPublicKey
    ) -> Bool {
        let parsed = signature.canonicalBytes.withUnsafeBytes { BatchSignature(canonical: $0) }
        guard let parsed else { return false }
        return verify(envelopeDigest: envelopeDigest, signature: parsed, key: key)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Keys that are the same in every run, so that a seed of the corpus stays signed. They are the test
// keys of Schemas/vectors and worth nothing.

import Foundation
import SwiftProtobuf
import WiciCore

/// The keys behind the fixtures.
struct FuzzKeys: Sendable {
    static let shared = Result { try FuzzKeys() }

    /// Signs registry and policy.
    let authority: NoteSigner
    /// Signs checkpoints and receipts, under the name of the ledger in Schemas/vectors.
    let ledger: NoteSigner
    /// The ledger's key itself, which signs receipts.
    let ledgerKey: SigningKey
    /// The key of every sender.
    let sender: SigningKey
    /// The keys that open what is sealed to the police and to the office, in this order.
    let sealing: [SealingPrivateKey]

    /// Every key by which a note may be signed.
    var noteKeys: [VerifierKey] { [authority.verifierKey, ledger.verifierKey] }

    private init() throws {
        ledgerKey = try Self.key(3)
        authority = try NoteSigner(name: "wici.example/authority-1", key: Self.key(1))
        ledger = try NoteSigner(name: "wici.example/ledger", key: ledgerKey)
        sender = try Self.key(5)
        sealing = try [0x11, 0x12].map {
            try known(SealingPrivateKey(rawRepresentation: Data(repeating: $0, count: 32)))
        }
    }

    private static func key(_ byte: UInt8) throws -> SigningKey {
        try known(SigningKey(seed: Data(repeating: byte, count: 32)))
    }

    /// An envelope with the sender's valid signature over whatever header and body it has; `nil`
    /// when the bytes are no envelope.
    ///
    /// Without it no mutation would come past the signature.
    func signed(_ bytes: Data) -> Data? {
        guard var envelope = try? WireEnvelope(serializedBytes: bytes) else { return nil }
        // The proof of a single wrap stands for all; the root it leads to is what was signed.
        let form: EnvelopeParts.Form = envelope.hasWrapProof ? .delivered : .submitted
        envelope.signature = WireBatchSignature()
        envelope.signature.signature = Data(repeating: 1, count: 64)
        envelope.signature.size = 1
        guard let unsigned: Data = try? envelope.serializedData(),
            let parts = try? EnvelopeParts(bytes: unsigned, form: form),
            let signature = BatchSigner.sign([parts.digest], with: sender).first
        else { return nil }
        envelope.signature = signature
        return try? envelope.serializedData()
    }
}

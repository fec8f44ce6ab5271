// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The keys of a seal: a node's X25519 pair, which rotates and is separate from its signing key, and
// the random content key of one message.
//
// What is wiped: swift-crypto keeps private and symmetric keys in buffers that it overwrites with
// zeros when they are released, and these types keep no other copy. Bytes given to an initializer
// or returned as `rawRepresentation` are the caller's to forget; the language cannot wipe them.
// Intermediate values inside HPKE are partly ordinary memory of the library.

import Crypto
public import Foundation

/// A node's private sealing key (X25519), wiped when the last reference goes.
public final class SealingPrivateKey: Sendable {
    let key: Curve25519.KeyAgreement.PrivateKey
    /// The public half.
    public let publicKey: SealingPublicKey

    /// Makes a new random key from the system's generator.
    public init() {
        self.key = Curve25519.KeyAgreement.PrivateKey()
        self.publicKey = SealingPublicKey(key.publicKey)
    }

    /// Takes 32 bytes; `nil` for another count.
    public init?(rawRepresentation bytes: some ContiguousBytes) {
        guard
            let key = try? Curve25519.KeyAgreement.PrivateKey(
                rawRepresentation: bytes.withUnsafeBytes { Data($0) }
            )
        else { return nil }
        self.key = key
        self.publicKey = SealingPublicKey(key.publicKey)
    }

    /// The 32 bytes: a secret, for writing to the key file only.
    public var rawRepresentation: Data { key.rawRepresentation }
}

/// A node's public sealing key (X25519, RFC 7748), 32 bytes.
public struct SealingPublicKey: Hashable, Sendable {
    /// The 32 bytes.
    public let rawRepresentation: Data

    init(_ key: Curve25519.KeyAgreement.PublicKey) {
        self.rawRepresentation = key.rawRepresentation
    }

    /// Takes the 32 bytes; `nil` for another count.
    public init?(rawRepresentation bytes: some ContiguousBytes) {
        let data = bytes.withUnsafeBytes { Data($0) }
        guard data.count == 32 else { return nil }
        self.rawRepresentation = data
    }

    /// First 8 bytes of the SHA-256 of the key: its id in a wrap.
    public var keyID: KeyID { KeyID(publicKey: rawRepresentation) }
}

/// The random key of one sealed message.
///
/// It cannot be copied and sealing consumes it, because the body's nonce is constant: a key that
/// sealed two contents would break both.
public struct ContentKey: ~Copyable, Sendable {
    let key: SymmetricKey

    /// Makes a new random key from the system's generator.
    public init() {
        self.key = SymmetricKey(size: .bits256)
    }

    /// Takes 32 random bytes from the caller; `nil` for another count.
    public init?(bytes: some ContiguousBytes) {
        guard bytes.withUnsafeBytes({ $0.count }) == 32 else { return nil }
        self.key = SymmetricKey(data: bytes)
    }

    /// The key commitment for the header's seal info: HKDF-SHA256, info `wici/v1/seal/commitment`.
    public var commitment: Digest {
        let derived = derive("wici/v1/seal/commitment")
        return derived.withUnsafeBytes { Digest(bytes: Data($0)) } ?? .zero
    }

    /// What the header says about a seal with this key.
    public var sealInfo: WireSealInfo {
        var info = WireSealInfo()
        info.suite = Seal.suite
        info.keyCommitment = commitment.data
        return info
    }

    /// The key of the body's cipher: HKDF-SHA256, info `wici/v1/seal/body`.
    var bodyKey: SymmetricKey { derive("wici/v1/seal/body") }

    private func derive(_ info: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key,
            info: Data(info.utf8),
            outputByteCount: 32
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A private Ed25519 key: a node's identity, a note signer, a witness. Never one key for two kinds
// of statement.
//
// What is wiped: swift-crypto keeps the seed and the expanded key in buffers that it overwrites
// with zeros when they are released. This class has one such buffer and hands out no copy, so the
// key is gone from it when the last reference goes. The bytes a caller read from a file or asked
// for with `rawRepresentation` are the caller's to forget; the language cannot wipe them.

import Crypto
public import Foundation

/// A private Ed25519 key (RFC 8032), held in one place and wiped when the last reference goes.
public final class SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a new random key from the system's generator.
    public init() {
        self.key = Curve25519.Signing.PrivateKey()
    }

    /// Takes a seed of 32 bytes; `nil` for another count.
    public init?(seed: some ContiguousBytes) {
        guard seed.withUnsafeBytes({ $0.count }) == 32,
            let key = try? Curve25519.Signing.PrivateKey(
                rawRepresentation: seed.withUnsafeBytes { Data($0) }
            )
        else { return nil }
        self.key = key
    }

    /// The seed, 32 bytes: a secret, for writing to the key file only.
    public var seed: Data { key.rawRepresentation }

    /// The public half.
    public var publicKey: SigningPublicKey { SigningPublicKey(key.publicKey) }

    /// Signs a message: 64 bytes, or `nil` if the library could not sign.
    public func signature(for message: some DataProtocol) -> Data? {
        try? key.signature(for: message)
    }
}

/// A public Ed25519 key, 32 bytes, as a value that can be a dictionary's key.
public struct SigningPublicKey: Hashable, Sendable {
    /// The 32 bytes of RFC 8032 section 5.1.2.
    public let rawRepresentation: Data

    init(_ key: Curve25519.Signing.PublicKey) {
        self.rawRepresentation = key.rawRepresentation
    }

    /// Takes the 32 bytes; `nil` for another count.
    public init?(rawRepresentation bytes: some ContiguousBytes) {
        let data = bytes.withUnsafeBytes { Data($0) }
        guard data.count == 32 else { return nil }
        self.rawRepresentation = data
    }

    /// First 8 bytes of the SHA-256 of the key: its id in the protocol.
    public var keyID: KeyID { KeyID(publicKey: rawRepresentation) }

    /// Whether the signature (64 bytes) over the message was made with this key.
    public func isValid(signature: some DataProtocol, for message: some DataProtocol) -> Bool {
        guard
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: rawRepresentation)
        else { return false }
        return key.isValidSignature(signature, for: message)
    }
}

/// A public key's id on the wire: the first 8 bytes of the key's SHA-256.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
    /// The 8 bytes, big-endian.
    public let value: UInt64

    /// Computes the id of a raw public key.
    public init(publicKey: some DataProtocol) {
        self.value = SHA256.hash(data: publicKey).withUnsafeBytes {
            UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))
        }
    }

    /// Takes the 8 bytes; `nil` for another count.
    public init?(bytes: some ContiguousBytes) {
        let value = bytes.withUnsafeBytes { raw in
            raw.count == 8 ? UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)) : nil
        }
        guard let value else { return nil }
        self.value = value
    }

    /// The 8 bytes.
    public var data: Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }

    /// 16 hexadecimal digits.
    public var description: String { data.lowercaseHexadecimal }
}

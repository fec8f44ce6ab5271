// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Encryption at rest: what a message says stands on the institution's disk only under the node's
// storage key, bound to the row it belongs to.

import Crypto
public import Foundation

/// The key under which a node keeps content on its own disk, 32 bytes.
///
/// The library overwrites its copy when the last reference goes; bytes that the caller read from the
/// key file are the caller's to forget.
public struct StorageKey: Sendable {
    private let key: SymmetricKey

    /// Makes a random key.
    public init() {
        self.key = SymmetricKey(size: .bits256)
    }

    /// Takes 32 bytes; `nil` for another count.
    public init?(bytes: Data) {
        guard bytes.count == 32 else { return nil }
        self.key = SymmetricKey(data: bytes)
    }

    /// The 32 bytes: a secret, for writing to the key file only.
    public var bytes: Data { key.withUnsafeBytes { Data($0) } }

    /// Encrypts with ChaCha20-Poly1305: nonce (12 bytes), ciphertext, tag (16 bytes).
    ///
    /// `place` names table, column and row, so that a value moved to another row does not open.
    func seal(_ content: Data, place: Data) throws(NodeStoreError) -> Data {
        do {
            return try ChaChaPoly.seal(content, using: key, authenticating: place).combined
        } catch {
            throw NodeStoreError(.encryption, "the crypto library could not encrypt")
        }
    }

    /// Decrypts what `seal` made for the same place.
    func open(_ sealed: Data, place: Data) throws(NodeStoreError) -> Data {
        do {
            let box = try ChaChaPoly.SealedBox(combined: sealed)
            return try ChaChaPoly.open(box, using: key, authenticating: place)
        } catch {
            throw NodeStoreError(.encryption, "a stored value does not open under the storage key")
        }
    }
}

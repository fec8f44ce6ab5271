// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The two hashes of a Merkle tree, RFC 6962 section 2.1. The prefix byte keeps a leaf from ever
// being taken for an inner node. Leaves in one piece and nodes never touch the heap.

import Crypto
public import Foundation

/// Leaf and node hashes of RFC 6962 section 2.1.
public enum TreeHash {
    /// The hash of the tree without leaves: SHA-256 of nothing.
    public static let empty = Digest(SHA256().finalize())

    /// The hash of a leaf: SHA-256 of a zero byte and the leaf's bytes.
    public static func leaf(_ bytes: some DataProtocol) -> Digest {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
        for region in bytes.regions {
            region.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        return Digest(hash.finalize())
    }

    /// The hash of a leaf in one piece: SHA-256 of a zero byte and the leaf's bytes.
    public static func leaf(_ bytes: Data) -> Digest {
        bytes.withUnsafeBytes { leaf(lent: $0) }
    }

    /// The hash of a leaf that is itself a digest, as in a batch of envelopes.
    public static func leaf(_ digest: Digest) -> Digest {
        digest.withUnsafeBytes { leaf(lent: $0) }
    }

    /// The hash of a leaf in place: SHA-256 of a zero byte and the leaf's bytes.
    public static func leaf(lent bytes: UnsafeRawBufferPointer) -> Digest {
        withUnsafeBytes(of: UInt8(0)) { Digest(sha256Of: $0, bytes) }
    }

    /// The hash of an inner node: SHA-256 of a one byte, the left and the right child's hash.
    public static func node(_ left: Digest, _ right: Digest) -> Digest {
        withUnsafeBytes(of: UInt8(1)) { prefix in
            left.withUnsafeBytes { left in
                right.withUnsafeBytes { Digest(sha256Of: prefix, left, $0) }
            }
        }
    }
}

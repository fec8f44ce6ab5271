// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The two hashes of a Merkle tree, RFC 6962 section 2.1. The prefix byte keeps a leaf from ever
// being taken for an inner node. Nothing here touches the heap except inside the crypto library.

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
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            buffer[0] = 0
            var hash = SHA256()
            // A ledger's leaf has 33 bytes: one call of the library hashes it with its prefix.
            guard bytes.count < buffer.count else {
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<1]))
                hash.update(bufferPointer: bytes)
                return Digest(hash.finalize())
            }
            let end = 1 + bytes.count
            UnsafeMutableRawBufferPointer(rebasing: buffer[1..<end]).copyMemory(from: bytes)
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
            return Digest(hash.finalize())
        }
    }

    /// The hash of an inner node: SHA-256 of a one byte, the left and the right child's hash.
    public static func node(_ left: Digest, _ right: Digest) -> Digest {
        let count = Digest.byteCount
        return withUnsafeTemporaryAllocation(byteCount: 1 + 2 * count, alignment: 1) { buffer in
            buffer[0] = 1
            left.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[1...]).copyMemory(from: $0)
            }
            right.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[(1 + count)...])
                    .copyMemory(from: $0)
            }
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(buffer))
            return Digest(hash.finalize())
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The digests that a signature covers. They are taken over bytes as carried; nothing is re-encoded.

public import Foundation

/// The digests of an envelope and its parts.
public enum EnvelopeDigest {
    /// SHA-256 of the domain `wici/v1/header` and the header's bytes.
    public static func header(_ bytes: Data) -> Digest {
        bytes.withUnsafeBytes { header(lent: $0) }
    }

    /// The same over bytes in place.
    static func header(lent bytes: UnsafeRawBufferPointer) -> Digest {
        TaggedHash.digest("wici/v1/header", bytes)
    }

    /// SHA-256 of the domain `wici/v1/body` and the body's bytes as carried.
    public static func body(_ bytes: Data) -> Digest {
        bytes.withUnsafeBytes { body(lent: $0) }
    }

    /// The same over bytes in place.
    public static func body(lent bytes: UnsafeRawBufferPointer) -> Digest {
        TaggedHash.digest("wici/v1/body", bytes)
    }

    /// RFC 6962 root over the serialized bytes of each wrap, in order.
    public static func wrapsRoot(_ wraps: some Sequence<Data>) -> Digest {
        MerkleTree(leafHashes: wraps.map { TreeHash.leaf($0) }).root
    }

    /// The same over bytes in place.
    static func wrapsRoot(lent wraps: [UnsafeRawBufferPointer]) -> Digest {
        MerkleTree(leafHashes: wraps.map { TreeHash.leaf(lent: $0) }).root
    }

    /// SHA-256 of the domain `wici/v1/envelope` and the three digests above.
    public static func envelope(header: Digest, body: Digest, wrapsRoot: Digest) -> Digest {
        withUnsafeBytes(of: (header.words, body.words, wrapsRoot.words)) {
            TaggedHash.digest("wici/v1/envelope", $0)
        }
    }

    /// What a batch signature signs: domain, size as 8 bytes big-endian, root.
    static func batchStatement(size: UInt64, root: Digest) -> Data {
        var statement = Data("wici/v1/batch\u{0}".utf8)
        withUnsafeBytes(of: size.bigEndian) { statement.append(contentsOf: $0) }
        statement.append(root.data)
        return statement
    }
}

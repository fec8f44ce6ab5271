// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the ledger's tree commits to: a salted digest of a record, so that the tree reveals nothing
// but the count, and erasing salt and record leaves a provable leaf that says nothing.

public import Foundation

/// The bytes of a ledger leaf: version 1 and a salted commitment to a record.
public enum LedgerLeaf {
    /// Number of bytes in a salt.
    public static let saltByteCount = 32
    /// Number of bytes in a leaf: the version and a digest.
    public static let byteCount = 1 + Digest.byteCount

    /// The leaf's 33 bytes: 0x01 and SHA-256 of the domain `wici/v1/leaf`, salt and record bytes.
    ///
    /// `nil` when the salt is not 32 bytes, since a salt of another length would let two pairs of
    /// salt and record give one leaf.
    public static func bytes(salt: Data, record: Data) -> Data? {
        guard salt.count == saltByteCount else { return nil }
        let commitment = salt.withUnsafeBytes { salt in
            record.withUnsafeBytes { TaggedHash.digest("wici/v1/leaf", salt, $0) }
        }
        var bytes = Data([1])
        commitment.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Whether a leaf in place is the one that salt and record give.
    public static func isLeaf(
        _ leaf: UnsafeRawBufferPointer,
        ofSalt salt: UnsafeRawBufferPointer,
        record: UnsafeRawBufferPointer
    ) -> Bool {
        guard leaf.count == byteCount, leaf[0] == 1, salt.count == saltByteCount else {
            return false
        }
        return Digest(bytes: UnsafeRawBufferPointer(rebasing: leaf[1...]))
            == TaggedHash.digest("wici/v1/leaf", salt, record)
    }

    /// The leaf's hash in the tree; `nil` when the salt is not 32 bytes.
    public static func hash(salt: Data, record: Data) -> Digest? {
        bytes(salt: salt, record: record).map { TreeHash.leaf($0) }
    }
}

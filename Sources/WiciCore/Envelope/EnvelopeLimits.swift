// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Sizes that bound an envelope. Every one is checked before anything is allocated for the part.

/// Limits of an envelope and its parts.
public enum EnvelopeLimits {
    /// Bytes of a header.
    public static let header = 8 * 1024
    /// Bytes of a plain body, and of a sealed content before encryption.
    public static let body = 256 * 1024
    /// Bytes that sealing adds to the content: the authentication tag.
    public static let sealOverhead = 16
    /// Wraps: every member of the largest audience, and the sender.
    public static let wraps = 4097
    /// Envelopes that may share one signature.
    public static let batch = 1000
    /// Hashes in a batch path: the height of a tree over `batch` leaves.
    public static let batchPath = 10
    /// Hashes in a wrap's path: the height of a tree over `wraps` leaves.
    public static let wrapPath = 13
    /// Bytes of a whole serialized envelope.
    public static let envelope = 1024 * 1024
    /// Lengths to which sealed content is padded, in bytes.
    public static let paddingSteps = [1, 4, 16, 64, 256].map { $0 * 1024 }
}

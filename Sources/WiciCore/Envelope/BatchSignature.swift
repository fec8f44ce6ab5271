// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// An envelope's signature as it is verified: the path's hashes as values, because under load every
// envelope has one of a batch, and a path of eight would be eight objects.

public import Foundation

/// One Ed25519 signature over the root of a batch of envelopes, and where this envelope stands in it.
public struct BatchSignature: Hashable, Sendable {
    /// The 64 bytes (RFC 8032).
    public let signature: Data
    /// The envelope's place in the batch, from 0.
    public let index: UInt32
    /// Number of envelopes in the batch, 1 to 1,000.
    public let size: UInt32
    /// The hashes beside the way from the envelope to the root (RFC 6962 section 2.1.1).
    public let path: [Digest]

    /// Parses the canonical encoding; `nil` when anything is over its limit or missing.
    init?(canonical bytes: UnsafeRawBufferPointer) {
        var fields = CanonicalFields(bytes)
        guard let signature = fields.bytes(1, limit: 64), signature.count == 64,
            let index = fields.number32(2), let size = fields.number32(3), index < size,
            size <= EnvelopeLimits.batch,
            let path = fields.digests(4, maximumCount: EnvelopeLimits.batchPath), fields.isAtEnd
        else { return nil }
        self.signature = Data(signature)
        self.index = index
        self.size = size
        self.path = path
    }

    /// As it travels.
    public var wire: WireBatchSignature {
        var wire = WireBatchSignature()
        wire.signature = signature
        wire.index = index
        wire.size = size
        wire.path = path.map(\.data)
        return wire
    }
}

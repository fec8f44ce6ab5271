// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Putting envelopes together as a sender submits them, and the fields that an envelope nests.

public import Foundation
import SwiftProtobuf

extension EnvelopeParts {
    /// Serializes an envelope as a sender submits it.
    public static func serialize(
        headerBytes: Data,
        bodyBytes: Data,
        signature: WireBatchSignature,
        wraps: [WireWrap] = []
    ) -> Data {
        var envelope = WireEnvelope()
        envelope.header = headerBytes
        envelope.body = bodyBytes
        envelope.signature = signature
        envelope.wraps = wraps
        return envelope.canonicalBytes
    }

    /// The digest of an envelope that is yet to be signed.
    public static func digest(headerBytes: Data, bodyBytes: Data, wraps: [WireWrap] = []) -> Digest
    {
        EnvelopeDigest.envelope(
            header: EnvelopeDigest.header(headerBytes),
            body: EnvelopeDigest.body(bodyBytes),
            wrapsRoot: EnvelopeDigest.wrapsRoot(wraps.lazy.map(\.canonicalBytes))
        )
    }
}

/// The tree over the wraps of one envelope, which shows each recipient where its own wrap stands.
public struct WrapProofs: Hashable, Sendable {
    private let tree: MerkleTree

    /// Takes all wraps in the sender's order.
    public init(of wraps: [WireWrap]) {
        self.tree = MerkleTree(leafHashes: wraps.map { TreeHash.leaf($0.canonicalBytes) })
    }

    /// The proof of the wrap at a place; `nil` when there is none.
    public func proof(at place: Int) -> WireWrapProof? {
        guard let path = tree.inclusionPath(of: place) else { return nil }
        var proof = WireWrapProof()
        proof.index = UInt32(place)
        proof.size = Self.leastSize(index: UInt32(place), size: UInt32(tree.size))
        proof.path = path.map(\.data)
        return proof
    }

    /// The least size of a tree in which an index has the path that it has in a tree of `size`.
    ///
    /// A root does not commit to the size of its tree. Only this one is right, so that nobody on the
    /// way can change it, and it tells a recipient no more about the others than the path does.
    static func leastSize(index: UInt32, size: UInt32) -> UInt32 {
        let last = size - 1
        guard index != last else { return size }
        // Below the highest bit in which index and last leaf differ, the path does not see the size.
        let height = UInt32.bitWidth - (index ^ last).leadingZeroBitCount
        return ((index >> height) << height) + (1 << (height - 1)) + 1
    }
}

extension SwiftProtobuf.Message {
    /// The message in the canonical encoding that `CanonicalFields` demands.
    ///
    /// Serializing into memory fails only for proto2's required fields, which we do not have.
    var canonicalBytes: Data {
        (try? serializedBytes()) ?? Data()
    }
}

extension WireWrap {
    /// Parses the canonical encoding; `nil` when a field has another length.
    init?(canonical bytes: UnsafeRawBufferPointer) {
        var fields = CanonicalFields(bytes)
        guard let recipient = fields.bytes(1, limit: 63),
            let recipient = String(validating: recipient, as: UTF8.self),
            let keyID = fields.bytes(2, limit: 8), keyID.count == 8,
            let key = fields.bytes(3, limit: 32), key.count == 32,
            let ciphertext = fields.bytes(4, limit: 48), ciphertext.count == 48,
            fields.isAtEnd
        else { return nil }
        self.init()
        self.recipient = recipient
        self.keyID = Data(keyID)
        self.encapsulatedKey = Data(key)
        self.ciphertext = Data(ciphertext)
    }
}

extension WireWrapProof {
    /// Parses the canonical encoding; `nil` when anything is over its limit or the size is not the
    /// least of its path.
    init?(canonical bytes: UnsafeRawBufferPointer) {
        var fields = CanonicalFields(bytes)
        guard let index = fields.number32(1), let size = fields.number32(2), index < size,
            size <= EnvelopeLimits.wraps, size == WrapProofs.leastSize(index: index, size: size),
            let path = fields.digests(3, maximumCount: EnvelopeLimits.wrapPath), fields.isAtEnd
        else { return nil }
        self.init()
        self.index = index
        self.size = size
        self.path = path.map(\.data)
    }
}

extension CanonicalFields {
    /// A number field that is next; `nil` also when it is over 32 bits.
    mutating func number32(_ field: UInt64) -> UInt32? {
        number(field).flatMap { UInt32(exactly: $0) }
    }

    /// A repeated field of 32-byte digests; `nil` when there are too many or one has another length.
    mutating func digests(_ field: UInt64, maximumCount: Int) -> [Digest]? {
        var digests: [Digest] = []
        let areWhole = each(field, maximumCount: maximumCount) { bytes in
            guard let digest = Digest(bytes: bytes) else { return false }
            digests.append(digest)
            return true
        }
        return areWhole ? digests : nil
    }
}

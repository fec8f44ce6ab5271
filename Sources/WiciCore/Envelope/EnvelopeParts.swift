// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// An envelope taken apart, with the exact bytes of every part that is signed. Parsing believes
// nothing: what it yields becomes a `VerifiedEnvelope` only through the sender's signature.

public import Foundation
import SwiftProtobuf

/// An envelope's parts, parsed within the limits but not yet verified.
public struct EnvelopeParts: Hashable, Sendable {
    /// Which way an envelope travels.
    public enum Form: Hashable, Sendable {
        /// Sender to hub: all wraps, sorted by recipient, no wrap proof.
        case submitted
        /// Hub to recipient: of a sealed message the recipient's own wrap and its proof.
        case delivered
    }

    /// The header's bytes as carried.
    public let headerBytes: Data
    /// The body's bytes as carried: the message, or the ciphertext of a sealed one.
    public let bodyBytes: Data
    /// What follows the body: signature and wraps, and the proof of a delivered wrap; a serialized
    /// Envelope without header and body.
    ///
    /// The ledger keeps it beside them; the fields of all three, joined, give the envelope again.
    public let carriage: Data
    /// The batch signature.
    public let signature: BatchSignature
    /// The wraps.
    public let wraps: [WireWrap]
    /// Where the single wrap stands; only in a delivered sealed envelope.
    public let wrapProof: WireWrapProof?
    /// What the header's bytes say, as far as routing needs it.
    public let outline: HeaderOutline
    /// Digest of the header's bytes.
    public let headerDigest: Digest
    /// Digest of the body's bytes as carried.
    public let bodyDigest: Digest
    /// Root of the tree over all wraps; the empty tree's root when there are none.
    public let wrapsRoot: Digest
    /// Digest of the whole envelope, the same in both forms.
    public let digest: Digest

    /// The header's message id.
    public var messageID: MessageID { outline.messageID }
    /// The header's sender.
    public var sender: NodeID { outline.sender }
    /// Whether the body is sealed.
    public var isSealed: Bool { outline.seal != nil }

    /// Parses a serialized Envelope in its canonical encoding.
    ///
    /// Both forms of one envelope have one digest. Throws an `EnvelopeError` whose `refusal` is
    /// the answer.
    public init(bytes: Data, form: Form) throws(EnvelopeError) {
        guard bytes.count <= EnvelopeLimits.envelope else { throw .malformedEnvelope }
        let parts = bytes.withUnsafeBytes { bytes in
            Result { () throws(EnvelopeError) in try EnvelopeParts(lent: bytes, form: form) }
        }
        self = try parts.get()
    }

    private init(lent bytes: UnsafeRawBufferPointer, form: Form) throws(EnvelopeError) {
        var fields = CanonicalFields(bytes)
        guard let header = fields.bytes(1) else { throw .malformedEnvelope }
        guard header.count <= EnvelopeLimits.header else { throw .headerTooLarge }
        guard let body = fields.bytes(2) else { throw .malformedEnvelope }
        let carriage = fields.rest
        var wrapBytes: [UnsafeRawBufferPointer] = []
        guard
            let signatureBytes = fields.bytes(3, limit: 1024),
            let signature = BatchSignature(canonical: signatureBytes),
            fields.each(
                4,
                limit: 256,
                maximumCount: EnvelopeLimits.wraps,
                take: {
                    wrapBytes.append($0)
                    return true
                }
            ),
            let proofBytes = fields.bytes(5, limit: 1024), fields.isAtEnd
        else { throw .malformedEnvelope }

        let outline = try HeaderOutline(header)
        let isSealed = outline.seal != nil
        try Self.checkBody(body.count, isSealed: isSealed)

        let wraps = try Self.wraps(wrapBytes)
        let proof = proofBytes.isEmpty ? nil : WireWrapProof(canonical: proofBytes)
        guard let wrapsRoot = Self.root(of: wrapBytes, proof, isSealed, form),
            proofBytes.isEmpty == (proof == nil)
        else { throw .malformedWraps }

        self.headerBytes = Data(header)
        self.bodyBytes = Data(body)
        self.carriage = Data(carriage)
        self.signature = signature
        self.wraps = wraps
        self.wrapProof = proof
        self.outline = outline
        self.headerDigest = EnvelopeDigest.header(lent: header)
        self.bodyDigest = EnvelopeDigest.body(lent: body)
        self.wrapsRoot = wrapsRoot
        self.digest = EnvelopeDigest.envelope(
            header: headerDigest,
            body: bodyDigest,
            wrapsRoot: wrapsRoot
        )
    }

    /// The header with all its labels.
    ///
    /// Decoding one takes longer than all else that is done with an envelope, so it is left to
    /// those who need it.
    public func header() throws(EnvelopeError) -> WireHeader {
        guard let header = try? WireHeader(serializedBytes: headerBytes),
            header.selector.unknownFields.data.isEmpty
        else { throw .malformedHeader }
        return header
    }

    /// The envelope once its signature by the sender's key is verified.
    ///
    /// The verifier remembers the batch, so that the next envelopes of it cost a few hashes.
    public func verified(
        with verifier: inout BatchVerifier,
        key: SigningPublicKey
    ) throws(EnvelopeError) -> VerifiedEnvelope {
        guard verifier.verify(envelopeDigest: digest, signature: signature, key: key) else {
            throw .badSignature
        }
        return VerifiedEnvelope(parts: self)
    }

    private static func checkBody(_ count: Int, isSealed: Bool) throws(EnvelopeError) {
        let overhead = isSealed ? EnvelopeLimits.sealOverhead : 0
        guard count <= EnvelopeLimits.body + overhead else { throw .bodyTooLarge }
        guard !isSealed || EnvelopeLimits.paddingSteps.contains(count - overhead) else {
            throw .wrongPadding
        }
    }

    private static func wraps(_ bytes: [UnsafeRawBufferPointer]) throws(EnvelopeError) -> [WireWrap]
    {
        var wraps: [WireWrap] = []
        wraps.reserveCapacity(bytes.count)
        var previous: NodeID?
        for bytes in bytes {
            guard let wrap = WireWrap(canonical: bytes), let recipient = NodeID(wrap.recipient)
            else { throw .malformedWraps }
            if let previous, previous >= recipient { throw .malformedWraps }
            previous = recipient
            wraps.append(wrap)
        }
        return wraps
    }

    /// The root that all wraps, or the single one and its proof, give; `nil` when they do not fit.
    private static func root(
        of wraps: [UnsafeRawBufferPointer],
        _ proof: WireWrapProof?,
        _ isSealed: Bool,
        _ form: Form
    ) -> Digest? {
        guard isSealed else {
            return wraps.isEmpty && proof == nil ? TreeHash.empty : nil
        }
        switch form {
        case .submitted:
            return wraps.isEmpty || proof != nil ? nil : EnvelopeDigest.wrapsRoot(lent: wraps)
        case .delivered:
            guard let proof, wraps.count == 1, let wrap = wraps.first else { return nil }
            return InclusionProof(
                index: UInt64(proof.index),
                size: UInt64(proof.size),
                path: proof.path.compactMap { Digest(bytes: $0) }
            ).computedRoot(leafHash: TreeHash.leaf(lent: wrap))
        }
    }
}

/// An envelope whose signature by its sender's key has been verified.
public struct VerifiedEnvelope: Hashable, Sendable {
    /// The parts, all of them covered by the signature.
    public let parts: EnvelopeParts
}

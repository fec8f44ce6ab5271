// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// An Envelope as its recipients get it. A plain one is the same for all; of a sealed one each gets its
// own wrap alone, with the proof that it stands among the others (Schemas/wici/v1/envelope.proto).

public import Foundation
import SwiftProtobuf

/// An accepted envelope, ready for whatever number of recipients: encoded once.
public struct DeliverableEnvelope: Sendable {
    private enum Content {
        /// A plain message's Envelope.
        case shared(Data)
        /// A sealed message's fields but for the wraps, of which each recipient gets one.
        case sealed(fields: Data, wraps: [WireWrap], proofs: WrapProofs)
    }

    private let content: Content

    /// Takes the kept parts of an envelope as it was submitted.
    public init(header: Data, body: Data, carriage: Data) {
        self.init(header: header, body: body, carriage: carriage) {
            Self.whole(header, body, carriage)
        }
    }

    /// Takes kept parts that somebody has put together already.
    package init(whole: Data, layout: KeptEnvelope.Layout) {
        self.init(
            header: whole[layout.header],
            body: layout.body.map { whole[$0] } ?? Data(),
            carriage: whole[layout.carriage]
        ) { whole[layout.envelope] }
    }

    private init(header: Data, body: Data, carriage: Data, whole: () -> Data) {
        guard !Self.isSignatureAlone(carriage),
            let parts = try? WireEnvelope(serializedBytes: carriage), !parts.wraps.isEmpty
        else {
            content = .shared(whole())
            return
        }
        var signature = WireEnvelope()
        signature.signature = parts.signature
        content = .sealed(
            fields: Self.whole(header, body, signature.canonicalBytes),
            // One that was delivered holds a single wrap: where that stood among all, only its proof says.
            wraps: parts.hasWrapProof ? [] : parts.wraps,
            proofs: WrapProofs(of: parts.wraps)
        )
    }

    /// The serialized Envelope for one recipient; `nil` when a sealed one has no wrap for it.
    public func bytes(for node: NodeID) -> Data? {
        switch content {
        case .shared(let envelope): return envelope
        case .sealed(let fields, let wraps, let proofs):
            guard let place = wraps.firstIndex(where: { $0.recipient == node.text }),
                let proof = proofs.proof(at: place)
            else { return nil }
            var own = WireEnvelope()
            own.wraps = [wraps[place]]
            own.wrapProof = proof
            return fields + own.canonicalBytes
        }
    }

    private static func whole(_ header: Data, _ body: Data, _ carriage: Data) -> Data {
        KeptEnvelope.lend(header: header, body: body, carriage: carriage) { $0.bytes }
    }

    /// Most messages are plain: their carriage is not decoded to find that out.
    private static func isSignatureAlone(_ carriage: Data) -> Bool {
        carriage.withUnsafeBytes { bytes in
            var fields = CanonicalFields(bytes)
            return fields.bytes(3)?.isEmpty == false && fields.isAtEnd
        }
    }
}

extension EnvelopeParts {
    /// A submitted envelope as its recipients get it.
    public var deliverable: DeliverableEnvelope {
        DeliverableEnvelope(header: headerBytes, body: bodyBytes, carriage: carriage)
    }
}

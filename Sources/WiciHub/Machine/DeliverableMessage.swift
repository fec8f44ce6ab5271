// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// An accepted message as recipients get it: encoded once, whatever the number of recipients. Field
// numbers are those of Schemas/wici/v1/envelope.proto; a test compares with the generated coders.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

/// A message ready to be copied into deliveries.
struct DeliverableMessage: Sendable {
    /// Place of the acceptance.
    let index: LedgerIndex
    private let content: Content

    private enum Content {
        /// A plain message's Envelope, the same for every recipient.
        case shared(Data)
        /// A sealed message's parts; each recipient gets its own wrap.
        case sealed(SealedParts)
    }

    private struct SealedParts {
        let fields: Data
        let wraps: [WireWrap]
        let proofs: WrapProofs
    }

    /// Takes a message that was read back; nil when its content was erased.
    init?(_ message: StoredMessage) {
        guard let body = message.body else { return nil }
        index = message.index
        content =
            Self.sealedParts(message.header, body, message.carriage).map(Content.sealed)
            ?? .shared(message.envelope)
    }

    /// Takes header, body and carriage as the ledger keeps them.
    init(index: LedgerIndex, header: Data, body: Data, carriage: Data) {
        self.index = index
        content =
            Self.sealedParts(header, body, carriage).map(Content.sealed)
            ?? .shared(Self.fields(header, body, carriage))
    }

    /// What is put together for each recipient; nil when there are no wraps.
    private static func sealedParts(
        _ header: Data,
        _ body: Data,
        _ carriage: Data
    ) -> SealedParts? {
        guard !StoredMessage.isSignatureAlone(carriage),
            let parts = try? WireEnvelope(serializedBytes: carriage), !parts.wraps.isEmpty
        else { return nil }
        var signature = WireEnvelope()
        signature.signature = parts.signature
        return SealedParts(
            fields: fields(header, body, (try? signature.serializedData()) ?? Data()),
            wraps: parts.wraps,
            proofs: WrapProofs(of: parts.wraps)
        )
    }

    /// An Envelope's fields; an empty one is left out, as everywhere in an envelope's one encoding.
    private static func fields(_ header: Data, _ body: Data, _ rest: Data) -> Data {
        let byteCount =
            FieldWriter.dataByteCount(header.count)
            + (body.isEmpty ? 0 : FieldWriter.dataByteCount(body.count)) + rest.count
        return FieldWriter.data(byteCount: byteCount) { memory in
            var writer = FieldWriter(memory)
            writer.data(1, header)
            if !body.isEmpty { writer.data(2, body) }
            writer.encoded(rest)
        }
    }

    /// The Envelope for one recipient: of a sealed message with its own wrap alone.
    func envelope(for node: NodeID) -> Data? {
        switch content {
        case .shared(let envelope): return envelope
        case .sealed(let sealed):
            guard let place = sealed.wraps.firstIndex(where: { $0.recipient == node.text }),
                let proof = sealed.proofs.proof(at: place)
            else { return nil }
            var own = WireEnvelope()
            own.wraps = [sealed.wraps[place]]
            own.wrapProof = proof
            guard let fields = try? own.serializedData() else { return nil }
            return sealed.fields + fields
        }
    }
}

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
    /// A plain message's Envelope, the same for every recipient.
    private let shared: Data?
    /// A sealed message's parts; each recipient gets its own wrap.
    private let sealed: SealedParts?

    private struct SealedParts: Sendable {
        let fields: Data
        let wraps: [WireWrap]
        let proofs: WrapProofs
    }

    /// Takes header, body and carriage as the ledger keeps them.
    init(index: LedgerIndex, header: Data, body: Data, carriage: Data) {
        self.index = index
        guard let parts = try? WireEnvelope(serializedBytes: carriage), !parts.wraps.isEmpty else {
            shared = Self.fields(header, body, carriage)
            sealed = nil
            return
        }
        var signature = WireEnvelope()
        signature.signature = parts.signature
        shared = nil
        sealed = SealedParts(
            fields: Self.fields(header, body, (try? signature.serializedData()) ?? Data()),
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
        if let shared { return shared }
        guard let sealed,
            let place = sealed.wraps.firstIndex(where: { $0.recipient == node.text }),
            let proof = sealed.proofs.proof(at: place)
        else { return nil }
        var own = WireEnvelope()
        own.wraps = [sealed.wraps[place]]
        own.wrapProof = proof
        guard let fields = try? own.serializedData() else { return nil }
        return sealed.fields + fields
    }
}

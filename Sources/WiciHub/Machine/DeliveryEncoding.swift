// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Bytes of packets that the hub assembles by hand: the envelope of a message is encoded once and
// copied behind each recipient's number, whatever the number of recipients. Field numbers are those
// of Schemas/wici/v1/packet.proto and envelope.proto; a test compares with the generated coders.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

/// Appends protobuf fields to bytes (https://protobuf.dev/programming-guides/encoding/).
struct FieldWriter {
    private(set) var bytes = Data()

    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Appends a base-128 varint.
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Appends a number field; zero is left out, as proto3 does.
    mutating func number(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(value)
    }

    /// Appends a bytes, string or message field.
    mutating func data(_ field: UInt64, _ value: Data) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes.append(value)
    }

    /// Appends bytes that are already encoded fields.
    mutating func encoded(_ fields: Data) {
        bytes.append(fields)
    }

    /// Number of bytes that a varint takes.
    static func varintCount(_ value: UInt64) -> Int {
        max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
    }
}

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
        var writer = FieldWriter(capacity: header.count + body.count + carriage.count + 12)
        writer.data(1, header)
        // An empty field is left out, as everywhere in an envelope's one encoding.
        if !body.isEmpty { writer.data(2, body) }
        guard let parts = try? WireEnvelope(serializedBytes: carriage), !parts.wraps.isEmpty else {
            writer.encoded(carriage)
            shared = writer.bytes
            sealed = nil
            return
        }
        var signature = WireEnvelope()
        signature.signature = parts.signature
        writer.encoded((try? signature.serializedData()) ?? Data())
        shared = nil
        sealed = SealedParts(
            fields: writer.bytes,
            wraps: parts.wraps,
            proofs: WrapProofs(of: parts.wraps)
        )
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

extension FieldWriter {
    /// Appends one Delivery (field 1 of Deliveries) that carries an envelope.
    mutating func delivery(number: MailboxNumber, index: LedgerIndex, envelope: Data) {
        let length =
            1 + Self.varintCount(number.value)
            + (index.value == 0 ? 0 : 1 + Self.varintCount(index.value))
            + 1 + Self.varintCount(UInt64(envelope.count)) + envelope.count
        varint(1 << 3 | 2)
        varint(UInt64(length))
        self.number(1, number.value)
        self.number(2, index.value)
        data(3, envelope)
    }

    /// Appends one Delivery that carries a tombstone.
    mutating func tombstone(number: MailboxNumber, index: LedgerIndex, _ tombstone: WireTombstone) {
        var delivery = WireDelivery()
        delivery.number = number.value
        delivery.index = index.value
        delivery.tombstone = tombstone
        data(1, (try? delivery.serializedData()) ?? Data())
    }

    /// Wraps Deliveries fields into a Packet.
    static func packet(deliveries fields: Data, request: UInt64 = 0) -> Data {
        let requestLength = request == 0 ? 0 : 1 + varintCount(request)
        var writer = FieldWriter(capacity: fields.count + 24)
        writer.varint(18 << 3 | 2)
        writer.varint(UInt64(fields.count + requestLength))
        writer.encoded(fields)
        writer.number(2, request)
        return writer.bytes
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A packet of deliveries, which is written when it leaves and into the frame that leaves. Field numbers
// are those of Schemas/wici/v1/packet.proto; a test compares with the generated coders.

public import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

/// Deliveries for one node that leave in one packet.
///
/// Encoded when they leave and straight into the frame: until then a message lies in memory once,
/// whatever the number of its recipients.
public struct DeliveryBatch: Sendable {
    private struct Delivery {
        let number: MailboxNumber
        let index: LedgerIndex
        let field: UInt64
        let content: Data
        /// Bytes of the three fields.
        let byteCount: Int
    }

    private var deliveries: [Delivery] = []
    /// Number of the Fetch that it answers; 0 for the ordinary flow of mail.
    private let request: UInt64
    /// Bytes of all Delivery fields with tags and lengths.
    private(set) var fieldsByteCount = 0

    init(request: UInt64 = 0) {
        self.request = request
    }

    var isEmpty: Bool { deliveries.isEmpty }

    /// Adds a message.
    mutating func add(number: MailboxNumber, index: LedgerIndex, envelope: Data) {
        add(number, index, field: 3, envelope)
    }

    /// Adds what stands in a message's place.
    mutating func add(number: MailboxNumber, index: LedgerIndex, tombstone: WireTombstone) {
        add(number, index, field: 4, (try? tombstone.serializedData()) ?? Data())
    }

    private mutating func add(
        _ number: MailboxNumber,
        _ index: LedgerIndex,
        field: UInt64,
        _ content: Data
    ) {
        let byteCount =
            FieldWriter.numberByteCount(number.value) + FieldWriter.numberByteCount(index.value)
            + FieldWriter.dataByteCount(content.count)
        deliveries.append(
            Delivery(
                number: number,
                index: index,
                field: field,
                content: content,
                byteCount: byteCount
            )
        )
        fieldsByteCount += FieldWriter.dataByteCount(byteCount)
    }

    private var contentByteCount: Int { fieldsByteCount + FieldWriter.numberByteCount(request) }

    /// Bytes of the whole packet, whose field number takes a tag of two bytes.
    public var packetByteCount: Int { FieldWriter.dataByteCount(contentByteCount) + 1 }

    /// Writes the packet to memory of exactly its size.
    public func writePacket(to memory: UnsafeMutableRawBufferPointer) {
        var writer = FieldWriter(memory)
        writer.start(18, byteCount: contentByteCount)
        for delivery in deliveries {
            writer.start(1, byteCount: delivery.byteCount)
            writer.number(1, delivery.number.value)
            writer.number(2, delivery.index.value)
            writer.data(delivery.field, delivery.content)
        }
        writer.number(2, request)
    }

    /// The packet in memory of its own.
    public var packet: Data {
        FieldWriter.data(byteCount: packetByteCount) { writePacket(to: $0) }
    }
}

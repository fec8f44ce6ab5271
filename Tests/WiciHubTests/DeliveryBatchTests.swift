// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Deliveries are written by hand for speed; the generated coders would write the same bytes.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct DeliveryBatchTests {
    private func bytes(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) -> Data {
        let count = Int.random(in: range, using: &random)
        return Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// A number of any length as a varint.
    private func number(_ random: inout SeededGenerator) -> UInt64 {
        random.next() >> UInt64.random(in: 0...63, using: &random)
    }

    private func envelope(isSealed: Bool, _ random: inout SeededGenerator) -> WireEnvelope {
        var envelope = WireEnvelope()
        envelope.header = bytes(1...200, &random)
        envelope.body = bytes(1...300, &random)
        envelope.signature.signature = bytes(64...64, &random)
        envelope.signature.size = UInt32.random(in: 1...1_000, using: &random)
        envelope.signature.index = UInt32.random(in: 0..<envelope.signature.size, using: &random)
        envelope.signature.path = (0..<Int.random(in: 0...10, using: &random)).map { _ in
            bytes(32...32, &random)
        }
        guard isSealed else { return envelope }
        envelope.wraps = HubNetwork.nodes.map { node in
            var wrap = WireWrap()
            wrap.recipient = node.text
            wrap.keyID = bytes(8...8, &random)
            wrap.encapsulatedKey = bytes(32...32, &random)
            return wrap
        }
        return envelope
    }

    private func expected(_ envelope: WireEnvelope, for node: NodeID) -> WireEnvelope {
        guard let place = envelope.wraps.firstIndex(where: { $0.recipient == node.text }) else {
            return envelope
        }
        var own = envelope
        own.wraps = [envelope.wraps[place]]
        if let proof = WrapProofs(of: envelope.wraps).proof(at: place) { own.wrapProof = proof }
        return own
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `hand-written deliveries are the bytes of the generated coders`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var deliveries = WireDeliveries()
            deliveries.request = Bool.random(using: &random) ? number(&random) : 0
            var batch = DeliveryBatch(request: deliveries.request)
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                var delivery = WireDelivery()
                delivery.number = max(1, number(&random))
                delivery.index = number(&random)
                if Int.random(in: 0..<5, using: &random) == 0 {
                    delivery.tombstone.messageID = bytes(16...16, &random)
                    delivery.tombstone.reason = "withheld"
                    batch.add(
                        number: MailboxNumber(delivery.number),
                        index: LedgerIndex(delivery.index),
                        tombstone: delivery.tombstone
                    )
                } else {
                    let whole = envelope(isSealed: Bool.random(using: &random), &random)
                    var carriage = WireEnvelope()
                    carriage.signature = whole.signature
                    carriage.wraps = whole.wraps
                    let message = DeliverableEnvelope(
                        header: whole.header,
                        body: whole.body,
                        carriage: try carriage.serializedData()
                    )
                    let node = HubNetwork.nodes[Int.random(in: 0..<4, using: &random)]
                    delivery.envelope = try expected(whole, for: node).serializedData()
                    let stored = StoredMessage(
                        index: LedgerIndex(delivery.index),
                        header: whole.header,
                        body: whole.body,
                        carriage: try carriage.serializedData(),
                        eligible: LedgerIndex(2),
                        audience: LedgerIndex(2),
                        registry: LedgerIndex(0),
                        policy: LedgerIndex(1),
                        acceptedAt: HubNetwork.now
                    )
                    let readBack = try #require(stored.deliverable)
                    #expect(readBack.bytes(for: node) == delivery.envelope)
                    let written = try #require(message.bytes(for: node))
                    #expect(written == delivery.envelope)
                    batch.add(
                        number: MailboxNumber(delivery.number),
                        index: LedgerIndex(delivery.index),
                        envelope: written
                    )
                }
                deliveries.deliveries.append(delivery)
            }
            var packet = WirePacket()
            packet.content = .deliveries(deliveries)
            let generated: Data = try packet.serializedData()
            #expect(batch.packet == generated)
        }
    }

    @Test func `who has no wrap in a sealed message gets nothing of it`() throws {
        var random = SeededGenerator(seed: 9)
        var carriage = envelope(isSealed: true, &random)
        carriage.wraps.removeLast()
        let message = DeliverableEnvelope(
            header: carriage.header,
            body: carriage.body,
            carriage: try carriage.serializedData()
        )
        #expect(message.bytes(for: HubNetwork.auditor) == nil)
        #expect(message.bytes(for: HubNetwork.police) != nil)
    }
}

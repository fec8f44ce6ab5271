// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the measuring clients read of a packet is what the generated coders read of it.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore

@testable import wici

struct BenchFrameTests {
    private func frame(_ content: WirePacket.OneOf_Content) throws -> BenchFrame {
        var packet = WirePacket()
        packet.content = content
        return BenchFrame(try packet.serializedData())
    }

    private func receipts(_ outcomes: [WireReceipt.OneOf_Outcome]) throws -> BenchFrame {
        var receipts = WireReceipts()
        receipts.sets = [WireRecipientSet()]
        receipts.receipts = outcomes.map { outcome in
            var receipt = WireReceipt()
            receipt.messageID = Data(repeating: 7, count: 16)
            receipt.envelopeDigest = Data(repeating: 8, count: 32)
            receipt.outcome = outcome
            return receipt
        }
        var signed = WireSignedReceipts()
        signed.receipts = try receipts.serializedData()
        signed.signature = Data(repeating: 9, count: 64)
        return try frame(.receipts(signed))
    }

    @Test
    func `the numbers of deliveries are read, tombstones included`() throws {
        var deliveries = WireDeliveries()
        deliveries.deliveries = (UInt64(250)...700).map { number in
            var delivery = WireDelivery()
            delivery.number = number
            delivery.index = number * 3
            if number.isMultiple(of: 9) {
                delivery.tombstone = WireTombstone()
            } else {
                delivery.envelope = Data(repeating: 1, count: 300)
            }
            return delivery
        }
        #expect(try frame(.deliveries(deliveries)) == .deliveries(250...700))
    }

    @Test
    func `receipts are counted and a refusal among them is not overlooked`() throws {
        let accepted = WireReceipt.OneOf_Outcome.accepted(WireReceipt.Accepted())
        let refused = WireReceipt.OneOf_Outcome.refusal(WireRefusal())
        #expect(try receipts([accepted, accepted, accepted]) == .receipts(accepted: 3))
        #expect(try receipts([accepted, refused]) == .refusedMessage)
    }

    @Test
    func `other packets are told apart`() throws {
        #expect(try frame(.welcome(WireWelcome())) == .welcome)
        #expect(try frame(.subscribed(WireSubscribed())) == .subscribed)
        #expect(try frame(.refused(WireRefused())) == .refused)
        #expect(try frame(.pong(WirePong())) == .other)
    }

    @Test
    func `bytes that are no packet are nothing, and are not read beyond their end`() throws {
        var deliveries = WireDeliveries()
        var delivery = WireDelivery()
        delivery.number = 5
        delivery.envelope = Data(repeating: 1, count: 40)
        deliveries.deliveries = [delivery]
        var packet = WirePacket()
        packet.content = .deliveries(deliveries)
        let whole = try packet.serializedData() as Data
        for length in 0..<whole.count {
            #expect(BenchFrame(whole.prefix(length)) == .other)
        }
        #expect(BenchFrame(Data(repeating: 0xFF, count: 64)) == .other)
    }
}

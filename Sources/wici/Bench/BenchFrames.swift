// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the measuring clients need of a packet, read where it lies: how many deliveries or receipts it
// holds. The generated coders would make an object of each, and the clients would be measured with the
// hub. Field numbers are those of Schemas/wici/v1/packet.proto; a test compares.

import Foundation
import WiciCore

/// What a packet from the hub is to a measuring client.
enum BenchFrame: Equatable {
    case welcome
    /// Deliveries with these numbers of the mailbox, which has no gaps.
    case deliveries(ClosedRange<UInt64>)
    /// So many messages were accepted.
    case receipts(accepted: Int)
    /// At least one message was refused.
    case refusedMessage
    case subscribed
    case refused
    case other

    /// Looks at a packet.
    init(_ frame: Data) {
        self = frame.withUnsafeBytes { bytes in
            var packet = CanonicalFields(bytes)
            guard let (field, value) = packet.next(), case .bytes(let content) = value else {
                return .other
            }
            switch field {
            case 16: return .welcome
            case 17: return Self.receipts(content)
            case 18: return Self.deliveries(content)
            case 20: return .subscribed
            case 24: return .refused
            default: return .other
            }
        }
    }

    private static func deliveries(_ content: UnsafeRawBufferPointer) -> BenchFrame {
        var walk = CanonicalFields(content)
        var first: UInt64?
        var last: UInt64 = 0
        while let (field, value) = walk.next() {
            guard field == 1, case .bytes(let delivery) = value else { continue }
            var fields = CanonicalFields(delivery)
            guard case (1, .number(let number))? = fields.next(), number > last else {
                return .other
            }
            first = first ?? number
            last = number
        }
        return first.map { .deliveries($0...last) } ?? .other
    }

    private static func receipts(_ signed: UnsafeRawBufferPointer) -> BenchFrame {
        var outer = CanonicalFields(signed)
        guard case (1, .bytes(let content))? = outer.next() else { return .other }
        var walk = CanonicalFields(content)
        var accepted = 0
        while let (field, value) = walk.next() {
            guard field == 2, case .bytes(let receipt) = value else { continue }
            var fields = CanonicalFields(receipt)
            while let (field, _) = fields.next() {
                if field == 4 { return .refusedMessage }
            }
            accepted += 1
        }
        return .receipts(accepted: accepted)
    }
}

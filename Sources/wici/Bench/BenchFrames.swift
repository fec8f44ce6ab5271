// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the measuring clients need of a packet, read where it lies: how many deliveries or receipts it
// holds. The generated coders would make an object of each, and the clients would be measured with the
// hub. Field numbers are those of Schemas/wici/v1/packet.proto; a test compares.

import Foundation

/// Walks over protobuf fields (https://protobuf.dev/programming-guides/encoding/).
struct FieldWalk {
    /// One field's content.
    enum Value {
        case number(UInt64)
        case bytes(UnsafeRawBufferPointer)
    }

    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next field; `nil` at the end and at whatever is not a field.
    mutating func next() -> (field: UInt64, value: Value)? {
        guard place < bytes.count, let tag = varint() else { return nil }
        switch tag & 7 {
        case 0:
            guard let number = varint() else { return nil }
            return (tag >> 3, .number(number))
        case 2:
            guard let length = varint(), length <= bytes.count - place else { return nil }
            let start = place
            place += Int(length)
            return (tag >> 3, .bytes(UnsafeRawBufferPointer(rebasing: bytes[start..<place])))
        default:
            return nil
        }
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < bytes.count, shift < 64 {
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}

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
            var packet = FieldWalk(bytes)
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
        var walk = FieldWalk(content)
        var first: UInt64?
        var last: UInt64 = 0
        while let (field, value) = walk.next() {
            guard field == 1, case .bytes(let delivery) = value else { continue }
            var fields = FieldWalk(delivery)
            guard case (1, .number(let number))? = fields.next(), number > last else {
                return .other
            }
            first = first ?? number
            last = number
        }
        return first.map { .deliveries($0...last) } ?? .other
    }

    private static func receipts(_ signed: UnsafeRawBufferPointer) -> BenchFrame {
        var outer = FieldWalk(signed)
        guard case (1, .bytes(let content))? = outer.next() else { return .other }
        var walk = FieldWalk(content)
        var accepted = 0
        while let (field, value) = walk.next() {
            guard field == 2, case .bytes(let receipt) = value else { continue }
            var fields = FieldWalk(receipt)
            while let (field, _) = fields.next() {
                if field == 4 { return .refusedMessage }
            }
            accepted += 1
        }
        return .receipts(accepted: accepted)
    }
}

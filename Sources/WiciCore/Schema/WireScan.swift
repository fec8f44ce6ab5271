// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Counts the fields of protobuf bytes before they are decoded. Two bytes can ask for a nested message
// of hundreds, so that a small body could otherwise claim much memory.

import Foundation

/// A look over protobuf bytes that allocates nothing.
enum WireScan {
    /// True when the bytes are well formed and hold at most so many fields, nested ones included.
    static func isWithin(_ limit: Int, bytes: Data, of check: CompiledMessage) -> Bool {
        bytes.withUnsafeBytes { raw in
            let buffer = raw.bindMemory(to: UInt8.self)
            var left = limit
            return scan(buffer, 0..<buffer.count, check, &left)
        }
    }

    private static func scan(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ range: Range<Int>,
        _ check: CompiledMessage,
        _ left: inout Int
    ) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            left -= 1
            guard left >= 0, let tag = varint(bytes, &position, range.upperBound) else {
                return false
            }
            switch tag & 7 {
            case 0:
                guard varint(bytes, &position, range.upperBound) != nil else { return false }
            case 1: position += 8
            case 5: position += 4
            case 2:
                guard let length = varint(bytes, &position, range.upperBound),
                    length <= UInt64(range.upperBound - position)
                else { return false }
                let end = position + Int(length)
                if let group = check.field(numbered: Int(clamping: tag >> 3))?.group {
                    guard scan(bytes, position..<end, group, &left) else { return false }
                }
                position = end
            default: return false
            }
        }
        return position == range.upperBound
    }

    private static func varint(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int,
        _ end: Int
    ) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 70 {
            let byte = bytes[position]
            position += 1
            if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Protobuf fields as this program writes them, read where they are. Whoever meets anything else asks
// the generated decoder.

/// Walks protobuf fields (https://protobuf.dev/programming-guides/encoding/) without copying; stops
/// at anything that it was not asked for.
struct CanonicalFields {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    /// The number field that is next; 0 when another is next.
    ///
    /// Fields are below 16 here and in `bytes`, so that their tag is one byte.
    mutating func number(_ field: UInt8) -> UInt64 {
        let start = place
        guard take(tag: field << 3), let value = varint() else {
            place = start
            return 0
        }
        return value
    }

    /// The bytes or message field that is next; nil when another is next or it is cut off.
    mutating func bytes(_ field: UInt8) -> UnsafeRawBufferPointer? {
        let start = place
        guard take(tag: field << 3 | 2), let value = lengthDelimited() else {
            place = start
            return nil
        }
        return value
    }

    private mutating func take(tag: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == tag else { return false }
        place += 1
        return true
    }

    /// Passes over one number or bytes field with a number above this; false at anything else.
    mutating func skip(above field: UInt64) -> Bool {
        let start = place
        if let tag = varint(), tag >> 3 > field {
            if tag & 7 == 0, varint() != nil { return true }
            if tag & 7 == 2, lengthDelimited() != nil { return true }
        }
        place = start
        return false
    }

    private mutating func lengthDelimited() -> UnsafeRawBufferPointer? {
        guard let length = varint(), length <= UInt64(bytes.count - place) else { return nil }
        let end = place + Int(length)
        defer { place = end }
        return UnsafeRawBufferPointer(rebasing: bytes[place..<end])
    }

    private mutating func varint() -> UInt64? {
        // Most tags, lengths and numbers are one byte.
        guard place < bytes.count else { return nil }
        if bytes[place] < 0x80 {
            place += 1
            return UInt64(bytes[place - 1])
        }
        return longVarint()
    }

    private mutating func longVarint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < bytes.count {
            let byte = bytes[place]
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            place += 1
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}

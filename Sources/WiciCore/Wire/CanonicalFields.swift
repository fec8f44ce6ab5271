// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reads protobuf fields where they lie, in the one encoding that every common library writes:
// ascending field numbers and shortest varints. An envelope's frame is outside the signature, so
// anything looser would let a relay change bytes unnoticed; and what is read in place needs no
// decoder's objects.

/// A strict walk over the fields of one message
/// (https://protobuf.dev/programming-guides/encoding/); copies nothing.
///
/// Either ask for the fields by number in ascending order, after which `isAtEnd` tells whether
/// there was anything else, or take them one by one with `next`.
package struct CanonicalFields {
    /// What one field holds.
    package enum Value {
        /// A varint.
        case number(UInt64)
        /// Text, bytes, or a nested message.
        case bytes(UnsafeRawBufferPointer)
        /// Four or eight bytes, which no message of ours has.
        case fixed
    }

    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline var place = 0

    /// Walks bytes that must stay where they are for as long as the walk and what it lends.
    @inlinable
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whether all bytes were read.
    @inlinable
    package var isAtEnd: Bool { place == bytes.count }

    /// The bytes that are not read yet.
    @inlinable
    package var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[place...]) }

    // MARK: One by one

    /// The next field and its number; `nil` at the end, and before what is no field or not shortest.
    @inlinable
    package mutating func next() -> (number: UInt64, value: Value)? {
        let start = place
        if let tag = varint(), (8...UInt64(UInt32.max)).contains(tag), let value = value(tag & 7) {
            return (tag >> 3, value)
        }
        place = start
        return nil
    }

    @inlinable
    mutating func value(_ wireType: UInt64) -> Value? {
        switch wireType {
        case 0: varint().map { .number($0) }
        case 1: skip(8) ? .fixed : nil
        case 2: lengthDelimited(limit: .max).map { .bytes($0) }
        case 5: skip(4) ? .fixed : nil
        default: nil
        }
    }

    // MARK: By number

    /// A bytes field that is next: empty when it is absent; `nil` when it is over the limit, cut off
    /// or empty though present.
    @inlinable
    package mutating func bytes(_ field: UInt64, limit: Int = .max) -> UnsafeRawBufferPointer? {
        guard take(field << 3 | 2) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let value = lengthDelimited(limit: limit), !value.isEmpty else { return nil }
        return value
    }

    /// A number field that is next: 0 when it is absent; `nil` when it is cut off or 0 though present.
    @inlinable
    package mutating func number(_ field: UInt64) -> UInt64? {
        guard take(field << 3) else { return 0 }
        guard let value = varint(), value > 0 else { return nil }
        return value
    }

    /// Lends all consecutive entries of a repeated bytes field; false when there are more than
    /// `maximumCount`, one is over the limit, or one is not taken.
    @inlinable
    package mutating func each(
        _ field: UInt64,
        limit: Int = .max,
        maximumCount: Int = .max,
        take item: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        var count = 0
        while take(field << 3 | 2) {
            count += 1
            guard count <= maximumCount, let value = lengthDelimited(limit: limit), item(value)
            else { return false }
        }
        return true
    }

    /// Passes over a tag of one or two bytes when it is the next one.
    @inlinable
    mutating func take(_ tag: UInt64) -> Bool {
        if tag < 0x80 {
            guard place < bytes.count, bytes[place] == UInt8(truncatingIfNeeded: tag) else {
                return false
            }
            place += 1
            return true
        }
        guard place + 1 < bytes.count, bytes[place] == UInt8(truncatingIfNeeded: tag) | 0x80,
            bytes[place + 1] == UInt8(truncatingIfNeeded: tag >> 7)
        else { return false }
        place += 2
        return true
    }

    // MARK: Pieces

    @inlinable
    mutating func skip(_ count: Int) -> Bool {
        guard count <= bytes.count - place else { return false }
        place += count
        return true
    }

    @inlinable
    mutating func lengthDelimited(limit: Int) -> UnsafeRawBufferPointer? {
        guard let length = varint(), length <= UInt64(min(limit, bytes.count - place)) else {
            return nil
        }
        let start = place
        place += Int(length)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<place])
    }

    @inlinable
    mutating func varint() -> UInt64? {
        // Most tags, lengths and numbers are one byte.
        guard place < bytes.count else { return nil }
        let byte = bytes[place]
        guard byte >= 0x80 else {
            place += 1
            return UInt64(byte)
        }
        return longVarint()
    }

    @usableFromInline
    mutating func longVarint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < bytes.count, shift < 64 {
            let byte = bytes[place]
            place += 1
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return byte == 0 && shift > 0 ? nil : value }
            shift += 7
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reads protobuf fields in the one encoding that every common library writes: ascending field
// numbers, shortest varints, no default values, no unknown fields. The envelope's frame is outside
// the signature, so anything looser would let a relay change bytes unnoticed.

import Foundation

/// A strict reader of protobuf fields; every method gives `nil` for anything but the canonical
/// form.
struct FieldReader {
    private let data: Data
    private var position: Int
    private var lastField: UInt64 = 0

    init(_ data: Data) {
        self.data = data
        self.position = data.startIndex
    }

    var isAtEnd: Bool { position == data.endIndex }

    /// The bytes that are not read yet.
    var rest: Data { data.subdata(in: position..<data.endIndex) }

    /// Whether the next tag is this field in this wire type.
    private mutating func take(field: UInt64, wireType: UInt64) -> Bool {
        var ahead = self
        guard let tag = ahead.varint(), tag == field << 3 | wireType, field >= lastField else {
            return false
        }
        self = ahead
        lastField = field
        return true
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < data.endIndex, shift < 64 {
            let byte = data[position]
            position += 1
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                return byte == 0 && shift > 0 ? nil : value
            }
            shift += 7
        }
        return nil
    }

    /// A bytes field that is next: empty when it is absent, `nil` when over the limit.
    mutating func bytes(_ field: UInt64, limit: Int) -> Data? {
        guard take(field: field, wireType: 2) else { return Data() }
        guard let value = lengthDelimited(limit: limit), !value.isEmpty else { return nil }
        return value
    }

    /// All consecutive entries of a repeated bytes field; `nil` when over a limit.
    mutating func repeatedBytes(_ field: UInt64, limit: Int, maximumCount: Int) -> [Data]? {
        var values: [Data] = []
        while take(field: field, wireType: 2) {
            guard values.count < maximumCount, let value = lengthDelimited(limit: limit) else {
                return nil
            }
            values.append(value)
        }
        return values
    }

    /// A number field that is next: 0 when it is absent, `nil` when over 32 bits.
    mutating func number(_ field: UInt64) -> UInt32? {
        guard take(field: field, wireType: 0) else { return 0 }
        guard let value = varint(), value > 0 else { return nil }
        return UInt32(exactly: value)
    }

    private mutating func lengthDelimited(limit: Int) -> Data? {
        guard let length = varint(), length <= UInt64(limit),
            Int(length) <= data.endIndex - position
        else { return nil }
        defer { position += Int(length) }
        return data.subdata(in: position..<position + Int(length))
    }
}

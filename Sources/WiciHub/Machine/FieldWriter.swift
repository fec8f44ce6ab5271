// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Protobuf fields written by hand, for packets that are assembled from parts which are encoded already.

import Foundation

/// Writes protobuf fields to memory of a size that was counted before
/// (https://protobuf.dev/programming-guides/encoding/).
struct FieldWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private var position = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    /// Bytes that `write` fills to the last one.
    static func data(
        byteCount: Int,
        _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Data {
        guard byteCount > 0 else { return Data() }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 1)
        write(memory)
        guard let start = memory.baseAddress else { return Data() }
        return Data(
            bytesNoCopy: start,
            count: byteCount,
            deallocator: .custom { start, _ in start.deallocate() }
        )
    }

    /// Writes a base-128 varint.
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            memory[position] = UInt8(truncatingIfNeeded: rest) | 0x80
            position += 1
            rest >>= 7
        }
        memory[position] = UInt8(rest)
        position += 1
    }

    /// Writes a number field; zero is left out, as proto3 does.
    mutating func number(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(value)
    }

    /// Writes the tag and the length of a bytes, string or message field that follows.
    mutating func start(_ field: UInt64, byteCount: Int) {
        varint(field << 3 | 2)
        varint(UInt64(byteCount))
    }

    /// Writes a bytes, string or message field.
    mutating func data(_ field: UInt64, _ value: Data) {
        start(field, byteCount: value.count)
        encoded(value)
    }

    /// Writes bytes that are already encoded fields.
    mutating func encoded(_ fields: Data) {
        let end = position + fields.count
        fields.withUnsafeBytes { memory[position..<end].copyBytes(from: $0) }
        position = end
    }

    // MARK: Counting; field numbers up to 15

    private static func varintByteCount(_ value: UInt64) -> Int {
        max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
    }

    /// Bytes of a number field.
    static func numberByteCount(_ value: UInt64) -> Int {
        value == 0 ? 0 : 1 + varintByteCount(value)
    }

    /// Bytes of a bytes, string or message field, empty or not.
    static func dataByteCount(_ count: Int) -> Int {
        1 + varintByteCount(UInt64(count)) + count
    }
}

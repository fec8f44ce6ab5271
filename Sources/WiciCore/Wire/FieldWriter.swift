// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Writes protobuf fields by hand, for what is put together from parts that are encoded already. What
// it writes `CanonicalFields` reads.

package import Foundation

/// Writes protobuf fields to memory that has room for them
/// (https://protobuf.dev/programming-guides/encoding/).
package struct FieldWriter {
    @usableFromInline let memory: UnsafeMutableRawBufferPointer
    @usableFromInline var place: Int

    /// Writes to memory from a position on.
    @inlinable
    package init(_ memory: UnsafeMutableRawBufferPointer, at position: Int = 0) {
        self.memory = memory
        place = position
    }

    /// Where the next field begins.
    @inlinable
    package var position: Int { place }

    /// Bytes that `write` fills to the last one.
    @inlinable
    package static func data(
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
    @inlinable
    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            memory[place] = UInt8(truncatingIfNeeded: rest) | 0x80
            place += 1
            rest >>= 7
        }
        memory[place] = UInt8(rest)
        place += 1
    }

    /// Writes a number field; zero is left out, as proto3 does.
    @inlinable
    package mutating func number(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(value)
    }

    /// Writes the tag and the length of a bytes, string or message field that follows.
    @inlinable
    package mutating func start(_ field: UInt64, byteCount: Int) {
        varint(field << 3 | 2)
        varint(UInt64(byteCount))
    }

    /// Writes a bytes, string or message field, empty or not.
    @inlinable
    package mutating func data(_ field: UInt64, _ value: Data) {
        start(field, byteCount: value.count)
        value.withUnsafeBytes { encoded($0) }
    }

    /// Writes bytes that are already encoded fields, or the content of one.
    @inlinable
    package mutating func encoded(_ bytes: UnsafeRawBufferPointer) {
        let end = place + bytes.count
        memory[place..<end].copyBytes(from: bytes)
        place = end
    }

    // MARK: Counting; field numbers up to 15

    @inlinable
    static func varintByteCount(_ value: UInt64) -> Int {
        max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
    }

    /// Bytes of a number field.
    @inlinable
    package static func numberByteCount(_ value: UInt64) -> Int {
        value == 0 ? 0 : 1 + varintByteCount(value)
    }

    /// Bytes of a bytes, string or message field, empty or not.
    @inlinable
    package static func dataByteCount(_ count: Int) -> Int {
        1 + varintByteCount(UInt64(count)) + count
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A message's id: a UUIDv7 (RFC 9562 section 5.7), so that ids sort by the time they were made
// and an index over them grows at one end.

public import Foundation

/// A message's id, 16 bytes of UUIDv7.
public struct MessageID: Hashable, Sendable {
    /// The first eight bytes, big-endian: 48 bits of milliseconds, version, 12 random bits.
    public let high: UInt64
    /// The last eight bytes, big-endian: variant and 62 random bits.
    public let low: UInt64

    /// Takes 16 bytes of UUIDv7; `nil` for another count, version or variant.
    @inlinable
    public init?(bytes: some ContiguousBytes) {
        let words = bytes.withUnsafeBytes { raw -> (UInt64, UInt64)? in
            guard raw.count == 16 else { return nil }
            return (
                UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        guard let (high, low) = words else { return nil }
        guard (high >> 12) & 0xF == 7, low >> 62 == 0b10 else { return nil }
        self.high = high
        self.low = low
    }

    /// Makes an id from a moment (milliseconds since 1970) and randomness given by the caller.
    public init(milliseconds: Int64, random: (UInt64, UInt64)) {
        let time = UInt64(bitPattern: milliseconds) & 0xFFFF_FFFF_FFFF
        self.high = time << 16 | 0x7000 | (random.0 & 0xFFF)
        self.low = 0b10 << 62 | random.1 >> 2
    }

    /// Parses the 36-character text form, hexadecimal in groups of 8-4-4-4-12, any case.
    public init?(_ text: String) {
        let lower = text.lowercased()
        let groups = lower.split(separator: "-", omittingEmptySubsequences: false)
        guard lower.utf8.count == 36, groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            let bytes = Data(lowercaseHexadecimal: groups.joined())
        else { return nil }
        self.init(bytes: bytes)
    }

    /// The moment inside the id, milliseconds since 1970: the maker's claim.
    public var milliseconds: Int64 { Int64(high >> 16) }

    /// The 16 bytes.
    public var data: Data {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Data($0) }
    }
}

extension MessageID: CustomStringConvertible {
    /// The 36-character text form, lower case.
    public var description: String {
        let text = data.lowercaseHexadecimal
        var parts: [Substring] = []
        var rest = text[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }
}

extension MessageID: Comparable {
    /// Orders by bytes, which is by time first.
    public static func < (left: MessageID, right: MessageID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

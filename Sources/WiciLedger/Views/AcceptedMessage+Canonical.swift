// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading acceptances in place. Nine of ten records of a ledger are acceptances, and replaying one
// through the generated decoder takes longer than checking its leaf. Only the one encoding that the
// ledger itself writes is read here; a test compares with the generated decoder.

import Foundation
import WiciCore

extension AcceptedMessage {
    /// Reads a Record whose fields stand in ascending order, each once; nil for any other bytes.
    init?(canonicalRecord bytes: Data) {
        let accepted = bytes.withUnsafeBytes { raw -> AcceptedMessage? in
            var record = CanonicalFields(raw[...])
            let time = record.number(1)
            guard let message = record.bytes(2), record.isAtEnd else { return nil }
            var fields = CanonicalFields(message)
            guard let header = fields.bytes(1),
                let messageID = Self.messageID(ofHeader: header),
                let bodyDigest = fields.bytes(2).flatMap(Self.digest),
                let wrapsRoot = fields.bytes(3).flatMap(Self.digest)
            else { return nil }
            let eligible = fields.number(4)
            let audience = fields.number(5)
            let registry = fields.number(6)
            let policy = fields.number(7)
            while fields.bytes(8) != nil {}
            guard fields.isAtEnd else { return nil }
            return AcceptedMessage(
                messageID: messageID,
                header: Data(header),
                bodyDigest: bodyDigest,
                wrapsRoot: wrapsRoot,
                eligible: LedgerIndex(eligible),
                audience: LedgerIndex(audience),
                registry: LedgerIndex(registry),
                policy: LedgerIndex(policy),
                acceptedAt: Moment(milliseconds: Int64(bitPattern: time))
            )
        }
        guard let accepted else { return nil }
        self = accepted
    }

    private static func digest(_ bytes: Slice<UnsafeRawBufferPointer>) -> Digest? {
        Digest(bytes: UnsafeRawBufferPointer(rebasing: bytes))
    }

    /// The id when it is the header's first field and no later field is another id.
    private static func messageID(ofHeader header: Slice<UnsafeRawBufferPointer>) -> MessageID? {
        var fields = CanonicalFields(header)
        guard let bytes = fields.bytes(1) else { return nil }
        while fields.skip(above: 1) {}
        guard fields.isAtEnd else { return nil }
        return MessageID(bytes: UnsafeRawBufferPointer(rebasing: bytes))
    }
}

/// Walks protobuf fields (https://protobuf.dev/programming-guides/encoding/) without copying; stops
/// at anything that it was not asked for.
private struct CanonicalFields {
    private var rest: Slice<UnsafeRawBufferPointer>

    init(_ bytes: Slice<UnsafeRawBufferPointer>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    /// The number field that is next; 0 when another is next.
    mutating func number(_ field: UInt64) -> UInt64 {
        var ahead = self
        guard ahead.varint() == field << 3, let value = ahead.varint() else { return 0 }
        self = ahead
        return value
    }

    /// The bytes or message field that is next; nil when another is next or it is cut off.
    mutating func bytes(_ field: UInt64) -> Slice<UnsafeRawBufferPointer>? {
        var ahead = self
        guard ahead.varint() == field << 3 | 2, let value = ahead.lengthDelimited() else {
            return nil
        }
        self = ahead
        return value
    }

    /// Passes over one number or bytes field with a number above this; false at anything else.
    mutating func skip(above field: UInt64) -> Bool {
        var ahead = self
        guard let tag = ahead.varint(), tag >> 3 > field else { return false }
        switch tag & 7 {
        case 0: guard ahead.varint() != nil else { return false }
        case 2: guard ahead.lengthDelimited() != nil else { return false }
        default: return false
        }
        self = ahead
        return true
    }

    private mutating func lengthDelimited() -> Slice<UnsafeRawBufferPointer>? {
        guard let length = varint(), length <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return rest.prefix(Int(length))
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var place = rest.startIndex
        while place < rest.endIndex {
            let byte = rest.base[place]
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            place += 1
            if byte & 0x80 == 0 {
                rest = rest.base[place..<rest.endIndex]
                return value
            }
            shift += 7
        }
        return nil
    }
}

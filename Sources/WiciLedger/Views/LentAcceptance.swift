// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading acceptances in place. Nine of ten records of a ledger are acceptances, and replaying one
// through the generated decoder takes longer than checking its leaf. Only the one encoding that the
// ledger itself writes is read here; a test compares with the generated decoder.

import Foundation
import WiciCore

/// An acceptance whose header stays where it is; good only while the record's bytes are lent.
struct LentAcceptance {
    let recordedAt: Int64
    let messageID: MessageID
    let header: UnsafeRawBufferPointer
    let bodyDigest: Digest
    let wrapsRoot: Digest
    let eligible: LedgerIndex
    let audience: LedgerIndex
    let registry: LedgerIndex
    let policy: LedgerIndex

    /// Reads a Record whose fields stand in ascending order, each once; nil for any other bytes.
    init?(canonicalRecord bytes: UnsafeRawBufferPointer) {
        var record = CanonicalFields(bytes)
        recordedAt = Int64(bitPattern: record.number(1))
        guard let message = record.bytes(2), record.isAtEnd else { return nil }
        var fields = CanonicalFields(message)
        guard let header = fields.bytes(1),
            let messageID = Self.messageID(ofHeader: header),
            let bodyDigest = fields.bytes(2).flatMap({ Digest(bytes: $0) }),
            let wrapsRoot = fields.bytes(3).flatMap({ Digest(bytes: $0) })
        else { return nil }
        self.header = header
        self.messageID = messageID
        self.bodyDigest = bodyDigest
        self.wrapsRoot = wrapsRoot
        eligible = LedgerIndex(fields.number(4))
        audience = LedgerIndex(fields.number(5))
        registry = LedgerIndex(fields.number(6))
        policy = LedgerIndex(fields.number(7))
        while fields.bytes(8) != nil {}
        guard fields.isAtEnd else { return nil }
    }

    /// The id when it is the header's first field and no later field is another id.
    private static func messageID(ofHeader header: UnsafeRawBufferPointer) -> MessageID? {
        var fields = CanonicalFields(header)
        guard let bytes = fields.bytes(1) else { return nil }
        while fields.skip(above: 1) {}
        guard fields.isAtEnd else { return nil }
        return MessageID(bytes: bytes)
    }
}

extension AcceptedMessage {
    /// Reads a Record as `LentAcceptance` does, and keeps a copy of the header.
    init?(canonicalRecord bytes: Data) {
        let accepted = bytes.withUnsafeBytes { bytes in
            LentAcceptance(canonicalRecord: bytes).map { lent in
                AcceptedMessage(
                    messageID: lent.messageID,
                    header: Data(lent.header),
                    bodyDigest: lent.bodyDigest,
                    wrapsRoot: lent.wrapsRoot,
                    eligible: lent.eligible,
                    audience: lent.audience,
                    registry: lent.registry,
                    policy: lent.policy,
                    acceptedAt: Moment(milliseconds: lent.recordedAt)
                )
            }
        }
        guard let accepted else { return nil }
        self = accepted
    }
}

/// Walks protobuf fields (https://protobuf.dev/programming-guides/encoding/) without copying; stops
/// at anything that it was not asked for.
private struct CanonicalFields {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    /// The number field that is next; 0 when another is next.
    mutating func number(_ field: UInt64) -> UInt64 {
        let start = place
        guard varint() == field << 3, let value = varint() else {
            place = start
            return 0
        }
        return value
    }

    /// The bytes or message field that is next; nil when another is next or it is cut off.
    mutating func bytes(_ field: UInt64) -> UnsafeRawBufferPointer? {
        let start = place
        guard varint() == field << 3 | 2, let value = lengthDelimited() else {
            place = start
            return nil
        }
        return value
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

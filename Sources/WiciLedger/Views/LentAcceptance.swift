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
        guard let recordedAt = record.number(1), let message = record.bytes(2), record.isAtEnd
        else {
            return nil
        }
        var fields = CanonicalFields(message)
        guard let header = fields.bytes(1),
            let messageID = Self.messageID(ofHeader: header),
            let bodyDigest = fields.bytes(2).flatMap({ Digest(bytes: $0) }),
            let wrapsRoot = fields.bytes(3).flatMap({ Digest(bytes: $0) }),
            let eligible = fields.number(4), let audience = fields.number(5),
            let registry = fields.number(6), let policy = fields.number(7),
            fields.each(8, take: { _ in true }), fields.isAtEnd
        else { return nil }
        self.recordedAt = Int64(bitPattern: recordedAt)
        self.header = header
        self.messageID = messageID
        self.bodyDigest = bodyDigest
        self.wrapsRoot = wrapsRoot
        self.eligible = LedgerIndex(eligible)
        self.audience = LedgerIndex(audience)
        self.registry = LedgerIndex(registry)
        self.policy = LedgerIndex(policy)
    }

    /// The id when it is the header's first field and no later field is another id.
    private static func messageID(ofHeader header: UnsafeRawBufferPointer) -> MessageID? {
        var fields = CanonicalFields(header)
        guard let bytes = fields.bytes(1) else { return nil }
        while let (number, _) = fields.next() {
            guard number > 1 else { return nil }
        }
        return fields.isAtEnd ? MessageID(bytes: bytes) : nil
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

extension AcceptedMessage {
    /// Lends the header of an acceptance's record; refuses any other record.
    static func withHeader<Result>(
        ofRecord bytes: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(RecordFault) -> Result {
        if let lent = LentAcceptance(canonicalRecord: bytes) { return body(lent.header) }
        guard case .message(let message) = try ViewChange(recordBytes: Data(bytes)) else {
            throw RecordFault(.auditRecordFault, "accepted")
        }
        return message.header.withUnsafeBytes(body)
    }
}

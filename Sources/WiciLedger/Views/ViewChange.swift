// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a record changes in the views. Both the tables of the store and the fold in memory are driven
// by this one value, so that they cannot disagree about what a record means.

public import Foundation
import SwiftProtobuf
public import WiciCore

/// Why a record is not one that the ledger could have written.
public struct RecordFault: Error, Hashable, Sendable {
    /// `ledger-record-unreadable`, `audit-record-fault` or a code of what it contradicts.
    public let code: RefusalCode
    /// The record's field at fault.
    public let field: String

    init(_ code: RefusalCode, _ field: String) {
        self.code = code
        self.field = field
    }
}

/// An accepted message, as the views know it.
public struct AcceptedMessage: Hashable, Sendable {
    /// The message's id.
    public let messageID: MessageID
    /// Exact bytes of the Header.
    public let header: Data
    /// Digest of the body as carried.
    public let bodyDigest: Digest
    /// Root of the tree over the wraps.
    public let wrapsRoot: Digest
    /// Place of the eligible set.
    public let eligible: LedgerIndex
    /// Place of the audience.
    public let audience: LedgerIndex
    /// Place of the registry release.
    public let registry: LedgerIndex
    /// Place of the policy release.
    public let policy: LedgerIndex
    /// When it was accepted, by the hub's clock.
    public let acceptedAt: Moment

    /// Digest of the envelope, computed from the parts: two hashes.
    public var envelopeDigest: Digest {
        EnvelopeDigest.envelope(
            header: EnvelopeDigest.header(header),
            body: bodyDigest,
            wrapsRoot: wrapsRoot
        )
    }
}

/// A message that was withheld from a node.
public struct Withheld: Hashable, Sendable {
    /// The node.
    public let node: NodeID
    /// The number in its mailbox that the tombstone has.
    public let number: MailboxNumber
    /// Place of the acceptance.
    public let message: LedgerIndex
    /// Code of list "tombstone".
    public let reason: String
}

/// A message that was refused for good.
public struct RefusedMessage: Hashable, Sendable {
    /// Its id.
    public let messageID: MessageID
    /// The node that sent it.
    public let sender: NodeID
    /// Digest of the envelope.
    public let envelopeDigest: Digest

    /// Nil for a refusal of anything else, and for one after which the same bytes may succeed.
    init?(_ refused: WireRefusedRequest) {
        guard RefusalCode.numbered(refused.code)?.retryable == false,
            let messageID = MessageID(bytes: refused.messageID),
            let sender = NodeID(refused.node),
            let envelopeDigest = Digest(bytes: refused.envelopeDigest)
        else { return nil }
        self.messageID = messageID
        self.sender = sender
        self.envelopeDigest = envelopeDigest
    }
}

/// A registry or policy release.
public struct RecordedRelease: Hashable, Sendable {
    /// Which document.
    public let kind: ReleaseKind
    /// Its release number.
    public let number: UInt64
    /// SHA-256 of its signed note.
    public let digest: Digest
}

/// What one record changes in the views.
public enum ViewChange: Hashable, Sendable {
    /// A message for the mailboxes of its audience.
    case message(AcceptedMessage)
    /// A message that is not taken any more.
    case refused(RefusedMessage)
    /// A recipient set that later records refer to.
    case recipientSet(RecipientSet)
    /// A node has everything through this number.
    case delivered(NodeID, through: MailboxNumber)
    /// A node's subscriptions from now on.
    case subscriptions(NodeID, [WireSubscription])
    /// A tombstone in a mailbox.
    case withheld(Withheld)
    /// A release from now on in force.
    case release(RecordedRelease)
    /// Recorded only: other refusals, audit reads, operations.
    case none

    /// Decodes exact record bytes.
    ///
    /// Acceptances and confirmations as this program writes them are read in place; any other form,
    /// and every other record, goes through the generated decoder.
    public init(recordBytes: Data) throws(RecordFault) {
        if let message = AcceptedMessage(canonicalRecord: recordBytes) {
            self = .message(message)
            return
        }
        if let delivery = recordBytes.withUnsafeBytes({ ViewChange(canonicalDelivery: $0) }) {
            self = delivery
            return
        }
        guard let record = try? WireRecord(serializedBytes: recordBytes) else {
            throw RecordFault(.ledgerRecordUnreadable, "record")
        }
        try self.init(record)
    }

    /// Reads a record's meaning; refuses ids and digests of wrong form.
    public init(_ record: WireRecord) throws(RecordFault) {
        switch record.event {
        case .accepted(let accepted):
            self = .message(try AcceptedMessage(accepted, recordedAt: record.recordedAt))
        case .recipientSet(let set):
            self = .recipientSet(RecipientSet(set))
        case .delivered(let delivered):
            self = .delivered(
                try Self.node(delivered.node),
                through: MailboxNumber(delivered.through)
            )
        case .subscriptions(let change):
            self = .subscriptions(try Self.node(change.node), change.subscriptions)
        case .withheld(let withheld):
            self = .withheld(
                Withheld(
                    node: try Self.node(withheld.node),
                    number: MailboxNumber(withheld.number),
                    message: LedgerIndex(withheld.message),
                    reason: withheld.reason
                )
            )
        case .registryRelease(let release):
            self = .release(try RecordedRelease(.registry, release))
        case .policyRelease(let release):
            self = .release(try RecordedRelease(.policy, release))
        case .refused(let refused):
            self = RefusedMessage(refused).map { .refused($0) } ?? .none
        case .auditRead, .operation:
            self = .none
        case nil:
            throw RecordFault(.auditRecordFault, "event")
        }
    }

    private static func node(_ text: String) throws(RecordFault) -> NodeID {
        guard let node = NodeID(text) else { throw RecordFault(.auditRecordFault, "node") }
        return node
    }
}

extension AcceptedMessage {
    /// Reads the message id from the header.
    init(_ accepted: WireAcceptedMessage, recordedAt: Int64) throws(RecordFault) {
        guard let header = try? WireHeader(serializedBytes: accepted.header),
            let messageID = MessageID(bytes: header.messageID)
        else { throw RecordFault(.auditRecordFault, "accepted.header") }
        guard let bodyDigest = Digest(bytes: accepted.bodyDigest) else {
            throw RecordFault(.auditRecordFault, "accepted.body_digest")
        }
        guard let wrapsRoot = Digest(bytes: accepted.wrapsRoot) else {
            throw RecordFault(.auditRecordFault, "accepted.wraps_root")
        }
        self.init(
            messageID: messageID,
            header: accepted.header,
            bodyDigest: bodyDigest,
            wrapsRoot: wrapsRoot,
            eligible: LedgerIndex(accepted.eligible),
            audience: LedgerIndex(accepted.audience),
            registry: LedgerIndex(accepted.registry),
            policy: LedgerIndex(accepted.policy),
            acceptedAt: Moment(milliseconds: recordedAt)
        )
    }
}

extension RecordedRelease {
    init(_ kind: ReleaseKind, _ release: WireRelease) throws(RecordFault) {
        guard let digest = Digest(bytes: release.digest) else {
            throw RecordFault(.auditRecordFault, "\(kind.rawValue)_release.digest")
        }
        self.init(kind: kind, number: release.release, digest: digest)
    }
}

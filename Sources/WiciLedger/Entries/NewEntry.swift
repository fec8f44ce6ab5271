// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is appended and what becomes of it.

public import Foundation
public import WiciCore

/// A message that the hub decided to accept, with everything that its record holds.
public struct AcceptedEntry: Sendable {
    /// The message's id; unique in a ledger.
    public var messageID: MessageID
    /// The sending node, as authenticated.
    public var sender: NodeID
    /// Digest of the envelope; tells a repetition from a reused id.
    public var envelopeDigest: Digest
    /// Exact bytes of the Header.
    public var header: Data
    /// Exact bytes of the body.
    public var body: Data
    /// Serialized Envelope that holds only signature and wraps.
    public var carriage: Data
    /// Digest of the body bytes as carried.
    public var bodyDigest: Digest
    /// Root of the tree over the wraps.
    public var wrapsRoot: Digest
    /// The nodes that selector and policy give.
    public var eligible: RecipientSet
    /// The eligible who are named or have subscribed.
    public var audience: RecipientSet
    /// Place of the registry release in force.
    public var registry: LedgerIndex
    /// Place of the policy release in force.
    public var policy: LedgerIndex
    /// Topics published on the open feed; empty when none.
    public var feedTopics: [String]

    /// Takes the parts as the hub decided them.
    public init(
        messageID: MessageID,
        sender: NodeID,
        envelopeDigest: Digest,
        header: Data,
        body: Data,
        carriage: Data,
        bodyDigest: Digest,
        wrapsRoot: Digest,
        eligible: RecipientSet,
        audience: RecipientSet,
        registry: LedgerIndex,
        policy: LedgerIndex,
        feedTopics: [String]
    ) {
        self.messageID = messageID
        self.sender = sender
        self.envelopeDigest = envelopeDigest
        self.header = header
        self.body = body
        self.carriage = carriage
        self.bodyDigest = bodyDigest
        self.wrapsRoot = wrapsRoot
        self.eligible = eligible
        self.audience = audience
        self.registry = registry
        self.policy = policy
        self.feedTopics = feedTopics
    }
}

/// Which document a release is of.
public enum ReleaseKind: String, Hashable, Sendable, CaseIterable {
    /// Who is a member.
    case registry
    /// The access rules.
    case policy
}

/// An entry to be appended.
public enum NewEntry: Sendable {
    /// A message; its recipient sets get records of their own on first use.
    case accepted(AcceptedEntry)
    /// Any other event than a message, a recipient set or a release.
    case event(WireRecord.OneOf_Event)
    /// The refusal of a message, unless its sender had the same one accepted before: a receipt that
    /// was lost is owed again, whatever the rules say by now. Without a record only that is found out,
    /// and the outcome of a new message is `unrecorded`.
    case refused(WireRefusedRequest?, unlessAccepted: MessageID, envelopeDigest: Digest)
    /// A registry or policy that came into force, with its signed note.
    case release(ReleaseKind, number: UInt64, note: Data)
}

/// What became of one entry; everything it tells is on disk.
public enum AppendOutcome: Hashable, Sendable {
    /// Appended at this place.
    case appended(LedgerIndex)
    /// The same message had been accepted before: its place, time and recipients.
    case repeated(
        LedgerIndex,
        acceptedAt: Moment,
        eligible: RecipientSet,
        audience: RecipientSet
    )
    /// The message id belongs to other bytes, at this place. Nothing was stored.
    case conflicting(LedgerIndex)
    /// The same bytes of the same sender had been refused before, at this place; they are not taken
    /// though the rules would give them by now. Nothing was stored.
    case refusedBefore(LedgerIndex, Refusal)
    /// Nothing was to be stored.
    case unrecorded

    /// The place of the entry that counts; nil when there is none.
    public var index: LedgerIndex? {
        switch self {
        case .appended(let index), .conflicting(let index): index
        case .repeated(let index, _, _, _), .refusedBefore(let index, _): index
        case .unrecorded: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The values that pass between the hub's state machine and its shell: what was asked of the ledger
// and why, so that an answer finds its way back.

public import Foundation
public import WiciCore
public import WiciLedger

/// Names one append effect.
public struct CommitID: Hashable, Sendable {
    /// Counted from 1.
    public let value: UInt64
    /// Takes the machine's count.
    public init(_ value: UInt64) { self.value = value }
}

/// What became of one append effect: an outcome for each entry, all on disk.
public struct Commit: Sendable {
    /// The effect's name.
    public let id: CommitID
    /// One outcome an entry, in order.
    public let outcomes: [AppendOutcome]
    /// Size of the ledger after it.
    public let ledgerSize: UInt64
    /// The time that the records bear; nil when the shell does not say.
    public let at: Moment?

    /// Takes what the ledger answered.
    public init(
        id: CommitID,
        outcomes: [AppendOutcome],
        ledgerSize: UInt64,
        at: Moment? = nil
    ) {
        self.id = id
        self.outcomes = outcomes
        self.ledgerSize = ledgerSize
        self.at = at
    }
}

/// Registry and policy that are or come into force together.
public struct Release: Sendable {
    /// Who is a member.
    public let registry: Registry
    /// The access rules.
    public let policy: Policy
    /// The signed notes as they were loaded, for nodes and ledger.
    public let registryNote: Data
    /// See `registryNote`.
    public let policyNote: Data

    /// Takes a registry and a policy that were loaded and verified.
    public init(registry: Registry, policy: Policy, registryNote: Data, policyNote: Data) {
        self.registry = registry
        self.policy = policy
        self.registryNote = registryNote
        self.policyNote = policyNote
    }
}

/// Mail to read for one node: its numbers, in order.
public struct MailRequest: Sendable {
    let node: NodeID
    let connection: ConnectionID
    let numbers: [MailboxNumber]
    /// Set when the node asked by Fetch; 0 for the ordinary flow of mail.
    let fetch: UInt64
}

/// Entries to read for an auditor.
public struct PageRequest: Sendable {
    let node: NodeID
    let connection: ConnectionID
    let request: UInt64
    /// The first entry.
    public let from: LedgerIndex
    /// How many at most.
    public let limit: Int
}

/// A message whose entry a member wants proved.
public struct ProofRequest: Sendable {
    let node: NodeID
    let connection: ConnectionID
    let request: UInt64
    /// The message.
    public let messageID: MessageID
}

/// A member that wants to know whether the ledger begins with the one that it has a checkpoint of.
public struct ConsistencyRequest: Sendable {
    let node: NodeID
    let connection: ConnectionID
    let request: UInt64
    /// Size of the member's checkpoint.
    public let size: UInt64
}

/// What proves that the ledger of a checkpoint begins with a smaller one.
public struct ConsistencyMaterial: Sendable {
    /// Hashes of the proof.
    public let path: [Digest]
    /// The checkpoint, a signed note.
    public let checkpoint: Data

    /// Takes what the ledger found.
    public init(path: [Digest], checkpoint: Data) {
        self.path = path
        self.checkpoint = checkpoint
    }
}

/// An entry with what proves it, before the machine has decided who may see it.
public struct ProofMaterial: Sendable {
    let entry: WireLedgerEntry
    let sender: NodeID
    /// The message, by which the machine asks the rules again.
    public var message: StoredMessage
    let size: UInt64
    let path: [Digest]
    let checkpoint: Data

    /// Takes what the ledger found.
    public init(
        entry: WireLedgerEntry,
        sender: NodeID,
        message: StoredMessage,
        size: UInt64,
        path: [Digest],
        checkpoint: Data
    ) {
        self.entry = entry
        self.sender = sender
        self.message = message
        self.size = size
        self.path = path
        self.checkpoint = checkpoint
    }
}

/// A packet that waits until a release has its entry.
struct HeldPacket {
    let connection: ConnectionID
    let node: NodeID
    let bytes: Data
    /// The number under which it is answered; 0 when it has none.
    let request: UInt64
}

/// Why an entry was appended: what to do once it is on disk.
enum PendingEntry: Sendable {
    /// A message: receipt and deliveries follow.
    case message(AcceptedEntry, on: ConnectionID)
    /// A refused message: its receipt follows.
    case refusedMessage(RefusedEnvelope, from: NodeID, on: ConnectionID)
    /// A refused packet: Refused follows.
    case refusedPacket(request: UInt64, WireRefusal, on: ConnectionID)
    /// Nothing is owed to anybody.
    case nothing
    /// A node has its mail on disk through this number.
    case delivered(NodeID, through: MailboxNumber)
    /// A tombstone in a node's mailbox; the last of a row says what waits for it.
    case withheld(NodeID, MailboxNumber, WireTombstone, then: AfterWithholding?)
    /// The node's new subscriptions come into force.
    case subscriptions(NodeID, [WireSubscription], request: UInt64, on: ConnectionID)
    /// An auditor's read: the page may now be read.
    case auditRead(PageRequest)
    /// A release: with its place known it may come into force.
    case release(ReleaseKind, RecordedRelease)
}

/// What waits until tombstones of a node are on disk.
enum AfterWithholding: Sendable {
    /// The flow of its mail.
    case mail
    /// The answer to a fetch, for which these messages are read again.
    case fetch(MailRequest, [LedgerIndex])
}

extension PendingEntry {
    /// Bytes of content that wait with it.
    var byteCount: Int {
        guard case .message(let message, _) = self else { return 0 }
        return message.header.count + message.body.count + message.carriage.count
    }
}

/// An act of the hub or its operator that the ledger keeps.
public enum HubOperation: Sendable {
    /// The hub has started.
    case started
    /// The hub is about to stop.
    case stopped
    /// A registry or policy was not taken, and why.
    case reloadRefused(RefusalCode)
}

/// A release that has an entry in the ledger.
struct RecordedRelease: Sendable, Equatable {
    var index: LedgerIndex
    let digest: Digest

    func at(_ index: LedgerIndex) -> RecordedRelease {
        RecordedRelease(index: index, digest: digest)
    }
}

/// One message's receipt, before it is packed with others.
struct SettledReceipt: Equatable {
    let messageID: Data
    let envelopeDigest: Data
    let outcome: Outcome

    enum Outcome: Equatable {
        case accepted(
            LedgerIndex,
            at: Moment,
            audience: RecipientSet,
            eligible: RecipientSet,
            repeated: Bool
        )
        case refused(WireRefusal)
    }
}

/// Strangers at the door in the present minute.
struct StrangerCount: Equatable {
    var minute: Int64 = 0
    var count = 0
}

/// What the metrics page shows.
///
/// Counts since start, without names of institutions.
public struct HubCounters: Sendable, Equatable {
    /// Messages accepted.
    public var accepted: UInt64 = 0
    /// Messages that came again and got their first receipt.
    public var repeated: UInt64 = 0
    /// Refusals by code.
    public var refusals: [String: UInt64] = [:]
    /// Envelopes handed to the exchange.
    public var deliveries: UInt64 = 0
    /// Tombstones recorded.
    public var withheld: UInt64 = 0
    /// Bulletins published on the feed.
    public var bulletins: UInt64 = 0
    /// Strangers turned away.
    public var strangers: UInt64 = 0
    /// Sessions ended for silence.
    public var silentSessions: UInt64 = 0
    /// Nodes connected now.
    public var connectedNodes = 0
    /// Entries in the ledger.
    public var ledgerSize: UInt64 = 0
    /// Entries asked for and not yet on disk.
    public var pendingEntries = 0

    mutating func count(_ refusal: Refusal) {
        refusals[refusal.code.name, default: 0] += 1
    }
}

extension WireRefusedRequest {
    /// The record of a refusal; a stranger has no node.
    init(_ refusal: Refusal, request: String, node: NodeID?) {
        self.init()
        self.node = node?.text ?? ""
        self.request = request
        code = refusal.code.number
        field = refusal.field
        rule = refusal.rule
    }
}

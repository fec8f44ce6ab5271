// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a node says about itself, and the registry and policy it holds.

public import WiciCore

/// How the node stands with its hub.
public enum ConnectionStatus: String, Codable, Hashable, Sendable, CaseIterable {
    /// Nothing is being tried: the node is starting or stopping.
    case stopped
    /// A connection is being made, or made again after a pause.
    case connecting
    /// The hub has welcomed the node.
    case connected
    /// The hub refused the node; it keeps trying slowly.
    case refused
}

/// A signed release of the registry or the policy that the node holds.
public struct ReleaseStatus: Codable, Hashable, Sendable {
    /// The release's number.
    public let release: UInt64
    /// The note's SHA-256 in hexadecimal.
    public let digest: String
    /// When it stops being valid (YYYY-MM-DD).
    public let validUntil: String

    /// Makes a status.
    public init(release: UInt64, digest: String, validUntil: String) {
        self.release = release
        self.digest = digest
        self.validUntil = validUntil
    }
}

/// A node's state at one moment.
public struct NodeStatus: Codable, Hashable, Sendable {
    /// The node.
    public var node: NodeID
    /// Its institution, once a registry that names it is held.
    public var institution: InstitutionID?
    /// Name and version of the program.
    public var program: String
    /// How it stands with the hub.
    public var connection: ConnectionStatus
    /// Since when.
    public var since: Moment?
    /// The hub's endpoint.
    public var hub: String
    /// Why the hub refused the node or its last packet.
    public var refusal: RefusalReport?
    /// The registry in force.
    public var registry: ReleaseStatus?
    /// The policy in force.
    public var policy: ReleaseStatus?
    /// Last number of the mailbox at the hub, as far as known.
    public var mailboxHead: MailboxNumber
    /// Last number on this node's disk.
    public var storedThrough: MailboxNumber
    /// Messages in the inbox that wait for an acknowledgement by a person.
    public var unacknowledged: Int
    /// Deliveries that failed the node's own check.
    public var suspect: Int
    /// Messages in the outbox without a receipt.
    public var pending: Int
    /// Size of the ledger at the last verified checkpoint.
    public var ledgerSize: UInt64
    /// Milliseconds that the hub's clock is ahead of the node's; unknown until connected.
    public var clockDifference: Int64?

    /// Makes a status; what is not given is empty or zero.
    public init(
        node: NodeID,
        institution: InstitutionID? = nil,
        program: String = "wici",
        connection: ConnectionStatus = .stopped,
        since: Moment? = nil,
        hub: String = "",
        refusal: RefusalReport? = nil,
        registry: ReleaseStatus? = nil,
        policy: ReleaseStatus? = nil,
        mailboxHead: MailboxNumber = .none,
        storedThrough: MailboxNumber = .none,
        unacknowledged: Int = 0,
        suspect: Int = 0,
        pending: Int = 0,
        ledgerSize: UInt64 = 0,
        clockDifference: Int64? = nil
    ) {
        self.node = node
        self.institution = institution
        self.program = program
        self.connection = connection
        self.since = since
        self.hub = hub
        self.refusal = refusal
        self.registry = registry
        self.policy = policy
        self.mailboxHead = mailboxHead
        self.storedThrough = storedThrough
        self.unacknowledged = unacknowledged
        self.suspect = suspect
        self.pending = pending
        self.ledgerSize = ledgerSize
        self.clockDifference = clockDifference
    }

    /// Whether the node can do all its work now: welcomed, with a registry and a policy.
    public var isReady: Bool { connection == .connected && registry != nil && policy != nil }
}

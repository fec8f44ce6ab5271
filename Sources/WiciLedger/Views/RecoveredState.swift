// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the hub starts from: the views as the store kept them.

public import WiciCore

/// The state that a ledger recovered when it was opened.
public struct RecoveredState: Sendable {
    /// A release in force and the place of its record.
    public struct ReleasePlace: Hashable, Sendable {
        /// Place of the record.
        public var index: LedgerIndex
        /// Release number.
        public var number: UInt64
        /// SHA-256 of the signed note.
        public var digest: Digest
    }

    /// Entries in the ledger.
    public var size: UInt64 = 0
    /// Every node's numbered mail.
    public var mailboxes = Mailboxes()
    /// Highest number that each node has on its disk.
    public var delivered: [NodeID: MailboxNumber] = [:]
    /// Subscriptions in force.
    public var subscriptions: [NodeID: [WireSubscription]] = [:]
    /// Tombstones by node and number.
    public var tombstones: [NodeID: [MailboxNumber: WireTombstone]] = [:]
    /// The last registry release; nil in a new ledger.
    public var registry: ReleasePlace?
    /// The last policy release; nil in a new ledger.
    public var policy: ReleasePlace?
    /// The last signed checkpoint; nil when none was signed.
    public var lastCheckpoint: SignedNote?

    /// The state of a ledger without entries.
    public init() {}
}

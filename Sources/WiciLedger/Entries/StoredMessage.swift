// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is read back: a message for delivery, an entry for an auditor.

public import Foundation
public import WiciCore

/// An accepted message as the ledger keeps it.
public struct StoredMessage: Sendable {
    /// Place of the acceptance.
    public var index: LedgerIndex
    /// Exact bytes of the Header.
    public var header: Data
    /// Exact bytes of the body; nil when the content was erased.
    public var body: Data?
    /// Serialized Envelope that holds only signature and wraps; empty when erased.
    public var carriage: Data
    /// The nodes that selector and policy gave.
    public var eligible: RecipientSet
    /// Those among them who receive it.
    public var audience: RecipientSet
    /// Place of the registry release that was in force.
    public var registry: LedgerIndex
    /// Place of the policy release that was in force.
    public var policy: LedgerIndex
    /// When it was accepted, by the hub's clock.
    public var acceptedAt: Moment

    /// Takes the parts.
    public init(
        index: LedgerIndex,
        header: Data,
        body: Data?,
        carriage: Data,
        eligible: RecipientSet,
        audience: RecipientSet,
        registry: LedgerIndex,
        policy: LedgerIndex,
        acceptedAt: Moment
    ) {
        self.index = index
        self.header = header
        self.body = body
        self.carriage = carriage
        self.eligible = eligible
        self.audience = audience
        self.registry = registry
        self.policy = policy
        self.acceptedAt = acceptedAt
    }
}

/// One entry: the leaf and, unless erased, its opening.
public struct LedgerEntryRow: Hashable, Sendable {
    /// The entry's place.
    public var index: LedgerIndex
    /// 33 bytes: version and salted commitment.
    public var leaf: Data
    /// 32 random bytes; nil when the opening was erased.
    public var salt: Data?
    /// Exact bytes of a Record; nil when the opening was erased.
    public var record: Data?

    /// Takes the parts.
    public init(index: LedgerIndex, leaf: Data, salt: Data?, record: Data?) {
        self.index = index
        self.leaf = leaf
        self.salt = salt
        self.record = record
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is read back: a message for delivery, an entry for an auditor.

public import Foundation
public import WiciCore

/// An accepted message as the ledger keeps it.
public struct StoredMessage: Sendable {
    /// Place of the acceptance.
    public let index: LedgerIndex
    /// The serialized Envelope as its sender submitted it; with its header alone when the content was
    /// erased.
    public let envelope: Data
    /// Where header and body are in it.
    private let layout: KeptEnvelope.Layout
    /// Place of the set of nodes that selector and policy gave.
    public let eligible: LedgerIndex
    /// Place of the set of those among them who receive it.
    public let audience: LedgerIndex
    /// Place of the registry release that was in force.
    public var registry: LedgerIndex
    /// Place of the policy release that was in force.
    public var policy: LedgerIndex
    /// When it was accepted, by the hub's clock.
    public let acceptedAt: Moment

    /// Exact bytes of the Header.
    public var header: Data { envelope[layout.header] }
    /// Exact bytes of the body; nil when the content was erased.
    public var body: Data? { layout.body.map { envelope[$0] } }
    /// Serialized Envelope that holds only signature and wraps; empty when erased.
    public var carriage: Data { envelope[layout.carriage] }

    /// What its recipients get; nil when the content was erased.
    public var deliverable: DeliverableEnvelope? {
        body.map { _ in DeliverableEnvelope(whole: envelope, layout: layout) }
    }

    /// Takes the parts.
    public init(
        index: LedgerIndex,
        header: Data,
        body: Data?,
        carriage: Data,
        eligible: LedgerIndex,
        audience: LedgerIndex,
        registry: LedgerIndex,
        policy: LedgerIndex,
        acceptedAt: Moment
    ) {
        var pile = EnvelopePile()
        let layout = KeptEnvelope.lend(header: header, body: body, carriage: carriage) {
            pile.add($0)
        }
        self.init(
            index: index,
            in: pile.bytes(),
            layout,
            eligible: eligible,
            audience: audience,
            registry: registry,
            policy: policy,
            acceptedAt: acceptedAt
        )
    }

    /// Takes an envelope out of a pile.
    init(
        index: LedgerIndex,
        in pile: Data,
        _ layout: KeptEnvelope.Layout,
        eligible: LedgerIndex,
        audience: LedgerIndex,
        registry: LedgerIndex,
        policy: LedgerIndex,
        acceptedAt: Moment
    ) {
        self.index = index
        self.envelope = pile[layout.envelope]
        self.layout = layout
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

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The views in memory, as a pure fold over entries in order. The verifier replays a whole ledger
// through it; a simulator can run it over any store.

public import WiciCore

/// The state that a ledger's records add up to.
///
/// Refuses a record that contradicts those before it: an unknown reference, a mailbox number that
/// the acceptances do not give.
public struct LedgerFold: Sendable {
    /// Entries taken so far.
    public private(set) var size: UInt64 = 0
    /// Every node's numbered mail.
    public private(set) var mailboxes = Mailboxes()
    /// Recipient sets by place.
    public private(set) var recipientSets: [LedgerIndex: RecipientSet] = [:]
    /// Highest number that each node has on its disk.
    public private(set) var delivered: [NodeID: MailboxNumber] = [:]
    /// Subscriptions in force.
    public private(set) var subscriptions: [NodeID: [WireSubscription]] = [:]
    /// Tombstones by node and number.
    public private(set) var withheld: [NodeID: [MailboxNumber: Withheld]] = [:]
    /// Place and content of the last release of each kind.
    public private(set) var releases: [ReleaseKind: (index: LedgerIndex, RecordedRelease)] = [:]

    private var releaseKinds: [LedgerIndex: ReleaseKind] = [:]
    /// The sets that were an audience, by place.
    private var audiences: [LedgerIndex: Mailboxes.Audience] = [:]
    /// Audiences that were found to be part of an eligible set.
    private var parts: Set<Part> = []
    /// What the last acceptance named: the next one most often names the same.
    ///
    /// Sets and releases are never taken back, so that what was found once need not be looked for
    /// again.
    private var last: Named?

    private struct Part: Hashable {
        let audience: LedgerIndex
        let eligible: LedgerIndex
    }

    private struct Named {
        let eligible: LedgerIndex
        let audience: LedgerIndex
        let registry: LedgerIndex
        let policy: LedgerIndex
        let members: Mailboxes.Audience
    }

    /// The ledger without entries.
    public init() {}

    /// Takes the next entry, an acceptance, by what it refers to; a fault is as in `apply`.
    mutating func accept(
        eligible: LedgerIndex,
        audience: LedgerIndex,
        registry: LedgerIndex,
        policy: LedgerIndex
    ) throws(RecordFault) {
        let index = LedgerIndex(size)
        size += 1
        var members = last?.members
        if last?.audience != audience || last?.eligible != eligible {
            members = try knownAudience(audience, of: eligible)
        }
        if last?.registry != registry || last?.policy != policy {
            try check(registry: registry, policy: policy)
        }
        guard let members = members ?? newAudience(audience) else { return }
        last = Named(
            eligible: eligible,
            audience: audience,
            registry: registry,
            policy: policy,
            members: members
        )
        mailboxes.accept(index: index, to: members)
    }

    /// Who is in an audience, nil when it is the first time; refuses sets that nobody knows, and an
    /// audience with somebody who is not eligible, or by other rules.
    private mutating func knownAudience(
        _ audience: LedgerIndex,
        of eligible: LedgerIndex
    ) throws(RecordFault) -> Mailboxes.Audience? {
        guard let part = recipientSets[audience] else {
            throw RecordFault(.auditReferenceUnknown, "accepted.audience")
        }
        guard let whole = recipientSets[eligible] else {
            throw RecordFault(.auditReferenceUnknown, "accepted.eligible")
        }
        if eligible != audience,
            parts.insert(Part(audience: audience, eligible: eligible)).inserted,
            !Set(part.wire.recipients).isSubset(of: whole.wire.recipients)
        {
            parts.remove(Part(audience: audience, eligible: eligible))
            throw RecordFault(.auditAudienceWrong, "accepted.audience")
        }
        return audiences[audience]
    }

    private func check(registry: LedgerIndex, policy: LedgerIndex) throws(RecordFault) {
        guard releaseKinds[registry] == .registry else {
            throw RecordFault(.auditReferenceUnknown, "accepted.registry")
        }
        guard releaseKinds[policy] == .policy else {
            throw RecordFault(.auditReferenceUnknown, "accepted.policy")
        }
    }

    private mutating func newAudience(_ audience: LedgerIndex) -> Mailboxes.Audience? {
        guard let set = recipientSets[audience] else { return nil }
        let members = mailboxes.audience(of: set)
        audiences[audience] = members
        return members
    }

    /// Takes the next entry's change; on a fault the fold is unchanged except that the entry counts.
    public mutating func apply(_ change: ViewChange) throws(RecordFault) {
        if case .message(let message) = change {
            return try accept(
                eligible: message.eligible,
                audience: message.audience,
                registry: message.registry,
                policy: message.policy
            )
        }
        let index = LedgerIndex(size)
        size += 1
        switch change {
        case .recipientSet(let set):
            recipientSets[index] = set
        case .delivered(let node, let through):
            guard through <= mailboxes.head(of: node) else {
                throw RecordFault(.auditMailboxWrong, "delivered.through")
            }
            delivered[node] = max(through, delivered[node] ?? .none)
        case .subscriptions(let node, let list):
            subscriptions[node] = list
        case .withheld(let tombstone):
            guard
                tombstone.number.value > 0,
                mailboxes.entries(
                    of: tombstone.node,
                    after: MailboxNumber(tombstone.number.value - 1),
                    limit: 1
                ).first?.1 == tombstone.message
            else { throw RecordFault(.auditMailboxWrong, "withheld.number") }
            withheld[tombstone.node, default: [:]][tombstone.number] = tombstone
        case .release(let release):
            releases[release.kind] = (index, release)
            releaseKinds[index] = release.kind
        case .message, .refused, .none:
            break
        }
    }

    /// Counts an entry whose opening was erased.
    public mutating func skip() {
        size += 1
    }
}

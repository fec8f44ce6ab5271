// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whether a message is admitted, to whom it goes, and under which rule. Everything asked twice is
// remembered: a batch's signature, a selector's eligible set, a set's audience.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

/// A message that was not admitted.
struct RefusedEnvelope: Sendable {
    let refusal: Refusal
    var faults: [Fault] = []
    /// The message's id and digest, as far as they could be read.
    var messageID: MessageID?
    var envelopeDigest: Digest?
    /// Whether the message names the connection's node as its sender, which may then be told the
    /// receipt that it had for the same message before.
    var isOwn = false

    /// The refusal as it travels, with the faults of a body or header.
    var wire: WireRefusal {
        WireRefusal(
            refusal,
            faults: faults.map { fault in
                var wire = WireFault()
                wire.field = fault.path
                wire.code = fault.code.rawValue
                wire.pl = fault.sentence.polish
                wire.en = fault.sentence.english
                return wire
            }
        )
    }
}

/// Decides single messages under the release in force.
struct Admission: Sendable {
    enum Outcome: Sendable {
        case accepted(AcceptedEntry)
        case refused(RefusedEnvelope)
    }

    private(set) var release: Release
    private var calendar: ReleaseCalendar
    private var registryEntry: LedgerIndex?
    private var policyEntry: LedgerIndex?
    private var verifier = BatchVerifier()
    private let bodyValidator = Validator.current
    private let headerValidator = HeaderValidator.current
    private var subscriptions: [NodeID: NodeSubscriptions] = [:]
    /// What the policy lets anybody receive, for a day; made when it is first asked for.
    private var receivability: (date: CivilDate, Receivability)?
    private var eligibility = EligibilityMemory()
    /// Recipient sets that were decided lately.
    private var recentSets = RecentlyUsed<Digest, Bool>(capacity: 8_192)
    private var newSetCount = 0

    private struct NodeSubscriptions: Sendable {
        let wire: [WireSubscription]
        let parsed: [Subscription]
    }

    init(release: Release) {
        self.release = release
        calendar = ReleaseCalendar(release)
    }

    /// Whether the release's entries are known; before that nothing is decided.
    var hasEntries: Bool { registryEntry != nil && policyEntry != nil }

    /// Brings a release into force.
    mutating func adopt(
        _ newRelease: Release,
        registryEntry: LedgerIndex,
        policyEntry: LedgerIndex
    ) {
        release = newRelease
        calendar = ReleaseCalendar(newRelease)
        self.registryEntry = registryEntry
        self.policyEntry = policyEntry
        receivability = nil
        eligibility = EligibilityMemory()
        verifier = BatchVerifier()
    }

    /// Whether these are the entries of the release in force.
    func isInForce(registry: LedgerIndex, policy: LedgerIndex) -> Bool {
        registry == registryEntry && policy == policyEntry
    }

    func isInGoodStanding(_ node: NodeID, now: Moment) -> Bool {
        release.registry.isInGoodStanding(node, at: now)
    }

    /// Why nothing can be decided today; nil when it can.
    func expiry(now: Moment) -> Refusal? { calendar.expiry(at: now) }

    // MARK: Subscriptions

    mutating func subscribe(_ node: NodeID, to wire: [WireSubscription]) {
        guard subscriptions[node]?.wire != wire else { return }
        subscriptions[node] = NodeSubscriptions(
            wire: wire,
            parsed: wire.compactMap { try? Subscription(wire: $0) }
        )
        eligibility.forgetAudiences()
    }

    func subscriptions(of node: NodeID) -> [WireSubscription] {
        subscriptions[node]?.wire ?? []
    }

    /// Why a node may not have this subscription; nil when it may.
    mutating func refusal(
        of wire: WireSubscription,
        at place: Int,
        for node: NodeID,
        now: Moment
    ) -> Refusal? {
        guard let institution = release.registry.institution(of: node) else {
            return Refusal(.unknownKey)
        }
        do throws(RoutingRefusal) {
            let subscription = try Subscription(wire: wire)
            return receivability(on: WarsawTime.date(at: now))
                .refusal(of: subscription, for: institution)?
                .inField("subscriptions[\(place)]")
        } catch {
            return error.refusal.inField("subscriptions[\(place)]")
        }
    }

    private mutating func receivability(on date: CivilDate) -> Receivability {
        if let (day, known) = receivability, day == date { return known }
        let made = Receivability(under: release.policy, on: date)
        receivability = (date, made)
        return made
    }

    // MARK: Deciding

    /// Decides one envelope that an authenticated node submitted.
    mutating func decide(_ bytes: Data, from node: NodeID, now: Moment) -> Outcome {
        let parts: EnvelopeParts
        do throws(EnvelopeError) {
            parts = try EnvelopeParts(bytes: bytes, form: .submitted)
        } catch {
            return .refused(RefusedEnvelope(refusal: error.refusal))
        }
        func refuse(_ refusal: Refusal, _ faults: [Fault] = []) -> Outcome {
            .refused(
                RefusedEnvelope(
                    refusal: refusal,
                    faults: faults,
                    messageID: parts.messageID,
                    envelopeDigest: parts.digest,
                    isOwn: parts.sender == node
                )
            )
        }
        if let refusal = expiry(now: now) { return refuse(refusal) }
        guard parts.sender == node else {
            return refuse(Refusal(.senderMismatch, field: "sender"))
        }
        guard let member = release.registry.node(node),
            let key = SigningPublicKey(rawRepresentation: member.signingKey.data),
            verifier.verify(envelopeDigest: parts.digest, signature: parts.signature, key: key)
        else { return refuse(Refusal(.badSignature)) }
        if let late = headerValidator.lateness(of: parts.outline.particulars, at: now) {
            return refuse(Refusal(.headerFault, field: late.path), [late])
        }
        let decision: EligibilityMemory.Decision
        if let known = eligibility.judgement(on: parts.outline.labels, now: now),
            isFaultless(parts, known)
        {
            decision = known.decision
        } else {
            let header: WireHeader
            do throws(EnvelopeError) {
                header = try parts.header()
            } catch {
                return refuse(error.refusal)
            }
            if let (refusal, faults) = fault(in: parts, header) {
                return refuse(refusal, faults)
            }
            decision = self.decision(on: header, parts.outline.labels, now: now)
            countNewSets(of: decision)
        }
        let eligible: EligibleRecipients
        let audience: RecipientSet
        switch decision {
        case .refused(let refusal): return refuse(refusal)
        case .granted(let found, let who): (eligible, audience) = (found, who)
        }
        if let refusal = eligible.refusal(ofWraps: parts.wraps, isSealed: parts.isSealed) {
            return refuse(refusal)
        }
        guard let registryEntry, let policyEntry else { return refuse(Refusal(.hubNotReady)) }
        return .accepted(
            AcceptedEntry(
                messageID: parts.messageID,
                sender: node,
                envelopeDigest: parts.digest,
                header: parts.headerBytes,
                body: parts.bodyBytes,
                carriage: parts.carriage,
                bodyDigest: parts.bodyDigest,
                wrapsRoot: parts.wrapsRoot,
                eligible: eligible.recipients,
                audience: audience,
                registry: registryEntry,
                policy: policyEntry,
                feedTopics: eligible.feedTopics
            )
        )
    }

    /// How many recipient sets were decided, since this was last asked, that nobody had lately.
    mutating func takeNewSetCount() -> Int {
        defer { newSetCount = 0 }
        return newSetCount
    }

    private mutating func countNewSets(of decision: EligibilityMemory.Decision) {
        guard case .granted(let eligible, let audience) = decision else { return }
        for set in [eligible.recipients, audience] where recentSets.value(of: set.digest) == nil {
            recentSets.insert(true, for: set.digest)
            newSetCount += 1
        }
    }

    /// Whether header and body have no fault, where labels like these had none.
    private func isFaultless(
        _ parts: EnvelopeParts,
        _ known: EligibilityMemory.Judgement
    ) -> Bool {
        guard headerValidator.isFaultless(parts.outline.particulars, isReply: known.isReply) else {
            return false
        }
        guard !parts.isSealed else { return true }
        let report = try? bodyValidator.check(bytes: parts.bodyBytes, beside: known.header)
        return report?.faults.isEmpty == true && report?.topics == known.header.topics
    }

    /// What is wrong with header and, where it can be read, body: every fault at once.
    private func fault(in parts: EnvelopeParts, _ header: WireHeader) -> (Refusal, [Fault])? {
        var report: BodyReport?
        if !parts.isSealed {
            do throws(BodyError) {
                report = try bodyValidator.check(bytes: parts.bodyBytes, beside: header)
            } catch {
                let field = error == .unknownType ? "type" : "body"
                return (Refusal(error.refusal, field: field), [])
            }
        }
        let bodyFaults = report?.faults ?? []
        let headerFaults = headerValidator.check(
            header,
            bodyTopics: bodyFaults.isEmpty ? report?.topics : nil
        )
        if let first = headerFaults.first {
            return (Refusal(.headerFault, field: first.path), headerFaults + bodyFaults)
        }
        if let first = bodyFaults.first {
            return (Refusal(.schemaFault, field: first.path), bodyFaults)
        }
        return nil
    }

    /// Who is eligible, and of those who is named or has subscribed.
    private mutating func decision(
        on header: WireHeader,
        _ labels: HeaderLabelBytes,
        now: Moment
    ) -> EligibilityMemory.Decision {
        let subscriptions = subscriptions
        let registry = release.registry
        return eligibility.decision(header, labels, release: release, now: now) { eligible in
            var wire = WireRecipientSet()
            guard let facts = try? SubscriptionFacts(header: header, registry: registry) else {
                return RecipientSet(wire)
            }
            let members = Set(
                Audience(of: eligible.set, facts: facts) { subscriptions[$0]?.parsed ?? [] }
                    .nodeIDs.map(\.text)
            )
            wire.recipients = eligible.recipients.wire.recipients.filter {
                members.contains($0.node)
            }
            return RecipientSet(wire)
        }
    }

    // MARK: The check at delivery

    /// Why an accepted message may not be delivered now; nil when it may.
    ///
    /// What was decided by the release in force, with none of its dates passed since, is not asked
    /// again: the answer would be the same.
    mutating func refusal(
        ofDelivering message: StoredMessage,
        to node: NodeID,
        now: Moment
    ) -> Refusal? {
        if isInForce(registry: message.registry, policy: message.policy),
            calendar.answersAlike(at: message.acceptedAt, and: now)
        {
            return nil
        }
        guard let header = try? WireHeader(serializedBytes: message.header) else {
            return Refusal(.malformedHeader)
        }
        return eligibility.refusal(ofDelivering: header, to: node, release: release, now: now)
    }
}

extension Refusal {
    /// The refusal with its field put under an outer one.
    fileprivate func inField(_ outer: String) -> Refusal {
        Refusal(
            code,
            field: field.isEmpty ? outer : "\(outer).\(field)",
            rule: rule,
            help: help
        )
    }
}

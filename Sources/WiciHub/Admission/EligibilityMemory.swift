// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the hub remembers of eligibility: messages with the same labels have the same recipients under
// one registry, policy, day and set of subscriptions, so they are computed once. The questions are the
// header's raw labels, because hashing them costs less than reading them.

import Foundation
import WiciCore
import WiciLedger

/// The labels of a header that decide who is eligible.
struct RoutingQuestion: Hashable {
    let sender: String
    let type: String
    let tlp: String
    let dataLevel: String
    let dataSubject: String
    let purpose: String
    let regime: String
    let status: String
    let isSealed: Bool
    let selector: WireSelector

    init(_ header: WireHeader) {
        sender = header.sender
        type = header.type
        tlp = header.tlp
        dataLevel = header.dataLevel
        dataSubject = header.dataSubject
        purpose = header.purpose
        regime = header.regime
        status = header.status
        isSealed = header.hasSeal
        selector = header.selector
    }
}

/// A recipient of a message that was accepted under an earlier release.
private struct DeliveryQuestion: Hashable {
    let routing: RoutingQuestion
    let recipient: NodeID
}

/// An eligible set as the ledger and the wire have it.
struct EligibleRecipients: Sendable {
    let set: EligibleSet
    let recipients: RecipientSet
    /// The feed's topics, when the policy opens the message to every member; empty when not.
    let feedTopics: [String]
    /// Who must have a wrap of a sealed message, with the key it must be for: the eligible and the
    /// sender's own node, sorted by id.
    private let wrapped: [(node: String, keyID: Data)]

    init(_ set: EligibleSet, sender: RegistryNode, header: WireHeader, release: Release) {
        self.set = set
        self.feedTopics = Self.feedTopics(of: header, policy: release.policy)
        self.recipients = RecipientSet(WireRecipientSet(set))
        let members = set.nodes.compactMap { release.registry.node($0.node) } + [sender]
        self.wrapped = members.sorted { $0.id < $1.id }.map {
            ($0.id.text, $0.sealingKey.keyID.data)
        }
    }

    private static func feedTopics(of header: WireHeader, policy: Policy) -> [String] {
        guard let facts = try? RoutingFacts(header: header),
            let type = policy.words.type(facts.type),
            policy.opensOnFeed(
                type: type,
                marking: facts.marking,
                data: facts.data,
                isSealed: facts.isSealed
            )
        else { return [] }
        let regions = header.selector.regions.isEmpty ? ["PL"] : header.selector.regions
        return regions.map { "\(header.type)/\($0)/" }
    }

    /// Why these wraps are not exactly those that the message needs; nil when they are.
    func refusal(ofWraps wraps: [WireWrap], isSealed: Bool) -> Refusal? {
        guard isSealed else { return nil }
        guard wraps.count == wrapped.count else {
            return Refusal(.wrapsNotEligible, field: "wraps")
        }
        for (place, (wrap, needed)) in zip(wraps, wrapped).enumerated()
        where wrap.recipient != needed.node || wrap.keyID != needed.keyID {
            return Refusal(.wrapsNotEligible, field: "wraps[\(place)]")
        }
        return nil
    }
}

/// Remembers eligible sets and audiences for the release and day in force.
struct EligibilityMemory: Sendable {
    /// What the labels of a header come to, subscriptions included.
    enum Decision: Sendable {
        case granted(EligibleRecipients, audience: RecipientSet)
        case refused(Refusal)
    }

    /// What is known of headers with the same labels as one that had no fault.
    struct Judgement: Sendable {
        /// That one; only its labels speak for the others.
        let header: WireHeader
        let isReply: Bool
        let decision: Decision
    }

    private enum Answer {
        case eligible(EligibleRecipients)
        case refused(Refusal)
    }

    private var judgements: [HeaderLabelBytes: Judgement] = [:]
    private var answers: [RoutingQuestion: Answer] = [:]
    private var deliveries: [DeliveryQuestion: Refusal?] = [:]
    private var day: Int64 = .min

    private static let limit = 4_096

    /// What was decided of labels today; nil when they are new.
    mutating func judgement(on labels: HeaderLabelBytes, now: Moment) -> Judgement? {
        startDay(now)
        return judgements[labels]
    }

    /// Who is eligible for a message with this header, which has no fault, and who receives it.
    mutating func decision(
        _ header: WireHeader,
        _ labels: HeaderLabelBytes,
        release: Release,
        now: Moment,
        audience: (EligibleRecipients) -> RecipientSet
    ) -> Decision {
        startDay(now)
        let decision: Decision
        switch answer(RoutingQuestion(header), header, release: release, now: now) {
        case .refused(let refusal): decision = .refused(refusal)
        case .eligible(let eligible): decision = .granted(eligible, audience: audience(eligible))
        }
        if judgements.count >= Self.limit { judgements.removeAll(keepingCapacity: true) }
        judgements[labels] = Judgement(
            header: header,
            isReply: MessageSchema.named(header.type)?.isReply == true,
            decision: decision
        )
        return decision
    }

    private mutating func answer(
        _ question: RoutingQuestion,
        _ header: WireHeader,
        release: Release,
        now: Moment
    ) -> Answer {
        if let known = answers[question] { return known }
        let answer = Self.compute(header, release: release, now: now)
        if answers.count >= Self.limit { answers.removeAll(keepingCapacity: true) }
        answers[question] = answer
        return answer
    }

    /// Why an accepted message may not go to one recipient now; nil when it may.
    mutating func refusal(
        ofDelivering header: WireHeader,
        to recipient: NodeID,
        release: Release,
        now: Moment
    ) -> Refusal? {
        startDay(now)
        let question = DeliveryQuestion(routing: RoutingQuestion(header), recipient: recipient)
        if let known = deliveries[question] { return known }
        let refusal = Eligibility.refusal(
            ofDelivering: header,
            to: recipient,
            registry: release.registry,
            policy: release.policy,
            at: now
        )
        if deliveries.count >= Self.limit { deliveries.removeAll(keepingCapacity: true) }
        deliveries.updateValue(refusal, forKey: question)
        return refusal
    }

    /// Subscriptions changed: the eligible are the same, the audiences are not.
    mutating func forgetAudiences() {
        judgements.removeAll(keepingCapacity: true)
    }

    /// Grants and memberships end with a day of the calendar; a quarter of an hour divides every
    /// offset from UTC, so no calendar day begins inside one.
    private mutating func startDay(_ now: Moment) {
        let quarter = now.milliseconds / 900_000
        guard quarter != day else { return }
        day = quarter
        answers.removeAll(keepingCapacity: true)
        judgements.removeAll(keepingCapacity: true)
        deliveries.removeAll(keepingCapacity: true)
    }

    private static func compute(_ header: WireHeader, release: Release, now: Moment) -> Answer {
        switch Eligibility.of(
            header: header,
            registry: release.registry,
            policy: release.policy,
            at: now
        )
        {
        case .refused(let refusal):
            return .refused(refusal)
        case .eligible(let set):
            guard let sender = NodeID(header.sender).flatMap(release.registry.node) else {
                return .refused(Refusal(.unknownKey, field: "sender"))
            }
            return .eligible(
                EligibleRecipients(set, sender: sender, header: header, release: release)
            )
        }
    }
}

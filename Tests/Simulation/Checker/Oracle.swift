// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the rules grant: asked of Eligibility with the registry and policy that are on record, never
// of the hub's own. The answers are remembered over all runs, since letters and releases are the
// same in each.

import WiciCore

/// Knows who may have which letter under which release.
final class Oracle {
    private struct DecisionQuestion: Hashable {
        let letter: Int
        let pair: ReleasePair
    }

    private struct DeliveryQuestion: Hashable {
        let letter: Int
        let pair: ReleasePair
        let node: Int
    }

    private let country: Country
    private let letters: Letters
    private var decisions: [DecisionQuestion: Eligibility] = [:]
    private var deliveries: [DeliveryQuestion: Bool] = [:]

    init(_ country: Country, _ letters: Letters) {
        self.country = country
        self.letters = letters
    }

    /// Who is eligible for a letter, or why it is refused.
    func decision(_ letter: Int, under pair: ReleasePair) -> Eligibility {
        let question = DecisionQuestion(letter: letter, pair: pair)
        if let known = decisions[question] { return known }
        let answer = Eligibility.of(
            header: letters.all[letter].header,
            registry: country.registries[pair.registry].document,
            policy: country.policies[pair.policy].document,
            at: Country.noon
        )
        decisions[question] = answer
        return answer
    }

    /// Whether an accepted letter may go to a node.
    func grants(_ letter: Int, to node: Int, under pair: ReleasePair) -> Bool {
        let question = DeliveryQuestion(letter: letter, pair: pair, node: node)
        if let known = deliveries[question] { return known }
        let answer =
            Eligibility.refusal(
                ofDelivering: letters.all[letter].header,
                to: country.members[node].node,
                registry: country.registries[pair.registry].document,
                policy: country.policies[pair.policy].document,
                at: Country.noon
            ) == nil
        deliveries[question] = answer
        return answer
    }

    /// Who of the eligible receives a letter, given who has subscribed to what.
    func audience(
        _ letter: Int,
        of set: EligibleSet,
        under pair: ReleasePair,
        subscriptions: [Int: [Subscription]]
    ) -> [NodeID] {
        guard
            let facts = try? SubscriptionFacts(
                header: letters.all[letter].header,
                registry: country.registries[pair.registry].document
            )
        else { return [] }
        let audience = Audience(of: set, facts: facts) { node in
            country.placeOfNode[node].flatMap { subscriptions[$0] } ?? []
        }
        return audience.nodeIDs
    }
}

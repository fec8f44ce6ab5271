// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Which subscriptions may be had, against a walk over every case of the policy.

import Foundation
import Testing

@testable import WiciCore

struct ReceivabilityTests {
    @Test func `a subscription to what no rule can grant is refused`() throws {
        let receivability = Receivability(under: try NetworkFiles.policy(), on: NetworkFiles.today)
        let registry = try NetworkFiles.registry()
        let msw = try #require(registry.institution(RegistryFixture.id("msw")))
        let alerts = Subscription(types: ["good-practice", "case-alert"])
        let refusal = receivability.refusal(of: alerts, for: msw)
        #expect(refusal?.code == .subscriptionNotGranted)
        #expect(refusal?.field == "types[0]")
        let police = try #require(registry.institution(RegistryFixture.id("kwp-lublin")))
        #expect(receivability.refusal(of: alerts, for: police) == nil)
        #expect(receivability.refusal(of: Subscription(), for: msw) == nil)
    }

    /// Whether any case of a product is allowed: every one of them asked.
    private static func isAnyAllowed(
        _ policy: Policy,
        _ within: CaseMask,
        on date: CivilDate
    ) -> Bool {
        let domain = PolicyDomain(of: [policy], apart: [within])
        return !domain.walk(PolicyDimension.allCases, within: within) { mask in
            !policy.allows(mask, on: date)
        }
    }

    @Test func `the table says what asking every case says`() throws {
        let whole = try NetworkFiles.policy()
        var narrow = whole
        narrow.grants = Array(whole.grants.prefix(4))
        let policies = [whole, narrow].map {
            ($0, Receivability(under: $0, on: NetworkFiles.today))
        }
        let words = whole.words
        let registry = try NetworkFiles.registry()
        let date = NetworkFiles.today
        var random = SeededNumbers(seed: 12)
        var granted = 0
        var refused = 0
        for round in 0..<24 {
            let (policy, receivability) = policies[round % 2]
            let institution = try #require(
                registry.contents.institutions.randomElement(using: &random)
            )
            let type = try #require(words.types.indices.randomElement(using: &random))
            let senders = words.kindCodes.shuffled(using: &random)
                .prefix(.random(in: 1...2, using: &random))
            let statuses = MessageStatus.allCases.shuffled(using: &random)
                .prefix(.random(in: 0...2, using: &random))
            var within = CaseMask.everything
            within[.type] = 1 << UInt64(type)
            within[.recipient] = 1 << UInt64(try #require(words.kind(institution.kind)))
            if !senders.isEmpty {
                within[.sender] = senders.compactMap(words.kind).reduce(0) { $0 | 1 << UInt64($1) }
            }
            if !statuses.isEmpty {
                within[.status] = statuses.reduce(0) { $0 | 1 << UInt64($1.place) }
            }
            let subscription = Subscription(
                types: [words.types[type]],
                senderKinds: Array(senders),
                statuses: Array(statuses)
            )
            let isGranted = receivability.refusal(of: subscription, for: institution) == nil
            #expect(isGranted == Self.isAnyAllowed(policy, within, on: date), "\(subscription)")
            if isGranted { granted += 1 } else { refused += 1 }
        }
        #expect(granted > 3 && refused > 3)
    }

    @Test func `a question costs nothing beside the walk that answers all of them`() throws {
        let registry = try NetworkFiles.registry()
        let police = try #require(registry.institution(RegistryFixture.id("kwp-lublin")))
        let policy = try NetworkFiles.policy()
        let all = Subscription(types: policy.words.types, senderKinds: policy.words.kindCodes)
        let clock = ContinuousClock()
        var made: Receivability?
        let walk = clock.measure { made = Receivability(under: policy, on: NetworkFiles.today) }
        let receivability = try #require(made)
        let questions = clock.measure {
            for _ in 0..<20 { _ = receivability.refusal(of: all, for: police) }
        }
        #expect(questions < walk, "\(questions) for twenty, \(walk) for the walk")
    }
}

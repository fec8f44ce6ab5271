// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Testing

@testable import WiciCore

/// A hundred thousand random headers and subscriptions, under twenty thousand random registries and
/// hundreds of random policies, against a naive oracle.
struct EligibilityPropertyTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `the eligible are exactly those of the oracle and the audience is among them`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed &+ 100)
        let words = PolicyFixture.words
        var cases = 0
        var somebody = 0
        var leftOut = 0
        for _ in 0..<20 {
            let text = PolicyFixture.randomText(words, using: &random)
            let policy = try Policy(text: text, words: words)
            let oracle = try NaivePolicy(text: text)
            var registry = Self.registry(words, using: &random)
            for number in 0..<250 {
                if number % 5 == 0 { registry = Self.registry(words, using: &random) }
                cases += 1
                let facts = Self.facts(registry, words, using: &random)
                let eligibility = Eligibility.of(
                    facts,
                    registry: registry,
                    policy: policy,
                    on: NetworkFiles.today
                )
                let expected = Self.expected(facts, registry, oracle)
                let found = eligibility.set.map { Set($0.nodes.map(\.node)) }
                if found != expected {
                    Issue.record("seed \(seed): \(facts) gives \(String(describing: found))")
                }
                guard let set = eligibility.set else { continue }
                somebody += 1
                let wanted = Self.subscriptionFacts(facts, words, using: &random)
                var subscriptions: [NodeID: [Subscription]] = [:]
                for node in registry.contents.nodes where random.below(3) != 0 {
                    subscriptions[node.id] = (0..<(1 + random.below(2))).map { _ in
                        Self.subscription(words, using: &random)
                    }
                }
                let audience = Audience(of: set, facts: wanted) { subscriptions[$0] ?? [] }
                let expectedAudience = set.nodes.filter { node in
                    node.isNamed
                        || (subscriptions[node.node] ?? []).contains { Self.wants($0, wanted) }
                }
                if audience.nodeIDs != expectedAudience.map(\.node) {
                    Issue.record("seed \(seed): \(facts) has the audience \(audience.nodeIDs)")
                }
                leftOut += set.nodes.count - audience.nodes.count
            }
        }
        // What is compared must not be empty sets with empty sets.
        #expect(cases == 5_000 && somebody > cases / 50 && leftOut > 0)
    }

    private static let regions = ["PL-06", "PL-18", "PL-20"]

    private static func registry(
        _ words: PolicyWords,
        using random: inout SeededRandom
    ) -> Registry {
        var contents = RegistryFixture().contents
        contents.institutions = (0..<8).map { number in
            RegistryFixture.institution(
                "i-\(number)",
                random.pick(words.kindCodes).text,
                random.below(4) == 0 ? ["PL"] : random.some(regions),
                teams: random.below(2) == 0 ? ["team-06"] : []
            )
        }
        for place in contents.institutions.indices where random.below(8) == 0 {
            contents.institutions[place].validity.through =
                NetworkFiles.today.adding(days: random.below(3) - 1)
        }
        contents.nodes = (0..<10).map { number in
            let owner = number < 8 ? number : random.below(8)
            return RegistryFixture().node("n-\(number)", of: "i-\(owner)", number: number)
        }
        contents.nodes[random.below(10)].revocation =
            Revocation(date: RegistryFixture.issued, reason: .keyLost)
        contents.nodes[random.below(10)].validity.through =
            NetworkFiles.today.adding(days: random.below(3) - 1)
        return Registry(contents: contents, digest: .zero)
    }

    private static func facts(
        _ registry: Registry,
        _ words: PolicyWords,
        using random: inout SeededRandom
    ) -> RoutingFacts {
        let one = NaiveCase.random(words, using: &random)
        func maybe<Item>(_ items: [Item]) -> [Item] { random.below(2) == 0 ? [] : items }
        let ids = registry.contents.institutions.map(\.id)
        let named = maybe([random.pick(ids)])
        let role = RoleAddress("\(random.pick(ids))/duty-officer").map { [$0] } ?? []
        let roles = one.marking == "TLP:RED" ? role : []
        let isRed = one.marking == "TLP:RED" && random.below(8) != 0
        return RoutingFacts(
            sender: random.pick(registry.contents.nodes).id,
            type: one.type,
            marking: Marking(label: one.marking) ?? .red,
            data: PersonalData(
                level: DataLevel(rawValue: one.level) ?? .none,
                subject: DataSubject(rawValue: one.subject)
            ) ?? .none,
            purpose: one.purpose,
            regime: LegalRegime(rawValue: one.regime) ?? .gdpr,
            status: MessageStatus(rawValue: one.status) ?? .actual,
            isSealed: one.isSealed || random.below(2) == 0,
            selector: isRed
                ? MessageSelector(roles: roles)
                : MessageSelector(
                    regions: maybe([RegistryFixture.id(random.pick(regions + ["PL"]))]),
                    kinds: maybe([random.pick(words.kindCodes)]),
                    teams: random.below(4) == 0 ? [RegistryFixture.id("team-06")] : [],
                    institutions: random.below(4) == 0 ? named : [],
                    roles: roles
                )
        )
    }

    private static let topics = ["EX-LAB", "EX-SEX", "GP-IDE"].compactMap { Code($0) }

    private static func subscriptionFacts(
        _ facts: RoutingFacts,
        _ words: PolicyWords,
        using random: inout SeededRandom
    ) -> SubscriptionFacts {
        SubscriptionFacts(
            type: facts.type,
            regions: facts.selector.regions.isEmpty ? [.country] : facts.selector.regions,
            urgency: 1 + random.below(4),
            topics: random.some(topics),
            senderKind: random.pick(words.kindCodes),
            status: facts.status
        )
    }

    private static func subscription(
        _ words: PolicyWords,
        using random: inout SeededRandom
    ) -> Subscription {
        func maybe<Item>(_ make: (inout SeededRandom) -> [Item]) -> [Item] {
            random.below(3) == 0 ? make(&random) : []
        }
        return Subscription(
            types: maybe { random in (0..<6).map { _ in random.pick(words.types) } },
            regions: maybe { [RegistryFixture.id($0.pick(regions + ["PL"]))] },
            urgencyAtLeast: random.below(3) == 0 ? 1 + random.below(4) : nil,
            topics: maybe { $0.some(topics) },
            senderKinds: maybe { random in (0..<4).map { _ in random.pick(words.kindCodes) } },
            statuses: maybe { [$0.pick([.actual, .exercise, .test])] }
        )
    }

    /// The definition, dimension by dimension.
    private static func wants(_ one: Subscription, _ facts: SubscriptionFacts) -> Bool {
        if !one.types.isEmpty, !Set(one.types).contains(facts.type) { return false }
        if !one.statuses.isEmpty, !Set(one.statuses).contains(facts.status) { return false }
        if !one.senderKinds.isEmpty, !Set(one.senderKinds).contains(facts.senderKind) {
            return false
        }
        if let least = one.urgencyAtLeast, facts.urgency < least { return false }
        if !one.topics.isEmpty, Set(one.topics).isDisjoint(with: facts.topics) { return false }
        let everywhere = (one.regions + facts.regions).contains(.country)
        return one.regions.isEmpty || everywhere
            || !Set(one.regions).isDisjoint(with: facts.regions)
    }

    /// The definition, word by word: `nil` when the whole message is refused.
    private static func expected(
        _ facts: RoutingFacts,
        _ registry: Registry,
        _ oracle: NaivePolicy
    ) -> Set<NodeID>? {
        let contents = registry.contents
        let today = NetworkFiles.today
        guard let sendingNode = contents.nodes.first(where: { $0.id == facts.sender }),
            let sender = contents.institutions.first(where: { $0.id == sendingNode.institution }),
            sendingNode.revocation == nil, sendingNode.validity.contains(today),
            sender.validity.contains(today)
        else { return nil }
        let selector = facts.selector
        let lists = [selector.regions.count, selector.kinds.count, selector.teams.count]
        if facts.marking == .red {
            guard !selector.roles.isEmpty, lists == [0, 0, 0], selector.institutions.isEmpty else {
                return nil
            }
        }
        let named = Set(selector.institutions + selector.roles.map(\.institution))
        var nodes: Set<NodeID> = []
        for institution in contents.institutions {
            let isNamed = named.contains(institution.id)
            let isMember = institution.validity.contains(today)
            if isNamed && !isMember { return nil }
            let isListed =
                lists != [0, 0, 0] && isMember
                && (lists[0] == 0 || selector.regions.contains(.country)
                    || !Set(selector.regions).isDisjoint(with: institution.regions))
                && (lists[1] == 0 || selector.kinds.contains(institution.kind))
                && (lists[2] == 0 || !Set(selector.teams).isDisjoint(with: institution.teams))
            guard isNamed || isListed else { continue }
            var one = naiveCase(facts, sender, institution, isNamed: isNamed)
            guard case .allowed = oracle.answer(one) else {
                one.isSealed = true
                let wouldBeSealed = if case .allowed = oracle.answer(one) { true } else { false }
                var plain = one
                plain.isSealed = facts.isSealed
                if case .forbidden = oracle.answer(plain) {
                    if isNamed { return nil }
                } else if isNamed || (!facts.isSealed && wouldBeSealed) {
                    return nil
                }
                continue
            }
            let own = contents.nodes.filter {
                $0.institution == institution.id && $0.revocation == nil && $0.id != facts.sender
                    && $0.validity.contains(today)
            }
            if isNamed, own.isEmpty, institution.id != sender.id { return nil }
            nodes.formUnion(own.map(\.id))
        }
        return nodes.isEmpty ? nil : nodes
    }

    private static func naiveCase(
        _ facts: RoutingFacts,
        _ sender: Institution,
        _ recipient: Institution,
        isNamed: Bool
    ) -> NaiveCase {
        func word(_ code: Code) -> String {
            PolicyFixture.words.kind(code).map { PolicyFixture.words.kinds[$0] } ?? ""
        }
        let national = sender.regions == [.country] || recipient.regions == [.country]
        return NaiveCase(
            from: word(sender.kind),
            to: word(recipient.kind),
            type: facts.type,
            marking: facts.marking.label,
            isSame: national || !Set(sender.regions).isDisjoint(with: recipient.regions),
            isNamed: isNamed
                || recipient.regions.contains {
                    $0 != .country && facts.selector.regions.contains($0)
                },
            level: facts.data.level.rawValue,
            subject: facts.data.subject?.rawValue ?? "",
            purpose: facts.purpose,
            regime: facts.regime.rawValue,
            status: facts.status.rawValue,
            isSealed: facts.isSealed
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Testing

@testable import WiciCore

/// Refusals and choices, each told by name, in the example network.
struct EligibilityTests {
    private static func header(_ change: (inout WireHeader) -> Void) -> WireHeader {
        var header = WireHeader()
        header.type = "case-alert"
        header.sender = "kwp-lublin.main"
        header.tlp = "TLP:AMBER"
        header.purpose = "inspection"
        header.regime = "led"
        header.dataLevel = "none"
        header.status = "actual"
        header.urgency = "UR-3"
        header.selector.regions = ["PL-06"]
        change(&header)
        return header
    }

    private func eligibility(_ change: (inout WireHeader) -> Void) throws -> Eligibility {
        Eligibility.of(
            header: Self.header(change),
            registry: try NetworkFiles.registry(),
            policy: try NetworkFiles.policy(),
            at: RegistryFixture.now
        )
    }

    static let refusals: [(String, String, @Sendable (inout WireHeader) -> Void)] = [
        ("unknown-key", "sender", { $0.sender = "nobody.main" }),
        ("label-unknown", "tlp", { $0.tlp = "TLP:WHITE" }),
        ("label-unknown", "type", { $0.type = "gossip" }),
        ("label-unknown", "data_subject", { $0.dataLevel = "personal" }),
        ("label-unknown", "selector.regions[0]", { $0.selector.regions = ["Lublin"] }),
        ("roles-required", "selector", { $0.tlp = "TLP:RED" }),
        (
            "recipient-unknown", "selector.institutions[0]",
            { $0.selector.institutions = ["nobody"] }
        ),
        ("role-unknown", "selector.roles[0]", { $0.selector.roles = ["kgp/inspector"] }),
        ("recipient-unknown", "selector.teams[0]", { $0.selector.teams = ["team-99"] }),
        ("not-granted", "selector.institutions[0]", { $0.selector.institutions = ["msw"] }),
        ("nobody-eligible", "selector", { $0.selector.regions = ["PL-02"] }),
        ("seal-required", "", { $0.tlp = "TLP:AMBER+STRICT" }),
        (
            "marking-above-ceiling", "selector",
            {
                $0.type = "warning"
                $0.purpose = "prevention"
                $0.tlp = "TLP:AMBER+STRICT"
                $0.seal.suite = 1
            }
        ),
        (
            "forbidden", "selector.institutions[0]",
            {
                $0.type = "info-reply"
                $0.dataLevel = "personal"
                $0.dataSubject = "suspect"
                $0.seal.suite = 1
                $0.selector.regions = []
                $0.selector.institutions = ["fundacja-przyklad"]
            }
        ),
    ]

    @Test(arguments: refusals.indices)
    func `a message is refused with the code and the field that say most`(index: Int) throws {
        let (code, field, change) = Self.refusals[index]
        let refusal = try #require(try eligibility(change).refusal)
        #expect(refusal.code.name == code)
        #expect(refusal.field == field)
    }

    @Test func `a refusal by the rules names the rule and explains in both languages`() throws {
        let refusal = try #require(try eligibility(Self.refusals[13].2).refusal)
        #expect(refusal.rule == "N1")
        #expect(refusal.help?.english.hasPrefix("Refused by N1.") == true)
        #expect(refusal.help?.polish.hasPrefix("Odmowa: zakaz N1.") == true)
    }

    @Test func `regions kinds and teams narrow one another and names are added`() throws {
        let set = try #require(
            try eligibility {
                $0.selector.kinds = ["IK-NGO", "IK-SG"]
                $0.selector.teams = ["team-06"]
                $0.selector.institutions = ["kgp"]
            }.set
        )
        #expect(
            set.institutions.map(\.text) == [
                "caritas-test", "fundacja-przyklad", "kgp", "nosg-chelm", "stowarzyszenie-wzor",
            ]
        )
        #expect(set.nodes.filter(\.isNamed).map(\.institution.text) == ["kgp"])
        #expect(set.nodes.allSatisfy { !$0.ruleIDs.isEmpty })
    }

    @Test func `national institutions are selected by region only when the country is`() throws {
        let regional = try #require(try eligibility { $0.selector.regions = ["PL-06"] }.set)
        #expect(!regional.institutions.map(\.text).contains("kgsg"))
        let country = try #require(try eligibility { $0.selector.regions = ["PL"] }.set)
        #expect(country.institutions.map(\.text).contains("kgsg"))
    }

    @Test func `equal sets have equal digests and other sets other ones`() throws {
        let one = try #require(try eligibility { $0.selector.regions = ["PL-06"] }.set)
        let same = try #require(try eligibility { $0.selector.regions = ["PL-06", "PL-06"] }.set)
        let other = try #require(try eligibility { $0.selector.regions = ["PL"] }.set)
        #expect(one.digest == same.digest)
        #expect(one.digest != other.digest)
    }

    @Test func `a subscription matches by every list that is not empty`() throws {
        let registry = try NetworkFiles.registry()
        let facts = try SubscriptionFacts(
            header: Self.header { $0.topics = ["EX-LAB"] },
            registry: registry
        )
        func matches(_ change: (inout WireSubscription) -> Void) throws -> Bool {
            var wire = WireSubscription()
            change(&wire)
            return try Subscription(wire: wire).matches(facts)
        }
        #expect(try matches { _ in })
        #expect(try matches { $0.types = ["case-alert"] })
        #expect(try !matches { $0.types = ["warning"] })
        #expect(try matches { $0.regions = ["PL-06"] })
        #expect(try !matches { $0.regions = ["PL-18"] })
        #expect(try matches { $0.urgencyFrom = "UR-2" })
        #expect(try !matches { $0.urgencyFrom = "UR-4" })
        #expect(try !matches { $0.topics = ["EX-PRO"] })
        #expect(try !matches { $0.senderKinds = ["IK-SG"] })
        #expect(try !matches { $0.statuses = ["exercise"] })
    }

    @Test func `a subscription with an unknown word names the entry`() throws {
        var wire = WireSubscription()
        wire.types = ["warning", "gossip"]
        let error = try #require(throws: RoutingRefusal.self) { try Subscription(wire: wire) }
        #expect(error.refusal.code == .subscriptionFault)
        #expect(error.refusal.field == "types[1]")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Foundation
import Testing

@testable import WiciCore

struct PolicyTests {
    private let words = PolicyFixture.words

    @Test func `the small policy has no finding but that its never is idle`() throws {
        let policy = try Policy(text: PolicyFixture.text(), words: words)
        #expect(policy.findings().filter(\.isFatal) == [])
    }

    @Test(arguments: PolicyFixture.checks.indices)
    func `a check with another expectation is a fatal finding`(index: Int) throws {
        for expectation in [
            "allowed by G1", "allowed by G2", "refused by N1", "refused, no grant",
            "refused, marking", "refused, seal required",
        ] {
            var checks = PolicyFixture.checks
            let parts = checks[index].components(separatedBy: " = ")
            guard parts[1] != expectation else { continue }
            checks.append("\(parts[0]) = \(expectation)")
            let policy = try Policy(text: PolicyFixture.text(checks: checks), words: words)
            let fatal = policy.findings().filter(\.isFatal)
            #expect(fatal.map(\.error.code) == [.policyCheckFails], "\(checks)")
        }
    }

    @Test func `a rule that no check names is a fatal finding`() throws {
        let text = PolicyFixture.text(checks: Array(PolicyFixture.checks.dropFirst()))
        let policy = try Policy(text: text, words: words)
        #expect(policy.findings().filter(\.isFatal) == [.ruleUnchecked("G1")])
    }

    @Test func `a grant that nevers take away whole is dead`() throws {
        let never = """
              - id: N2
                says: {pl: nie, en: no}
                to: [ngo]
                types: [case-alert]
                basis: umowa
            """
        let policy = try PolicyFixture.small(nevers: [never])
        #expect(policy.findings().contains(.grantDead("G1")))
        #expect(!policy.findings().contains(.grantDead("G2")))
    }

    @Test func `a grant inside another is shadowed and not dead`() throws {
        let wider = PolicyFixture.grant.replacing("G1", with: "G0")
            .replacing("TLP:AMBER", with: "TLP:RED").replacing("[ngo]", with: "any")
        let policy = try PolicyFixture.small(grants: [wider, PolicyFixture.grant])
        #expect(policy.findings().contains(.grantShadowed("G1")))
        #expect(!policy.findings().contains(.grantDead("G1")))
        #expect(!policy.findings().contains(.grantShadowed("G0")))
    }

    @Test func `a grant ends with its last day`() throws {
        let grant = PolicyFixture.grant + "\n    until: 2026-12-31"
        let policy = try PolicyFixture.small(grants: [grant])
        let check = try PolicyCheck(line: PolicyFixture.checks[0], words: words)
        let last = try #require(CivilDate("2026-12-31"))
        #expect(policy.decide(check.policyCase, on: last).isAllowed)
        #expect(!policy.decide(check.policyCase, on: last.adding(days: 1)).isAllowed)
    }

    @Test(arguments: [
        ("nobody-receives: {to: [ngo], marking-from: TLP:AMBER}", false),
        ("nobody-receives: {to: [national-centre], types: [case-alert]}", true),
        ("nobody-receives: {data-level-from: personal, sealed: no}", true),
        ("nobody-receives: {data-level-from: personal}", false),
        ("always: exercise-equals-actual", true),
        ("always: no-personal-data-in-broadcasts", true),
        ("answerable-with: [acknowledgement]", true),
        ("answerable-with: [case-alert]", false),
    ])
    func `a promise is proven or refuted with a case`(line: String, holds: Bool) throws {
        let promise = "  - says: {pl: obietnica, en: promise}\n    \(line)"
        let policy = try PolicyFixture.small(promises: [promise])
        let found = policy.counterexample(to: policy.promises[0])
        #expect((found == nil) == holds)
        if let found {
            #expect(policy.decide(found, on: policy.issued).isAllowed)
        }
    }

    @Test func `a grant for actual only breaks the promise of equal exercises`() throws {
        let grant = PolicyFixture.grant.replacing("status: any", with: "status: [actual, test]")
        let policy = try PolicyFixture.small(
            grants: [grant],
            promises: ["  - says: {pl: o, en: p}\n    always: exercise-equals-actual"]
        )
        #expect(policy.counterexample(to: policy.promises[0]) != nil)
    }

    @Test func `explanations name the rule or the nearest grant and what differs`() throws {
        let policy = try PolicyFixture.small()
        func explain(_ line: String) throws -> Explanation {
            let check = try PolicyCheck(line: line + " = refused, no grant", words: words)
            return policy.explain(check.policyCase, on: policy.issued)
        }
        let allowed = try explain("police -> ngo, case-alert, named")
        #expect(allowed.sentence.english == "Allowed by G1. Police alert NGOs.")
        let forbidden = try explain("police -> ngo, case-alert, named, personal about suspect")
        #expect(forbidden.sentence.polish == "Odmowa: zakaz N1. Nigdy o podejrzanych.")
        let marking = try explain("police -> ngo, case-alert, named, TLP:RED, sealed")
        #expect(marking.nearest == "G1")
        #expect(marking.differences == [.marking])
        let refused = try explain("police -> national-centre, case-alert, named")
        #expect(refused.decision.verdict == .notGranted)
        #expect(refused.nearest == "G1")
        #expect(refused.differences == [.recipient])
        #expect(refused.sentence.english.contains("Nearest: G1, differs in: recipient."))
    }

    @Test func `the matrix gives the strictest marking of every granted triple`() throws {
        var random = SeededRandom(seed: 5)
        let text = PolicyFixture.randomText(words, using: &random)
        let policy = try Policy(text: text, words: words)
        let oracle = try NaivePolicy(text: text)
        var expected: [[Int]: Int] = [:]
        PolicyAgreementTests.everyCase(words) { one in
            guard case .allowed = oracle.answer(one), let policyCase = one.policyCase(words) else {
                return
            }
            let key = [policyCase.sender, policyCase.recipient, policyCase.type]
            expected[key] = max(expected[key] ?? 0, Int(policyCase.marking.rawValue))
        }
        let cells = policy.matrix(on: policy.issued).map {
            ([$0.sender, $0.recipient, $0.type], Int($0.highestMarking.rawValue))
        }
        #expect(Dictionary(uniqueKeysWithValues: cells) == expected)
        #expect(!expected.isEmpty)
    }

    @Test(arguments: [21, 22, 23] as [UInt64])
    func `the difference counts exactly the cases that flip`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let texts = (0..<2).map { _ in PolicyFixture.randomText(words, using: &random) }
        let policies = try texts.map { try Policy(text: $0, words: words) }
        let oracles = try texts.map { try NaivePolicy(text: $0) }
        var gained = 0
        var lost = 0
        PolicyAgreementTests.everyCase(words) { one in
            let answers = oracles.map { oracle in
                if case .allowed = oracle.answer(one) { true } else { false }
            }
            if !answers[0] && answers[1] { gained += 1 }
            if answers[0] && !answers[1] { lost += 1 }
        }
        let diff = PolicyDiff(from: policies[0], to: policies[1], on: policies[0].issued)
        #expect(diff.gained == gained)
        #expect(diff.lost == lost)
        #expect(gained + lost > 0)
    }

    @Test func `a policy does not differ from itself`() throws {
        let policy = try NetworkFiles.policy()
        #expect(PolicyDiff(from: policy, to: policy, on: policy.issued).changes.isEmpty)
    }

    @Test func `a raised ceiling is told in one sentence`() throws {
        let old = try PolicyFixture.small()
        let new = try PolicyFixture.small(grants: [
            PolicyFixture.grant.replacing("TLP:AMBER", with: "TLP:AMBER+STRICT"),
            PolicyFixture.acknowledgement,
        ])
        let diff = PolicyDiff(from: old, to: new, on: old.issued)
        let change = try #require(diff.changes.first)
        #expect(diff.changes.count == 1)
        #expect(change.isGain)
        #expect(change.recipients == ["ngo"])
        #expect(change.markings == [.amberStrict])
        // Two region relations, two purposes, two regimes, three statuses, sealed only.
        #expect(change.caseCount == 24)
        #expect(change.sentence.english.hasPrefix("ngo GAIN case-alert from police"))
    }

    @Test func `who sees a message is the exact list of kinds`() throws {
        let policy = try PolicyFixture.small()
        let check = try PolicyCheck(line: PolicyFixture.checks[1], words: words)
        let kinds = policy.whoSees(check.policyCase, on: policy.issued).map(\.recipient)
        #expect(kinds == [0, 1, 2])
    }

    @Test func `only clear broadcasts without personal data open on the feed`() throws {
        let policy = try PolicyFixture.small()
        let practice = try #require(words.type("good-practice"))
        let alert = try #require(words.type("case-alert"))
        func opens(_ type: Int, _ marking: Marking, _ data: PersonalData, _ sealed: Bool) -> Bool {
            policy.opensOnFeed(type: type, marking: marking, data: data, isSealed: sealed)
        }
        #expect(opens(practice, .clear, .none, false))
        #expect(!opens(practice, .green, .none, false))
        #expect(!opens(practice, .clear, .personal(.victim), false))
        #expect(!opens(practice, .clear, .none, true))
        #expect(!opens(alert, .clear, .none, false))
    }
}

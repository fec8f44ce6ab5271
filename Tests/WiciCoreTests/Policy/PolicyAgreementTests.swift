// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Testing

@testable import WiciCore

/// The evaluator and the naive oracle give the same answers.
struct PolicyAgreementTests {
    private static func answer(_ policy: Policy, _ one: PolicyCase) -> NaivePolicy.Answer {
        let decision = policy.decide(one, on: policy.issued)
        switch decision.verdict {
        case .allowed: return .allowed(policy.ruleIDs(of: decision))
        case .forbidden: return .forbidden(policy.ruleIDs(of: decision))
        case .sealRequired, .markingAboveCeiling, .notGranted: return .refused
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a random policy is decided alike over every case of a small domain`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed)
        let words = PolicyFixture.words
        let text = PolicyFixture.randomText(words, using: &random)
        let policy = try Policy(text: text, words: words)
        let oracle = try NaivePolicy(text: text)
        var allowed = 0
        var wrong: [NaiveCase] = []
        Self.everyCase(words) { one in
            guard let policyCase = one.policyCase(words) else { return }
            let answer = Self.answer(policy, policyCase)
            if case .allowed = answer { allowed += 1 }
            if answer != oracle.answer(one) { wrong.append(one) }
        }
        #expect(wrong.isEmpty)
        #expect(allowed > 0)
    }

    @Test func `the network's policy decides random cases as the oracle does`() throws {
        let policy = try NetworkFiles.policy()
        let oracle = try NaivePolicy(text: NetworkFiles.text("policy.yaml"))
        var random = SeededRandom(seed: 7)
        for _ in 0..<30_000 {
            let one = NaiveCase.random(policy.words, using: &random)
            let policyCase = try #require(one.policyCase(policy.words))
            let answer = Self.answer(policy, policyCase)
            #expect(answer == oracle.answer(one))
        }
    }

    /// A rule is a product over dimensions, so agreement on every value of every dimension, the
    /// others being held at a covered value, is agreement on the rule over the whole domain.
    @Test func `every rule of the network's policy covers the values that its words say`() throws {
        let policy = try NetworkFiles.policy()
        let oracle = try NaivePolicy(text: NetworkFiles.text("policy.yaml"))
        var random = SeededRandom(seed: 11)
        for (rule, naive) in zip(policy.grants + policy.nevers, oracle.grants + oracle.nevers) {
            let isNever = policy.nevers.contains(rule)
            for _ in 0..<40 {
                let covered = try #require(
                    Self.coveredCase(rule, policy.words, using: &random)
                )
                for one in Self.variants(of: covered, policy.words) {
                    let policyCase = try #require(one.policyCase(policy.words))
                    let expected =
                        isNever ? NaivePolicy.forbids(naive, one) : NaivePolicy.grants(naive, one)
                    #expect(rule.mask.covers(policyCase.mask) == expected)
                }
            }
        }
    }

    private static func coveredCase(
        _ rule: PolicyRule,
        _ words: PolicyWords,
        using random: inout SeededRandom
    ) -> NaiveCase? {
        func value(_ dimension: PolicyDimension) -> Int {
            let count = PolicyDomain.valueCount(of: dimension, words)
            return random.pick(rule.mask[dimension].places.filter { $0 < count })
        }
        let data = PersonalData.all[value(.data)]
        let region = RegionRelation.allCases[value(.region)]
        return NaiveCase(
            from: words.kinds[value(.sender)],
            to: words.kinds[value(.recipient)],
            type: words.types[value(.type)],
            marking: NaiveCase.markings[value(.marking)],
            isSame: region == .same || region == .both,
            isNamed: region == .named || region == .both,
            level: data.level.rawValue,
            subject: data.subject?.rawValue ?? "",
            purpose: words.purposes[value(.purpose)],
            regime: NaiveCase.regimes[value(.regime)],
            status: NaiveCase.statuses[value(.status)],
            isSealed: value(.sealing) == 1
        )
    }

    /// The case with each dimension in turn set to each of its values.
    private static func variants(of one: NaiveCase, _ words: PolicyWords) -> [NaiveCase] {
        var variants = [one]
        func vary<Value>(_ path: WritableKeyPath<NaiveCase, Value>, _ values: [Value]) {
            for value in values {
                var copy = one
                copy[keyPath: path] = value
                variants.append(copy)
            }
        }
        vary(\.from, words.kinds)
        vary(\.to, words.kinds)
        vary(\.type, words.types)
        vary(\.marking, NaiveCase.markings)
        vary(\.isSame, [true, false])
        vary(\.isNamed, [true, false])
        vary(\.purpose, words.purposes)
        vary(\.regime, NaiveCase.regimes)
        vary(\.status, NaiveCase.statuses)
        vary(\.isSealed, [true, false])
        for level in NaiveCase.levels {
            for subject in level == "none" ? [""] : NaiveCase.subjects {
                var copy = one
                (copy.level, copy.subject) = (level, subject)
                variants.append(copy)
            }
        }
        return variants
    }

    static func everyCase(_ words: PolicyWords, _ body: (NaiveCase) -> Void) {
        for from in words.kinds {
            for to in words.kinds {
                for type in words.types {
                    everyLabel(from: from, to: to, type: type, words, body)
                }
            }
        }
    }

    private static func everyLabel(
        from: String,
        to: String,
        type: String,
        _ words: PolicyWords,
        _ body: (NaiveCase) -> Void
    ) {
        let data =
            [("none", "")] + NaiveCase.subjects.flatMap { [("personal", $0), ("special", $0)] }
        for marking in NaiveCase.markings {
            for region in 0..<4 {
                for (level, subject) in data {
                    for rest in 0..<(words.purposes.count * 12) {
                        body(
                            NaiveCase(
                                from: from,
                                to: to,
                                type: type,
                                marking: marking,
                                isSame: region & 1 == 1,
                                isNamed: region & 2 == 2,
                                level: level,
                                subject: subject,
                                purpose: words.purposes[rest / 12],
                                regime: NaiveCase.regimes[rest % 2],
                                status: NaiveCase.statuses[rest / 2 % 3],
                                isSealed: rest / 6 % 2 == 1
                            )
                        )
                    }
                }
            }
        }
    }
}

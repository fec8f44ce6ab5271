// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Policies as text: a small fixed one, and random ones.

@testable import WiciCore

enum PolicyFixture {
    /// Three kinds, three types, two purposes: a domain small enough to be walked case by case.
    static let words: PolicyWords = {
        let kinds = [("police", "IK-POL"), ("ngo", "IK-NGO"), ("national-centre", "IK-KCI")]
        guard
            let words = PolicyWords(
                kinds: kinds.map { ($0.0, RegistryFixture.id($0.1)) },
                types: ["case-alert", "good-practice", "acknowledgement"],
                broadcastTypes: ["good-practice"],
                replyTypes: ["acknowledgement"],
                purposes: ["prevention", "support"]
            )
        else { preconditionFailure("the fixture's words") }
        return words
    }()

    static let grant = """
          - id: G1
            says: {pl: "Policja zawiadamia organizacje.", en: "Police alert NGOs."}
            from: [police]
            types: [case-alert]
            to: [ngo]
            region: named
            marking-at-most: TLP:AMBER
            data-level-at-most: none
            purpose: any
            regime: any
            status: any
            sealed: optional
            basis: umowa
        """

    static let never = """
          - id: N1
            says: {pl: "Nigdy o podejrzanych.", en: "Never about suspects."}
            to: [ngo]
            data-about: [suspect]
            basis: umowa
        """

    static let acknowledgement = """
          - id: G2
            says: {pl: "Potwierdzenie.", en: "Acknowledgement."}
            from: any
            types: [acknowledgement]
            to: any
            region: named
            marking-at-most: TLP:RED
            data-level-at-most: personal
            data-about: any
            purpose: any
            regime: any
            status: any
            sealed: optional
            basis: umowa
        """

    static let checks = [
        "police -> ngo, case-alert, named, TLP:AMBER = allowed by G1",
        "police -> ngo, acknowledgement, named, TLP:AMBER = allowed by G2",
        "police -> ngo, case-alert, named, personal about suspect, sealed = refused by N1",
        "police -> ngo, case-alert, named, TLP:RED, sealed = refused, marking",
        "police -> ngo, acknowledgement, named, TLP:RED = refused, seal required",
        "ngo -> police, case-alert, named, TLP:GREEN = refused, no grant",
    ]

    static func text(
        release: Int = 1,
        previous: String = "none",
        grants: [String] = [grant, acknowledgement],
        nevers: [String] = [never],
        checks: [String] = checks,
        promises: [String] = []
    ) -> String {
        func list(_ key: String, _ items: [String]) -> String {
            items.isEmpty ? "\(key): []\n" : "\(key):\n" + items.joined(separator: "\n") + "\n"
        }
        return """
            policy: small
            release: \(release)
            previous: \(previous)
            issued: 2026-11-23
            expires: 2027-11-23
            community: {pl: wszyscy, en: everybody}
            seal: {marking-from: TLP:AMBER+STRICT, data-level-from: personal}
            public:
              - {types: [good-practice], marking-at-most: TLP:CLEAR}

            """
                + list("grants", grants) + list("nevers", nevers)
                + list("checks", checks.map { "  - \($0)" }) + list("promises", promises)
    }

    static func small(
        grants: [String] = [grant, acknowledgement],
        nevers: [String] = [never],
        promises: [String] = []
    ) throws -> Policy {
        try Policy(
            text: text(grants: grants, nevers: nevers, checks: [], promises: promises),
            words: words
        )
    }

    /// A policy of random rules, wide enough that a fair share of cases is granted.
    static func randomText(_ words: PolicyWords, using random: inout SeededRandom) -> String {
        func list(_ key: String, _ items: [String]) -> String {
            random.below(4) == 0
                ? "    \(key): any" : "    \(key): [\(random.some(items).joined(separator: ", "))]"
        }
        let regions = ["same", "named", "same-or-named", "any", "not-named", "other"]
        func head(_ id: String) -> [String] {
            ["  - id: \(id)", "    says: {pl: reguła, en: rule}", "    basis: umowa"]
        }
        let grants = (0..<(1 + random.below(6))).map { number in
            let level = random.pick(NaiveCase.levels)
            var lines = head("G\(number)")
            lines += [
                list("from", words.kinds), list("to", words.kinds), list("types", words.types),
                "    region: \(random.pick(regions))",
                "    marking-at-most: \(random.pick(NaiveCase.markings))",
                "    data-level-at-most: \(level)",
            ]
            if level != "none" { lines.append(list("data-about", NaiveCase.subjects)) }
            lines += [
                list("purpose", words.purposes), list("regime", NaiveCase.regimes),
                list("status", NaiveCase.statuses),
                "    sealed: \(random.pick(["required", "optional", "optional"]))",
            ]
            return lines.joined(separator: "\n")
        }
        let nevers = (0..<random.below(4)).map { number in
            var lines = head("N\(number)")
            if random.below(2) == 0 { lines.append(list("to", words.kinds)) }
            if random.below(2) == 0 { lines.append(list("types", words.types)) }
            if random.below(3) == 0 { lines.append(list("data-about", NaiveCase.subjects)) }
            if random.below(3) == 0 { lines.append("    region: \(random.pick(regions))") }
            if random.below(3) == 0 { lines.append("    data-level-from: personal") }
            if random.below(3) == 0 { lines.append("    sealed: no") }
            lines.append("    marking-from: \(random.pick(NaiveCase.markings.suffix(2)))")
            return lines.joined(separator: "\n")
        }
        return text(grants: grants, nevers: nevers, checks: [])
    }
}

extension SeededRandom {
    mutating func pick<Item>(_ items: ArraySlice<Item>) -> Item { pick(Array(items)) }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A second evaluator of the policy language that shares nothing with the first: it reads the YAML on
// its own and compares words. It is the oracle of the agreement tests.

import Yams

@testable import WiciCore

struct NaiveCase: Hashable {
    var from: String
    var to: String
    var type: String
    var marking: String
    var isSame: Bool
    var isNamed: Bool
    var level: String
    var subject: String
    var purpose: String
    var regime: String
    var status: String
    var isSealed: Bool

    static let markings = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
    static let levels = ["none", "personal", "special"]
    static let subjects = ["suspect", "convicted", "victim", "witness", "other"]
    static let regimes = ["gdpr", "led"]
    static let statuses = ["actual", "exercise", "test"]

    /// The same case for the policy under test.
    func policyCase(_ words: PolicyWords) -> PolicyCase? {
        guard let sender = words.kinds.firstIndex(of: from),
            let recipient = words.kinds.firstIndex(of: to), let type = words.type(type),
            let marking = Marking(label: marking), let level = DataLevel(rawValue: level),
            let data = PersonalData(level: level, subject: DataSubject(rawValue: subject)),
            let purpose = words.purpose(purpose), let regime = LegalRegime(rawValue: regime),
            let status = MessageStatus(rawValue: status)
        else { return nil }
        return PolicyCase(
            sender: sender,
            recipient: recipient,
            type: type,
            marking: marking,
            region: RegionRelation(isSame: isSame, isNamed: isNamed),
            data: data,
            purpose: purpose,
            regime: regime,
            status: status,
            isSealed: isSealed
        )
    }

    /// A case drawn at random from the whole domain.
    static func random(_ words: PolicyWords, using random: inout SeededRandom) -> NaiveCase {
        let level = random.pick(levels)
        return NaiveCase(
            from: random.pick(words.kinds),
            to: random.pick(words.kinds),
            type: random.pick(words.types),
            marking: random.pick(markings),
            isSame: random.pick([true, false]),
            isNamed: random.pick([true, false]),
            level: level,
            subject: level == "none" ? "" : random.pick(subjects),
            purpose: random.pick(words.purposes),
            regime: random.pick(regimes),
            status: random.pick(statuses),
            isSealed: random.pick([true, false])
        )
    }
}

struct NaivePolicy {
    enum Answer: Equatable { case allowed([String]), forbidden([String]), refused }

    struct Rule {
        var id = ""
        var words: [String: String] = [:]
        var lists: [String: [String]] = [:]
    }

    var grants: [Rule] = []
    var nevers: [Rule] = []
    var sealMarking = ""
    var sealLevel = ""

    init(text: String) throws {
        guard let root = try Yams.compose(yaml: text) else { return }
        grants = root["grants"]?.array().map(Self.rule) ?? []
        nevers = root["nevers"]?.array().map(Self.rule) ?? []
        sealMarking = root["seal"]?["marking-from"]?.string ?? ""
        sealLevel = root["seal"]?["data-level-from"]?.string ?? ""
    }

    private static func rule(_ node: Node) -> Rule {
        var rule = Rule()
        for (key, value) in node.mapping ?? [:] {
            if let items = value.sequence {
                rule.lists[key.string ?? ""] = items.compactMap(\.string)
            } else {
                rule.words[key.string ?? ""] = value.string
            }
        }
        rule.id = rule.words["id"] ?? ""
        return rule
    }

    func answer(_ one: NaiveCase) -> Answer {
        let against = nevers.filter { Self.forbids($0, one) }.map(\.id)
        if !against.isEmpty { return .forbidden(against) }
        let needsSeal =
            Self.rank(one.marking, NaiveCase.markings) >= Self.rank(sealMarking, NaiveCase.markings)
            || Self.rank(one.level, NaiveCase.levels) >= Self.rank(sealLevel, NaiveCase.levels)
        if needsSeal && !one.isSealed { return .refused }
        let granting = grants.filter { Self.grants($0, one) }.map(\.id)
        return granting.isEmpty ? .refused : .allowed(granting)
    }

    static func grants(_ rule: Rule, _ one: NaiveCase) -> Bool {
        guard isIn(rule, "from", one.from), isIn(rule, "to", one.to),
            isIn(rule, "types", one.type), isIn(rule, "purpose", one.purpose),
            isIn(rule, "regime", one.regime), isIn(rule, "status", one.status),
            isInRegion(rule.words["region"] ?? "any", one)
        else { return false }
        let ceiling = rank(rule.words["marking-at-most"] ?? "", NaiveCase.markings)
        let level = rank(rule.words["data-level-at-most"] ?? "", NaiveCase.levels)
        return rank(one.marking, NaiveCase.markings) <= ceiling
            && rank(one.level, NaiveCase.levels) <= level
            && (one.level == "none" || isIn(rule, "data-about", one.subject))
            && (rule.words["sealed"] == "optional" || one.isSealed)
    }

    static func forbids(_ rule: Rule, _ one: NaiveCase) -> Bool {
        for (key, value) in [
            ("from", one.from), ("to", one.to), ("types", one.type), ("purpose", one.purpose),
            ("regime", one.regime), ("status", one.status),
        ] where has(rule, key) && !isIn(rule, key, value) {
            return false
        }
        if has(rule, "data-about"), one.level == "none" || !isIn(rule, "data-about", one.subject) {
            return false
        }
        if let region = rule.words["region"], !isInRegion(region, one) { return false }
        if let least = rule.words["marking-from"],
            rank(one.marking, NaiveCase.markings) < rank(least, NaiveCase.markings)
        {
            return false
        }
        if let least = rule.words["data-level-from"],
            rank(one.level, NaiveCase.levels) < rank(least, NaiveCase.levels)
        {
            return false
        }
        if let sealed = rule.words["sealed"], (sealed == "yes") != one.isSealed { return false }
        return true
    }

    private static func has(_ rule: Rule, _ key: String) -> Bool {
        rule.words[key] != nil || rule.lists[key] != nil
    }

    private static func isIn(_ rule: Rule, _ key: String, _ value: String) -> Bool {
        rule.words[key] == "any" || rule.lists[key]?.contains(value) ?? false
    }

    private static func isInRegion(_ word: String, _ one: NaiveCase) -> Bool {
        switch word {
        case "same": one.isSame
        case "named": one.isNamed
        case "same-or-named": one.isSame || one.isNamed
        case "not-named": !one.isNamed
        case "other": !one.isSame && !one.isNamed
        default: true
        }
    }

    private static func rank(_ word: String, _ order: [String]) -> Int {
        order.firstIndex(of: word) ?? -1
    }
}

/// A small reproducible generator (splitmix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }

    /// At least one of the items, in order.
    mutating func some<Item>(_ items: [Item]) -> [Item] {
        let chosen = items.filter { _ in below(2) == 0 }
        return chosen.isEmpty ? [pick(items)] : chosen
    }
}

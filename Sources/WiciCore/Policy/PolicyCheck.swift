// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Checks: expected decisions, one line each, in the policy itself. A policy of which one gives
// another result does not load.
//
//   police -> ngo, case-alert, named, TLP:AMBER+STRICT, sealed = allowed by G1
//   police -> ngo, info-reply, same, personal about suspect, sealed = refused by N1
//   local-government -> police, support-request, TLP:RED = refused, no grant
//
// The type comes first, the rest in any order. What is left out is: region same, TLP:GREEN, no personal data, purpose prevention, regime gdpr,
// status actual, unsealed.

/// An expected decision.
public struct PolicyCheck: Hashable, Sendable {
    /// What is expected.
    public enum Expectation: Hashable, Sendable {
        /// Allowed, and these grants are among those that allow it.
        case allowed(by: [String])
        /// Refused, and these nevers are among those that forbid it.
        case forbidden(by: [String])
        /// Refused because no grant covers it, with any marking or seal.
        case noGrant
        /// Refused because it is not sealed.
        case sealRequired
        /// Refused because of its marking.
        case marking
    }

    /// The line as written.
    public let line: String
    /// The case.
    public let policyCase: PolicyCase
    /// What is expected.
    public let expectation: Expectation

    /// Ids of the rules that the line names.
    public var ruleIDs: [String] {
        switch expectation {
        case .allowed(let ids), .forbidden(let ids): ids
        case .noGrant, .sealRequired, .marking: []
        }
    }

    /// Whether a policy decides as expected on its day of issue.
    public func holds(in policy: Policy) -> Bool {
        let decision = policy.decide(policyCase, on: policy.issued)
        let ids = policy.ruleIDs(of: decision)
        return switch (expectation, decision.verdict) {
        case (.allowed(let expected), .allowed), (.forbidden(let expected), .forbidden):
            expected.allSatisfy(ids.contains)
        case (.noGrant, .notGranted), (.sealRequired, .sealRequired),
            (.marking, .markingAboveCeiling):
            true
        default: false
        }
    }
}

extension PolicyCheck {
    /// Parses a line; throws the word that it cannot read.
    init(line: String, words: PolicyWords) throws(UnreadableWord) {
        let sides = line.parts(between: " = ")
        guard sides.count == 2 else { throw UnreadableWord(word: "=") }
        var parts = sides[0].parts(between: ", ")
        let ends = parts.removeFirst().parts(between: " -> ")
        guard ends.count == 2 else { throw UnreadableWord(word: "->") }
        guard let sender = words.kinds.firstIndex(of: ends[0]) else {
            throw UnreadableWord(word: ends[0])
        }
        guard let recipient = words.kinds.firstIndex(of: ends[1]) else {
            throw UnreadableWord(word: ends[1])
        }
        var draft = Draft(sender: sender, recipient: recipient)
        for word in parts {
            guard try draft.take(word, words: words) else { throw UnreadableWord(word: word) }
        }
        guard let policyCase = draft.policyCase else { throw UnreadableWord(word: sides[0]) }
        self.line = line
        self.policyCase = policyCase
        self.expectation = try Self.expectation(sides[1])
    }

    /// A word of a check that is not of the language, or stands twice for one dimension.
    struct UnreadableWord: Error {
        let word: String
    }

    private static func expectation(_ text: String) throws(UnreadableWord) -> Expectation {
        switch text {
        case "refused, no grant": return .noGrant
        case "refused, seal required": return .sealRequired
        case "refused, marking": return .marking
        default: break
        }
        for (prefix, isNever) in [("allowed by ", false), ("refused by ", true)]
        where text.hasPrefix(prefix) {
            let ids = text.dropFirst(prefix.count).parts(between: " and ")
            guard ids.allSatisfy({ !$0.isEmpty }) else { break }
            return isNever ? .forbidden(by: ids) : .allowed(by: ids)
        }
        throw UnreadableWord(word: text)
    }

    /// A case being read, each dimension at most once.
    private struct Draft {
        let sender: Int
        let recipient: Int
        var seen: Set<PolicyDimension> = []
        var type: Int?
        var marking = Marking.green
        var region = RegionRelation.same
        var data = PersonalData.none
        var purpose: Int?
        var regime = LegalRegime.gdpr
        var status = MessageStatus.actual
        var isSealed = false

        init(sender: Int, recipient: Int) {
            self.sender = sender
            self.recipient = recipient
        }

        mutating func take(_ word: String, words: PolicyWords) throws(UnreadableWord) -> Bool {
            let dimension: PolicyDimension
            // The first word is the type: a purpose may bear the same name.
            if self.type == nil, let type = words.type(word) {
                (self.type, dimension) = (type, .type)
            } else if let marking = Marking(label: word) {
                (self.marking, dimension) = (marking, .marking)
            } else if let region = RegionRelation(rawValue: word) {
                (self.region, dimension) = (region, .region)
            } else if let data = PersonalData(word: word) {
                (self.data, dimension) = (data, .data)
            } else if let purpose = words.purpose(word) {
                (self.purpose, dimension) = (purpose, .purpose)
            } else if let regime = LegalRegime(rawValue: word) {
                (self.regime, dimension) = (regime, .regime)
            } else if let status = MessageStatus(rawValue: word) {
                (self.status, dimension) = (status, .status)
            } else if word == "sealed" || word == "unsealed" {
                (self.isSealed, dimension) = (word == "sealed", .sealing)
            } else {
                return false
            }
            return seen.insert(dimension).inserted
        }

        var policyCase: PolicyCase? {
            guard let type else { return nil }
            return PolicyCase(
                sender: sender,
                recipient: recipient,
                type: type,
                marking: marking,
                region: region,
                data: data,
                purpose: purpose ?? 0,
                regime: regime,
                status: status,
                isSealed: isSealed
            )
        }
    }
}

extension PersonalData {
    /// Takes `none`, or for example `personal about victim`.
    init?(word: String) {
        let parts = word.parts(between: " about ")
        guard let level = DataLevel(rawValue: parts[0]), parts.count <= 2 else { return nil }
        let subject = parts.count == 2 ? DataSubject(rawValue: parts[1]) : nil
        guard (parts.count == 2) == (subject != nil) else { return nil }
        self.init(level: level, subject: subject)
    }

    /// The word of checks.
    var word: String {
        subject.map { "\(level.rawValue) about \($0.rawValue)" } ?? level.rawValue
    }
}

extension StringProtocol {
    /// The parts between occurrences of a separator.
    func parts(between separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}

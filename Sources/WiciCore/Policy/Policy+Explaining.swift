// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A decision in a sentence: the rule that decided, or the nearest grant and what differs from it.

/// Why a case is decided as it is.
public struct Explanation: Hashable, Sendable {
    /// The decision.
    public let decision: Decision
    /// Ids of the rules that it rests on.
    public let ruleIDs: [String]
    /// When refused without a never: the grant that differs least.
    public let nearest: String?
    /// What differs from it.
    public let differences: [PolicyDimension]
    /// All of it in a sentence.
    public let sentence: Bilingual
}

extension Policy {
    /// Explains the decision of a case on a day.
    public func explain(_ policyCase: PolicyCase, on date: CivilDate) -> Explanation {
        let decision = decide(policyCase, on: date)
        let ids = ruleIDs(of: decision)
        switch decision.verdict {
        case .allowed:
            return explanation(decision, ids, "Dozwolone przez", "Allowed by", grants)
        case .forbidden:
            return explanation(decision, ids, "Odmowa: zakaz", "Refused by", nevers)
        case .sealRequired, .markingAboveCeiling, .notGranted:
            return refusalExplanation(decision, ids, policyCase, on: date)
        }
    }

    private func explanation(
        _ decision: Decision,
        _ ids: [String],
        _ polish: String,
        _ english: String,
        _ rules: [PolicyRule]
    ) -> Explanation {
        let list = ids.joined(separator: ", ")
        let says = rules.first { $0.id == ids.first }?.says ?? Bilingual(polish: "", english: "")
        return Explanation(
            decision: decision,
            ruleIDs: ids,
            nearest: nil,
            differences: [],
            sentence: Bilingual(
                polish: "\(polish) \(list). \(says.polish)",
                english: "\(english) \(list). \(says.english)"
            )
        )
    }

    private func refusalExplanation(
        _ decision: Decision,
        _ ids: [String],
        _ policyCase: PolicyCase,
        on date: CivilDate
    ) -> Explanation {
        let nearest = nearestGrant(to: policyCase, on: date)
        var differences = nearest.map { $0.mask.dimensionsMissed(by: policyCase.mask) } ?? []
        if lacksSeal(policyCase.mask), !differences.contains(.sealing) {
            differences.append(.sealing)
        }
        let sender = kindName(policyCase.sender)
        let recipient = kindName(policyCase.recipient)
        let type = words.types[policyCase.type]
        var polish: String
        var english: String
        switch decision.verdict {
        case .sealRequired:
            polish = "Odmowa. Taka wiadomość musi być zapieczętowana."
            english = "Refused. Such a message must be sealed."
        case .markingAboveCeiling:
            polish = "Odmowa. Oznaczenie \(policyCase.marking.label) jest za wysokie."
            english = "Refused. The marking \(policyCase.marking.label) is too high."
        default:
            polish =
                "Odmowa. Żadne zezwolenie nie obejmuje: \(sender.polish) → \(recipient.polish), \(type)."
            english = "Refused. No grant covers: \(sender.english) → \(recipient.english), \(type)."
        }
        if let nearest {
            let inPolish = differences.map(\.name.polish).joined(separator: ", ")
            let inEnglish = differences.map(\.name.english).joined(separator: ", ")
            polish += " Najbliższe: \(nearest.id), różni się: \(inPolish)."
            english += " Nearest: \(nearest.id), differs in: \(inEnglish)."
        }
        return Explanation(
            decision: decision,
            ruleIDs: ids,
            nearest: nearest?.id,
            differences: differences,
            sentence: Bilingual(polish: polish, english: english)
        )
    }

    /// The grant with the fewest differences; what the sender can change on the spot counts least.
    private func nearestGrant(to policyCase: PolicyCase, on date: CivilDate) -> PolicyRule? {
        func distance(_ grant: PolicyRule) -> Int {
            grant.mask.dimensionsMissed(by: policyCase.mask).reduce(0) { sum, dimension in
                switch dimension {
                case .sender, .recipient, .type: sum + 4
                case .data, .region: sum + 3
                case .marking, .purpose, .regime, .status, .sealing: sum + 2
                }
            }
        }
        return grants.filter { $0.holds(on: date) }.min { distance($0) < distance($1) }
    }

    /// A kind's name in both languages.
    public func kindName(_ place: Int) -> Bilingual {
        let code = words.kindCodes[place].text
        return Vocabulary.current.entry(code, in: "institution-kind")?.name
            ?? Bilingual(polish: words.kinds[place], english: words.kinds[place])
    }
}

/// The highest marking for one sender, recipient and type.
public struct MatrixCell: Hashable, Sendable {
    /// Place of the sender kind.
    public let sender: Int
    /// Place of the recipient kind.
    public let recipient: Int
    /// Place of the type.
    public let type: Int
    /// The strictest label under which something is allowed.
    public let highestMarking: Marking
}

extension Policy {
    /// For every sender kind, recipient kind and type of which something is allowed: the strictest
    /// marking, complete, ordered by sender, recipient, type.
    public func matrix(on date: CivilDate) -> [MatrixCell] {
        let domain = PolicyDomain(of: [self])
        var cells: [MatrixCell] = []
        var ceilings: [ApplicableRules: Marking?] = [:]
        domain.walk(PolicyDomain.outer) { outer in
            let rules = applicableRules(to: outer)
            guard !rules.grants.isEmpty else { return true }
            let known = ceilings[rules] ?? ceiling(narrowed(to: rules), outer, on: date)
            ceilings[rules] = .some(known)
            guard let marking = known else { return true }
            for sender in domain.members(.sender, of: outer) {
                for recipient in domain.members(.recipient, of: outer) {
                    for type in domain.members(.type, of: outer) {
                        cells.append(
                            MatrixCell(
                                sender: sender,
                                recipient: recipient,
                                type: type,
                                highestMarking: marking
                            )
                        )
                    }
                }
            }
            return true
        }
        return cells.sorted {
            ($0.sender, $0.recipient, $0.type) < ($1.sender, $1.recipient, $1.type)
        }
    }

    private func ceiling(_ policy: Policy, _ outer: CaseMask, on date: CivilDate) -> Marking? {
        var highest: Marking?
        let labels = PolicyDomain(of: [policy])
        labels.walk(PolicyDomain.inner, from: outer) { mask in
            let marking = PolicyCase(mask: mask).marking
            if highest.map({ marking > $0 }) ?? true, policy.allows(mask, on: date) {
                highest = marking
            }
            return true
        }
        // The class of the highest label may hold stricter ones.
        return highest.map(labels.strictestMember)
    }

    /// The recipient kinds that may have a message with these labels, with the deciding grants.
    ///
    /// The recipient of the case given is not looked at.
    public func whoSees(
        _ policyCase: PolicyCase,
        on date: CivilDate
    ) -> [(recipient: Int, ruleIDs: [String])] {
        words.kinds.indices.compactMap { recipient in
            let decision = decide(
                policyCase.with(recipient: recipient, region: policyCase.region),
                on: date
            )
            return decision.isAllowed ? (recipient, ruleIDs(of: decision)) : nil
        }
    }
}

extension PolicyDomain {
    /// The values of the class in which a case lies.
    func members(_ dimension: PolicyDimension, of mask: CaseMask) -> [Int] {
        self[dimension].first { $0.members & mask[dimension] != 0 }?.members.places ?? []
    }

    func strictestMember(of marking: Marking) -> Marking {
        let bit = UInt64(1) << UInt64(marking.rawValue)
        guard let kin = self[.marking].first(where: { $0.members & bit != 0 }),
            let last = kin.members.places.last
        else { return marking }
        return Marking(rawValue: UInt8(last)) ?? marking
    }
}

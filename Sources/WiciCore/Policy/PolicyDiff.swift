// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Who gains and who loses when one policy follows another: every case whose answer flips, counted
// and folded into sentences.

/// Cases that flip alike, folded.
public struct PolicyChange: Hashable, Sendable {
    /// Whether recipients gain the messages; otherwise they lose them.
    public let isGain: Bool
    /// Words of the sender kinds.
    public let senders: [String]
    /// Words of the recipient kinds.
    public let recipients: [String]
    /// Names of the types.
    public let types: [String]
    /// The labels concerned.
    public let markings: [Marking]
    /// The levels of personal data concerned.
    public let dataLevels: [DataLevel]
    /// Number of cases that flip.
    public let caseCount: Int

    /// The change in a sentence.
    public var sentence: Bilingual {
        let to = recipients.joined(separator: ", ")
        let from = senders.joined(separator: ", ")
        let what = types.joined(separator: ", ")
        let labels = markings.map(\.label).joined(separator: ", ")
        let levels = dataLevels.map(\.rawValue).joined(separator: ", ")
        return Bilingual(
            polish: "\(to) \(isGain ? "ZYSKUJĄ" : "TRACĄ") \(what) od: \(from); "
                + "oznaczenia \(labels); dane: \(levels); przypadków: \(caseCount).",
            english: "\(to) \(isGain ? "GAIN" : "LOSE") \(what) from \(from); "
                + "markings \(labels); data: \(levels); cases: \(caseCount)."
        )
    }
}

/// The difference between two policies: complete over the whole domain.
public struct PolicyDiff: Hashable, Sendable {
    /// The flips, folded.
    public let changes: [PolicyChange]
    /// Number of cases that become allowed.
    public let gained: Int
    /// Number of cases that become refused.
    public let lost: Int

    /// Compares two policies on a day.
    public init(from old: Policy, to new: Policy, on date: CivilDate) {
        let domain = PolicyDomain(of: [old, new])
        var flips: [Fold: [CaseMask]] = [:]
        var seen: [[ApplicableRules]: [Fold]] = [:]
        domain.walk(PolicyDomain.outer) { outer in
            let rules = [old.applicableRules(to: outer), new.applicableRules(to: outer)]
            guard rules.contains(where: { !$0.grants.isEmpty }) else { return true }
            if let folds = seen[rules] {
                for fold in folds { flips[fold, default: []].append(outer) }
                return true
            }
            let before = old.narrowed(to: rules[0])
            let after = new.narrowed(to: rules[1])
            var gained: [CaseMask] = []
            var lost: [CaseMask] = []
            let labels = PolicyDomain(of: [before, after])
            labels.walk(PolicyDomain.inner, from: outer) { mask in
                let was = before.allows(mask, on: date)
                let isNow = after.allows(mask, on: date)
                if isNow != was {
                    let wide = labels.widenedLabels(of: mask)
                    if isNow { gained.append(wide) } else { lost.append(wide) }
                }
                return true
            }
            let folds = [Fold(isGain: true, cells: gained), Fold(isGain: false, cells: lost)]
                .filter { !$0.cells.isEmpty }
            seen[rules] = folds
            for fold in folds { flips[fold, default: []].append(outer) }
            return true
        }
        let changes = flips.flatMap { fold, outers in
            fold.changes(outers, domain: domain, words: new.words)
        }
        self.changes = changes.sorted {
            ($0.isGain ? 0 : 1, $0.recipients.joined(), $0.types.joined(), $0.senders.joined())
                < (
                    $1.isGain ? 0 : 1, $1.recipients.joined(), $1.types.joined(),
                    $1.senders.joined()
                )
        }
        self.gained = changes.filter(\.isGain).reduce(0) { $0 + $1.caseCount }
        self.lost = changes.filter { !$0.isGain }.reduce(0) { $0 + $1.caseCount }
    }
}

/// Label cells that flip together; senders, recipients and types with equal ones make a sentence.
private struct Fold: Hashable {
    let isGain: Bool
    let cells: [CaseMask]

    func changes(_ outers: [CaseMask], domain: PolicyDomain, words: PolicyWords) -> [PolicyChange] {
        let cellCount = cells.reduce(0) { sum, cell in
            sum
                + PolicyDomain.inner.reduce(1) { product, dimension in
                    product * cell[dimension].nonzeroBitCount
                }
        }
        let markings = Set(cells.flatMap { $0[.marking].places })
        let data = Set(cells.flatMap { $0[.data].places })
        let levels = Set(data.map { PersonalData.all[$0].level }).sorted()
        // Types that share senders and recipients are told together, then recipients likewise.
        let triples = outers.map { outer in
            [PolicyDimension.sender, .recipient, .type].map { domain.members($0, of: outer) }
        }
        let bySender = Dictionary(grouping: triples) { [$0[1], $0[2]] }
        let folded = Dictionary(
            grouping: bySender.map { ends, group in
                (senders: group.flatMap { $0[0] }.sorted(), recipients: ends[0], types: ends[1])
            },
            by: { [$0.senders, $0.types] }
        )
        return folded.values.map { group in
            let recipients = group.flatMap(\.recipients).sorted()
            let senders = group[0].senders
            let types = group[0].types
            return PolicyChange(
                isGain: isGain,
                senders: senders.map { words.kinds[$0] },
                recipients: recipients.map { words.kinds[$0] },
                types: types.map { words.types[$0] },
                markings: markings.sorted().compactMap { Marking(rawValue: UInt8($0)) },
                dataLevels: levels,
                caseCount: cellCount * senders.count * recipients.count * types.count
            )
        }
    }
}

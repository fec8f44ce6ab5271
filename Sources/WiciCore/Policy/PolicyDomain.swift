// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// All cases at once. Values that no rule tells apart form a class, so that walking one case of each
// class is walking the whole domain, with nothing sampled and nothing left out.

/// A class of values of one dimension: the bit of one of them, and the bits of all.
struct ValueClass: Hashable, Sendable {
    let representative: UInt64
    let members: UInt64
    var count: Int { members.nonzeroBitCount }
}

/// The domain of one or two policies, cut into classes.
struct PolicyDomain: Sendable {
    /// The classes of each dimension, in the order of `PolicyDimension`.
    let classes: [[ValueClass]]

    /// Cuts the domain by every rule of the policies and by further sets of cases.
    init(of policies: [Policy], apart further: [CaseMask] = []) {
        var cuts = further
        for policy in policies {
            cuts += (policy.grants + policy.nevers).map(\.mask)
            // The seal rule tells labels apart, and sealed from plain.
            var seal = CaseMask(kinds: 0, labels: policy.sealLabels)
            seal[.sealing] = 1
            cuts.append(seal)
        }
        let words = policies.first?.words ?? .current
        self.classes = PolicyDimension.allCases.map { dimension in
            Self.classes(of: dimension, count: Self.valueCount(of: dimension, words), cuts: cuts)
        }
    }

    static func valueCount(of dimension: PolicyDimension, _ words: PolicyWords) -> Int {
        switch dimension {
        case .sender, .recipient: words.kinds.count
        case .type: words.types.count
        case .purpose: words.purposes.count
        case .marking, .region, .data, .regime, .status, .sealing: dimension.width
        }
    }

    /// Values are of one class when every cut holds both or neither.
    private static func classes(
        of dimension: PolicyDimension,
        count: Int,
        cuts: [CaseMask]
    ) -> [ValueClass] {
        let sets = Set(cuts.map { $0[dimension] })
        var rest: [UInt64] = [1 << UInt64(count) - 1]
        for set in sets {
            rest = rest.flatMap { [$0 & set, $0 & ~set] }.filter { $0 != 0 }
        }
        return rest.sorted { $0.trailingZeroBitCount < $1.trailingZeroBitCount }.map {
            ValueClass(representative: $0 & ~($0 - 1), members: $0)
        }
    }

    subscript(dimension: PolicyDimension) -> [ValueClass] { classes[dimension.rawValue] }

    /// Number of cases in the whole domain.
    var caseCount: Int {
        classes.reduce(1) { product, classes in product * classes.reduce(0) { $0 + $1.count } }
    }

    /// Calls `body` with one case of every class of the given dimensions.
    ///
    /// `within` restricts the walk to a product of values; `body` returns false to end it.
    @discardableResult
    func walk(
        _ dimensions: [PolicyDimension],
        from start: CaseMask = .nothing,
        within limit: CaseMask = .everything,
        _ body: (CaseMask) -> Bool
    ) -> Bool {
        guard let dimension = dimensions.first else { return body(start) }
        let rest = Array(dimensions.dropFirst())
        for value in self[dimension] where limit[dimension] & value.representative != 0 {
            var mask = start
            mask[dimension] = value.representative
            guard walk(rest, from: mask, within: limit, body) else { return false }
        }
        return true
    }

    /// The labels of a case, each widened to its whole class.
    func widenedLabels(of mask: CaseMask) -> CaseMask {
        var wide = CaseMask.nothing
        for dimension in Self.inner {
            let bit = mask[dimension]
            wide[dimension] = self[dimension].first { $0.members & bit != 0 }?.members ?? bit
        }
        return wide
    }

    /// Who and what, the dimensions by which rules are preselected.
    static let outer: [PolicyDimension] = [.sender, .recipient, .type]
    /// The labels, walked inside, in classes of only those rules that apply to who and what: few
    /// rules tell few values apart, which is what makes walking everything cheap.
    static let inner: [PolicyDimension] = [
        .marking, .region, .data, .purpose, .regime, .status, .sealing,
    ]
}

/// The rules that apply to a sender, recipient and type.
struct ApplicableRules: Hashable, Sendable {
    var grants = RuleSet()
    var nevers = RuleSet()
}

extension Policy {
    /// The rules that can decide cases of a sender, recipient and type.
    ///
    /// Where they are the same, so is every answer: nothing is walked twice for the same rules.
    func applicableRules(to outer: CaseMask) -> ApplicableRules {
        var probe = outer
        probe.labels &= PolicyDimension.type.bits
        var rules = ApplicableRules()
        for place in grants.indices where grants[place].mask.covers(probe) {
            rules.grants.insert(place)
        }
        for place in nevers.indices where nevers[place].mask.covers(probe) {
            rules.nevers.insert(place)
        }
        return rules
    }

    /// The policy with only some of its rules.
    func narrowed(to rules: ApplicableRules) -> Policy {
        var copy = self
        copy.grants = rules.grants.places.map { grants[$0] }
        copy.nevers = rules.nevers.places.map { nevers[$0] }
        return copy
    }

    /// Whether a case is allowed, without saying why; used where every case is asked.
    func allows(_ mask: CaseMask, on date: CivilDate) -> Bool {
        !lacksSeal(mask) && !nevers.contains { $0.mask.covers(mask) }
            && grants.contains { $0.mask.covers(mask) && $0.holds(on: date) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The policy in force and the one function that decides. What is not granted is refused; a never
// beats every grant; there is no order among rules and no case without an answer.

/// What opens on the feed that every member may listen to.
public struct FeedRule: Hashable, Sendable {
    /// Places of the types.
    public let types: Set<Int>
    /// The strictest label.
    public let markingAtMost: Marking
}

/// From where on a message must be sealed.
public struct SealRule: Hashable, Sendable {
    /// The least strict label that needs a seal.
    public let markingFrom: Marking
    /// The least level of personal data that needs a seal; never `none`.
    public let dataLevelFrom: DataLevel
}

/// The answer to one case.
public struct Decision: Hashable, Sendable {
    /// The kinds of answer.
    public enum Verdict: Hashable, Sendable {
        /// Granted; `rules` are the grants.
        case allowed
        /// A never covers it; `rules` are the nevers.
        case forbidden
        /// Sealed it would be granted; `rules` are the grants that would.
        case sealRequired
        /// With a more open label it would be granted; `rules` are the grants that would.
        case markingAboveCeiling
        /// No grant covers it.
        case notGranted
    }

    /// The answer.
    public let verdict: Verdict
    /// The rules that it rests on: places in `grants`, or in `nevers` when forbidden.
    public let rules: RuleSet

    /// Whether the recipient may have the message.
    public var isAllowed: Bool { verdict == .allowed }
}

/// A policy release.
public struct Policy: Sendable {
    /// Name of the policy, the same in every release.
    public let name: String
    /// Number of the release, from 1.
    public let release: UInt64
    /// SHA-256 of the previous release's signed note; `nil` for the first.
    public let previous: Digest?
    /// Day of issue.
    public let issued: CivilDate
    /// Last day on which the policy may be used.
    public let expires: CivilDate
    /// Who is the community of TLP:GREEN.
    public let community: Bilingual
    /// The grants, at most 256.
    public internal(set) var grants: [PolicyRule]
    /// The nevers, at most 256.
    public internal(set) var nevers: [PolicyRule]
    /// What opens on the feed.
    public let feed: [FeedRule]
    /// What must be sealed.
    public let seal: SealRule
    /// Expected decisions.
    public let checks: [PolicyCheck]
    /// Properties over all cases.
    public let promises: [PolicyPromise]
    /// The words it is written in.
    public let words: PolicyWords
    /// SHA-256 of the signed note; of the text while it is not signed.
    public internal(set) var digest: Digest

    /// The label bits of which one suffices for the seal rule.
    let sealLabels: UInt64

    init(
        name: String,
        release: UInt64,
        previous: Digest?,
        issued: CivilDate,
        expires: CivilDate,
        community: Bilingual,
        grants: [PolicyRule],
        nevers: [PolicyRule],
        feed: [FeedRule],
        seal: SealRule,
        checks: [PolicyCheck],
        promises: [PolicyPromise],
        words: PolicyWords,
        digest: Digest
    ) {
        self.name = name
        self.release = release
        self.previous = previous
        self.issued = issued
        self.expires = expires
        self.community = community
        self.grants = grants
        self.nevers = nevers
        self.feed = feed
        self.seal = seal
        self.checks = checks
        self.promises = promises
        self.words = words
        self.digest = digest
        var mask = CaseMask.nothing
        mask[.marking] = Marking.bits { $0 >= seal.markingFrom }
        mask[.data] = PersonalData.bits { $0.level >= seal.dataLevelFrom }
        self.sealLabels = mask.labels
    }

    /// Decides a case on a day: a pure function, two ANDs a rule.
    public func decide(_ policyCase: PolicyCase, on date: CivilDate) -> Decision {
        let mask = policyCase.mask
        var rules = RuleSet()
        for place in nevers.indices where nevers[place].mask.covers(mask) { rules.insert(place) }
        guard rules.isEmpty else { return Decision(verdict: .forbidden, rules: rules) }
        if !lacksSeal(mask) {
            rules = grantsCovering(mask, on: date)
            if !rules.isEmpty { return Decision(verdict: .allowed, rules: rules) }
        }
        return refusal(of: mask, on: date)
    }

    /// Whether a message of these labels opens on the feed: plain, real or exercise, no personal data.
    public func opensOnFeed(type: Int, marking: Marking, data: PersonalData, isSealed: Bool) -> Bool
    {
        data == .none && !isSealed
            && feed.contains { $0.types.contains(type) && marking <= $0.markingAtMost }
    }

    /// Whether the policy is past its last day.
    public func isExpired(at moment: Moment) -> Bool {
        expires < WarsawTime.date(at: moment)
    }

    /// Ids of the rules of a decision.
    public func ruleIDs(of decision: Decision) -> [String] {
        let source = decision.verdict == .forbidden ? nevers : grants
        return decision.rules.places.map { source[$0].id }
    }

    func lacksSeal(_ mask: CaseMask) -> Bool {
        mask[.sealing] & 1 != 0 && mask.labels & sealLabels != 0
    }

    func grantsCovering(_ mask: CaseMask, on date: CivilDate) -> RuleSet {
        var rules = RuleSet()
        for place in grants.indices
        where grants[place].mask.covers(mask) && grants[place].holds(on: date) {
            rules.insert(place)
        }
        return rules
    }

    /// Which refusal tells the sender most: seal it, mark it more openly, or nothing would help.
    private func refusal(of mask: CaseMask, on date: CivilDate) -> Decision {
        var sealed = mask
        sealed[.sealing] = 2
        if sealed != mask, !nevers.contains(where: { $0.mask.covers(sealed) }) {
            let rules = grantsCovering(sealed, on: date)
            if !rules.isEmpty { return Decision(verdict: .sealRequired, rules: rules) }
        }
        var rules = RuleSet()
        for place in grants.indices where grants[place].holds(on: date) {
            var wider = grants[place].mask
            wider[.marking] = .max
            if wider.covers(sealed) { rules.insert(place) }
        }
        return Decision(
            verdict: rules.isEmpty ? .notGranted : .markingAboveCeiling,
            rules: rules
        )
    }
}

extension Marking {
    static func bits(where isIn: (Marking) -> Bool) -> UInt64 {
        allCases.filter(isIn).reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }
}

extension PersonalData {
    static func bits(where isIn: (PersonalData) -> Bool) -> UInt64 {
        all.filter(isIn).reduce(0) { $0 | 1 << UInt64($1.place) }
    }
}

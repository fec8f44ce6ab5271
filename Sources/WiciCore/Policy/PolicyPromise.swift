// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Promises: properties over all cases, from a closed list, written in the policy. They are proven
// by walking the whole domain whenever the policy is loaded.

/// A product of cases that a promise speaks of.
public struct PromisedCases: Hashable, Sendable {
    let mask: CaseMask
}

/// A property that holds for every case.
public struct PolicyPromise: Hashable, Sendable {
    /// The closed list of properties.
    public enum Property: Hashable, Sendable {
        /// No case of these is allowed.
        case nobodyReceives(PromisedCases)
        /// Exercise and actual are decided alike.
        case exerciseEqualsActual
        /// No allowed case of a broadcast type holds personal data.
        case noPersonalDataInBroadcasts
        /// Who may receive a message that is no answer may send each of these types back, plain or
        /// sealed, under the same marking, regime and status.
        case recipientsCanAnswer(types: Set<Int>)
    }

    /// Where it stands, for example `promises[2]`.
    public let path: String
    /// What it says to people.
    public let says: Bilingual
    /// The property.
    public let property: Property

    /// The sets of cases that must be told apart to prove it.
    func cuts(words: PolicyWords) -> [CaseMask] {
        var mask = CaseMask.nothing
        switch property {
        case .nobodyReceives(let cases): mask = cases.mask
        case .exerciseEqualsActual: mask[.status] = 1
        case .noPersonalDataInBroadcasts:
            mask[.type] = words.types.bits { words.broadcastTypes.contains($0) }
            mask[.data] = 1
        case .recipientsCanAnswer:
            // Sender and recipient change places, so both are cut alike; see Policy.counterexample.
            mask[.type] = words.types.bits { words.replyTypes.contains($0) }
            mask[.data] = 1
        }
        return [mask]
    }
}

extension [String] {
    func bits(where isIn: (String) -> Bool) -> UInt64 {
        indices.reduce(0) { isIn(self[$1]) ? $0 | 1 << UInt64($1) : $0 }
    }
}

extension Policy {
    /// A case that breaks a promise on the day of issue; `nil` when it holds.
    public func counterexample(to promise: PolicyPromise) -> PolicyCase? {
        var cuts = promise.cuts(words: words)
        if case .recipientsCanAnswer(let types) = promise.property {
            cuts += types.map { place in
                var mask = CaseMask.nothing
                mask[.type] = 1 << UInt64(place)
                return mask
            }
            var shared = CaseMask.nothing
            shared[.region] = 0b1010
            cuts.append(shared)
            // The answer swaps the two kinds: a class of senders must be one of recipients too.
            for rule in grants + nevers {
                var swapped = CaseMask.nothing
                swapped[.sender] = rule.mask[.recipient]
                swapped[.recipient] = rule.mask[.sender]
                cuts.append(swapped)
            }
        }
        if case .exerciseEqualsActual = promise.property {
            var mask = CaseMask.nothing
            mask[.status] = 2
            cuts.append(mask)
        }
        let domain = PolicyDomain(of: [self], apart: cuts)
        var found: PolicyCase?
        let limit =
            if case .nobodyReceives(let cases) = promise.property { cases.mask } else {
                CaseMask.everything
            }
        var seen: Set<[ApplicableRules]> = []
        domain.walk(PolicyDomain.outer, within: limit) { outer in
            let rules = applicableRules(to: outer)
            guard !rules.grants.isEmpty, concerns(promise.property, outer) else { return true }
            let answers = answerRules(promise.property, outer)
            guard seen.insert([rules] + answers).inserted else { return true }
            let policy = narrowed(to: rules)
            let local = cuts + answers.map(narrowed).flatMap { ($0.grants + $0.nevers).map(\.mask) }
            let labels = PolicyDomain(of: [policy], apart: local)
            labels.walk(PolicyDomain.inner, from: outer, within: limit) { mask in
                if breaks(promise.property, mask, policy) { found = PolicyCase(mask: mask) }
                return found == nil
            }
            return found == nil
        }
        return found
    }

    /// The rules that decide the answers to cases of a sender and recipient.
    private func answerRules(
        _ property: PolicyPromise.Property,
        _ outer: CaseMask
    ) -> [ApplicableRules] {
        guard case .recipientsCanAnswer(let types) = property else { return [] }
        return types.sorted().map { type in
            var answer = CaseMask.nothing
            answer[.sender] = outer[.recipient]
            answer[.recipient] = outer[.sender]
            answer[.type] = 1 << UInt64(type)
            return applicableRules(to: answer)
        }
    }

    /// Whether a promise speaks of the type at all.
    private func concerns(_ property: PolicyPromise.Property, _ outer: CaseMask) -> Bool {
        let type = words.types[outer[.type].trailingZeroBitCount]
        return switch property {
        case .nobodyReceives, .exerciseEqualsActual: true
        case .noPersonalDataInBroadcasts: words.broadcastTypes.contains(type)
        case .recipientsCanAnswer: !words.replyTypes.contains(type)
        }
    }

    private func breaks(
        _ property: PolicyPromise.Property,
        _ mask: CaseMask,
        _ narrowed: Policy
    ) -> Bool {
        switch property {
        case .nobodyReceives: return narrowed.allows(mask, on: issued)
        case .exerciseEqualsActual:
            guard mask[.status] == 1 else { return false }
            var exercise = mask
            exercise[.status] = 2
            return narrowed.allows(mask, on: issued) != narrowed.allows(exercise, on: issued)
        case .noPersonalDataInBroadcasts:
            return mask[.data] != 1 && narrowed.allows(mask, on: issued)
        case .recipientsCanAnswer(let types):
            guard narrowed.allows(mask, on: issued) else { return false }
            return types.contains { !canAnswer(mask, with: $0) }
        }
    }

    /// Whether the recipient may send a type back without personal data, naming the sender.
    private func canAnswer(_ mask: CaseMask, with type: Int) -> Bool {
        var answer = mask
        answer[.sender] = mask[.recipient]
        answer[.recipient] = mask[.sender]
        answer[.type] = 1 << UInt64(type)
        answer[.data] = 1
        let isSame = mask[.region] & 0b1010 != 0
        answer[.region] = isSame ? 0b1000 : 0b0100
        return [UInt64(1), 2].contains { sealing in
            answer[.sealing] = sealing
            return allows(answer, on: issued)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What can be said of a policy by looking at all its cases: failing checks, broken promises, grants
// that decide nothing, rules that others shadow. The first three keep it from loading.

import Crypto
public import Foundation

/// What the examination of a policy found.
public enum PolicyFinding: Hashable, Sendable {
    /// A check gives another result; with the explanation of the decision.
    case checkFails(PolicyCheck, Explanation)
    /// A promise is broken; with a case that breaks it.
    case promiseBroken(PolicyPromise, PolicyCase)
    /// A grant allows no case: nevers or the seal rule take all of them.
    case grantDead(String)
    /// No check names the rule, so that its loss would go unnoticed.
    case ruleUnchecked(String)
    /// Every case that the grant allows is allowed by others too.
    case grantShadowed(String)
    /// No grant covers any case that the never forbids.
    case neverIdle(String)

    /// Whether the finding keeps the policy from loading.
    public var isFatal: Bool {
        switch self {
        case .checkFails, .promiseBroken, .grantDead, .ruleUnchecked: true
        case .grantShadowed, .neverIdle: false
        }
    }

    /// The finding as the error that loading throws.
    public var error: PolicyError {
        switch self {
        case .checkFails(let check, let explanation):
            PolicyError(
                .policyCheckFails,
                path: "checks",
                detail: Bilingual(
                    polish: "\(check.line): \(explanation.sentence.polish)",
                    english: "\(check.line): \(explanation.sentence.english)"
                )
            )
        case .promiseBroken(let promise, _):
            PolicyError(.policyPromiseBroken, path: promise.path, detail: promise.says)
        case .grantDead(let id): PolicyError(.policyGrantDead, path: id)
        case .ruleUnchecked(let id): PolicyError(.policyGrantUnchecked, path: id)
        case .grantShadowed(let id), .neverIdle(let id): PolicyError(.policyGrantDead, path: id)
        }
    }
}

extension Policy {
    /// Everything there is to say about the policy on its day of issue; the fatal first.
    public func findings() -> [PolicyFinding] {
        var findings: [PolicyFinding] = checks.filter { !$0.holds(in: self) }.map {
            .checkFails($0, explain($0.policyCase, on: issued))
        }
        for promise in promises {
            if let broken = counterexample(to: promise) {
                findings.append(.promiseBroken(promise, broken))
            }
        }
        let checked = Set(checks.flatMap(\.ruleIDs))
        findings += (grants + nevers).filter { !checked.contains($0.id) }.map {
            .ruleUnchecked($0.id)
        }
        let (alive, alone, biting) = decidingRules()
        for (place, grant) in grants.enumerated() {
            if !alive.contains(place) {
                findings.append(.grantDead(grant.id))
            } else if !alone.contains(place) {
                findings.append(.grantShadowed(grant.id))
            }
        }
        for (place, never) in nevers.enumerated() where !biting.contains(place) {
            findings.append(.neverIdle(never.id))
        }
        return findings.filter(\.isFatal) + findings.filter { !$0.isFatal }
    }

    /// The grants that allow a case, those that alone allow one, and the nevers that take one away.
    private func decidingRules() -> (alive: Set<Int>, alone: Set<Int>, biting: Set<Int>) {
        var alive: Set<Int> = []
        var alone: Set<Int> = []
        var biting: Set<Int> = []
        var seen: Set<ApplicableRules> = []
        let domain = PolicyDomain(of: [self])
        domain.walk(PolicyDomain.outer) { outer in
            let rules = applicableRules(to: outer)
            guard !rules.grants.isEmpty, seen.insert(rules).inserted else { return true }
            let granting = rules.grants.places
            let forbidding = rules.nevers.places
            let labels = PolicyDomain(of: [narrowed(to: rules)])
            labels.walk(PolicyDomain.inner, from: outer) { mask in
                guard !lacksSeal(mask) else { return true }
                let covering = granting.filter {
                    grants[$0].mask.covers(mask) && grants[$0].holds(on: issued)
                }
                guard !covering.isEmpty else { return true }
                let against = forbidding.filter { nevers[$0].mask.covers(mask) }
                if against.isEmpty {
                    alive.formUnion(covering)
                    if covering.count == 1 { alone.formUnion(covering) }
                }
                biting.formUnion(against)
                return true
            }
            return true
        }
        return (alive, alone, biting)
    }

    /// Loads a policy from the bytes of its signed note.
    ///
    /// Refuses what `Registry.load` refuses, and a policy with a failing check. Promises and dead
    /// grants need a walk over all cases: the authority makes it before it signs (`findings`), and
    /// its signatures say so; a hub that restarts has no seconds for it. The trust is the one of
    /// the registry in force.
    public static func load(
        note: Data,
        trust: AuthorityTrust,
        after previous: Policy?,
        now: Moment,
        words: PolicyWords = .current
    ) throws(PolicyError) -> Policy {
        if let previous, previous.digest == Digest(SHA256.hash(data: note)) {
            // Known byte for byte: a change of authority does not ask for it to be signed again.
            try previous.chain.checkDates(on: WarsawTime.date(at: now))
            return previous
        }
        let verified = try AuthorityNote(bytes: note, trust: trust)
        var policy = try Policy(text: verified.text, words: words)
        policy.digest = verified.digest
        try policy.chain.follow(
            previous.map { ($0.chain, $0.digest) },
            digest: verified.digest,
            on: WarsawTime.date(at: now)
        )
        if let failing = policy.checks.first(where: { !$0.holds(in: policy) }) {
            let explanation = policy.explain(failing.policyCase, on: policy.issued)
            throw PolicyFinding.checkFails(failing, explanation).error
        }
        return policy
    }

    /// Takes a policy that was in force from the note that was recorded then.
    ///
    /// Neither signatures nor dates nor checks are asked again: the caller must know by its digest
    /// that this is the note that was accepted.
    public static func recorded(
        note: Data,
        words: PolicyWords = .current
    ) throws(PolicyError) -> Policy {
        let text: String
        do {
            text = try SignedNote(bytes: note).text
        } catch {
            throw DocumentError(.noteUnreadable)
        }
        var policy = try Policy(text: text, words: words)
        policy.digest = Digest(SHA256.hash(data: note))
        return policy
    }

    private var chain: ReleaseChain {
        ReleaseChain(
            network: name,
            release: release,
            previous: previous,
            issued: issued,
            expires: expires
        )
    }
}

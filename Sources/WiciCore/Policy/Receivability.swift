// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a policy lets anybody receive at all, for the day: which subscriptions may be had is asked of
// a hub by every member as often as it likes, so the walk over the policy's cases is made once, and a
// question is then a look into a table.

/// Who may receive which types from whom, in some case, on one day.
///
/// Making one walks the cases of the policy, which takes milliseconds; a question takes a microsecond.
public struct Receivability: Sendable {
    private let policy: Policy
    /// The kinds of senders, a bit each, by recipient kind, type and status.
    private var senders: [UInt64]

    private static let statusCount = MessageStatus.allCases.count

    /// Asks a policy for everything on a day.
    public init(under policy: Policy, on date: CivilDate) {
        self.policy = policy
        let words = policy.words
        senders = [UInt64](
            repeating: 0,
            count: words.kinds.count * words.types.count * Self.statusCount
        )
        let domain = PolicyDomain(of: [policy])
        var known: [ApplicableRules: UInt64] = [:]
        domain.walk(PolicyDomain.outer) { outer in
            let rules = policy.applicableRules(to: outer)
            guard !rules.grants.isEmpty else { return true }
            let statuses =
                known[rules] ?? Self.statuses(under: policy, rules, from: outer, on: date)
            known[rules] = statuses
            note(statuses, for: domain.widened(outer))
            return true
        }
    }

    /// The statuses in which some case with these rules is allowed, a bit each.
    private static func statuses(
        under policy: Policy,
        _ rules: ApplicableRules,
        from outer: CaseMask,
        on date: CivilDate
    ) -> UInt64 {
        let narrowed = policy.narrowed(to: rules)
        return MessageStatus.allCases.reduce(0) { statuses, status in
            var within = CaseMask.everything
            within[.status] = 1 << UInt64(status.place)
            let labels = PolicyDomain(of: [narrowed], apart: [within])
            let sawNone = labels.walk(PolicyDomain.inner, from: outer, within: within) {
                !narrowed.allows($0, on: date)
            }
            return sawNone ? statuses : statuses | within[.status]
        }
    }

    private mutating func note(_ statuses: UInt64, for wide: CaseMask) {
        let words = policy.words
        for recipient in words.kinds.indices where wide[.recipient] >> UInt64(recipient) & 1 != 0 {
            for type in words.types.indices where wide[.type] >> UInt64(type) & 1 != 0 {
                for status in 0..<Self.statusCount where statuses >> UInt64(status) & 1 != 0 {
                    senders[place(recipient, type, status)] |= wide[.sender]
                }
            }
        }
    }

    private func place(_ recipient: Int, _ type: Int, _ status: Int) -> Int {
        (recipient * policy.words.types.count + type) * Self.statusCount + status
    }

    // MARK: Questions

    /// Why an institution may not subscribe; `nil` when it may.
    ///
    /// Every type that the subscription lists, or any type when it lists none, must be one that
    /// some sender could send to the institution in some case.
    public func refusal(of subscription: Subscription, for institution: Institution) -> Refusal? {
        let words = policy.words
        guard let recipient = words.kind(institution.kind) else {
            return Refusal(.subscriptionNotGranted)
        }
        var wanted = UInt64.max
        if !subscription.senderKinds.isEmpty {
            wanted = subscription.senderKinds.compactMap(words.kind).reduce(0) {
                $0 | 1 << UInt64($1)
            }
        }
        let statuses =
            subscription.statuses.isEmpty ? MessageStatus.allCases : subscription.statuses
        func isReceived(_ type: Int) -> Bool {
            statuses.contains { senders[place(recipient, type, $0.place)] & wanted != 0 }
        }
        guard !subscription.types.isEmpty else {
            return words.types.indices.contains(where: isReceived)
                ? nil : Refusal(.subscriptionNotGranted)
        }
        for (index, type) in subscription.types.enumerated() {
            guard let known = words.type(type), isReceived(known) else {
                return refusal(type, at: index, recipient: recipient)
            }
        }
        return nil
    }

    private func refusal(_ type: String, at index: Int, recipient: Int) -> Refusal {
        let kind = policy.kindName(recipient)
        return Refusal(
            .subscriptionNotGranted,
            field: "types[\(index)]",
            help: Bilingual(
                polish: "Żadne zezwolenie nie pozwala przekazać „\(type)” do: \(kind.polish).",
                english: "No grant lets anybody send \(type) to: \(kind.english)."
            )
        )
    }
}

extension PolicyDomain {
    /// Who and what of a case, each widened to its whole class.
    fileprivate func widened(_ outer: CaseMask) -> CaseMask {
        var wide = CaseMask.nothing
        for dimension in Self.outer {
            let bit = outer[dimension]
            wide[dimension] = self[dimension].first { $0.members & bit != 0 }?.members ?? bit
        }
        return wide
    }
}

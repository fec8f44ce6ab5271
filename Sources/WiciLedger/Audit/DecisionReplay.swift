// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whether the rules gave what was recorded: who was eligible is a pure function of header, registry and
// policy, so an auditor who has them computes it anew. Whoever holds the ledger's key can sign any
// record; one whose recipients no rule allows is found here.

import Foundation
import SwiftProtobuf
package import WiciCore

/// Decides the acceptances of a ledger once more, under the releases that it recorded.
struct DecisionReplay: Sendable {
    /// What asking anew came to.
    enum Outcome: Hashable, Sendable {
        /// The same nodes by the same rules.
        case same
        /// Others.
        case different
        /// It cannot be asked: there is no text of the releases that were in force.
        case unasked
    }

    private struct Question: Hashable {
        let labels: HeaderLabelBytes
        let eligible: LedgerIndex
        let quarter: Int64
    }

    private var registry: (index: LedgerIndex, release: Registry)?
    private var policy: (index: LedgerIndex, release: Policy)?
    /// Messages with the same labels have the same answer within a quarter of an hour, in which no day
    /// of any calendar begins.
    private var known: [Question: Outcome] = [:]

    private static let mostKnown = 4_096
    private static let quarterMilliseconds: Int64 = 900_000

    /// Brings a release into force, by its recorded note; nil where the note is not at hand.
    mutating func adopt(_ kind: ReleaseKind, note: Data?, at index: LedgerIndex) {
        known.removeAll(keepingCapacity: true)
        switch kind {
        case .registry:
            registry = note.flatMap { try? Registry.recorded(note: $0) }.map { (index, $0) }
        case .policy:
            policy = note.flatMap { try? Policy.recorded(note: $0) }.map { (index, $0) }
        }
    }

    /// Asks who was eligible for a message that was accepted at a moment.
    mutating func ask(
        header: UnsafeRawBufferPointer,
        eligible: (index: LedgerIndex, set: RecipientSet),
        registry registryPlace: LedgerIndex,
        policy policyPlace: LedgerIndex,
        at moment: Moment
    ) -> Outcome {
        guard let registry, let policy, registry.index == registryPlace,
            policy.index == policyPlace
        else { return .unasked }
        let question = (try? HeaderOutline(header)).map {
            Question(
                labels: $0.labels,
                eligible: eligible.index,
                quarter: moment.milliseconds / Self.quarterMilliseconds
            )
        }
        if let question, let answer = known[question] { return answer }
        guard let header = try? WireHeader(serializedBytes: Data(header)) else {
            return .different
        }
        // It was decided before it was recorded, at times on the day before.
        let moments = [moment, moment.adding(milliseconds: -Self.quarterMilliseconds)]
        let isSame = moments.contains {
            Self.recipients(of: header, registry.release, policy.release, at: $0)
                == eligible.set.wire.recipients
        }
        if let question {
            if known.count >= Self.mostKnown { known.removeAll(keepingCapacity: true) }
            known[question] = isSame ? .same : .different
        }
        return isSame ? .same : .different
    }

    private static func recipients(
        of header: WireHeader,
        _ registry: Registry,
        _ policy: Policy,
        at moment: Moment
    ) -> [WireRecipient]? {
        Eligibility.of(header: header, registry: registry, policy: policy, at: moment).set
            .map(WireRecipientSet.init)?.recipients
    }
}

extension WireRecipientSet {
    /// The set as it is recorded.
    package init(_ set: EligibleSet) {
        self.init()
        recipients = set.nodes.map { node in
            var recipient = WireRecipient()
            recipient.node = node.node.text
            recipient.rules = node.ruleIDs
            recipient.named = node.isNamed
            return recipient
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One message's chain of custody: who sent it, to whom it was opened and by which rule, who has it,
// from whom it was withheld, who acknowledged, corrected or answered it.

import Foundation
import SwiftProtobuf
public import WiciCore

/// Gathers what a ledger says about one message, from entries in order from the first.
public struct AuditTrail: Sendable {
    /// What happened.
    public enum Event: Hashable, Sendable {
        /// The message was accepted and disclosed to its audience.
        case accepted(Acceptance)
        /// A request with this message's id was refused.
        case refused(node: String, code: UInt32, field: String, rule: String)
        /// A recipient has the message on its disk.
        case delivered(NodeID, number: MailboxNumber)
        /// From now on a tombstone stands in the message's place.
        case withheld(
            NodeID,
            number: MailboxNumber,
            reason: String,
            code: UInt32,
            rule: String,
            Before
        )
        /// A later message refers to it: an acknowledgement, a correction, an answer.
        case referred(type: String, sender: String, MessageID)
    }

    /// What is known of a message before it was withheld.
    ///
    /// A recipient that is connected is handed its mail at once, and the ledger learns of it only when
    /// it acknowledges: of one that did not, nobody can say afterwards that it read nothing.
    public enum Before: Hashable, Sendable {
        /// The node had it on its disk.
        case delivered
        /// The node was a recipient from then on, and may have been handed it.
        case recipient(since: Moment)
    }

    /// How the message was accepted.
    public struct Acceptance: Hashable, Sendable {
        /// The sending node's id.
        public let sender: String
        /// Message type.
        public let type: String
        /// The nodes that selector and policy gave, with rules.
        public let eligible: RecipientSet
        /// Those who receive it, with rules.
        public let audience: RecipientSet
        /// The message's number in each recipient's mailbox.
        public let numbers: [NodeID: MailboxNumber]
        /// Place of the registry release in force.
        public let registry: LedgerIndex
        /// Place of the policy release in force.
        public let policy: LedgerIndex
        /// Topics published on the open feed.
        public let feedTopics: [String]
    }

    /// One event, with its place and the hub's clock.
    public struct Step: Hashable, Sendable {
        /// Place in the ledger.
        public let index: LedgerIndex
        /// By the hub's clock.
        public let at: Moment
        /// What happened.
        public let event: Event
    }

    /// The message.
    public let messageID: MessageID
    /// What happened to it, in order.
    public private(set) var steps: [Step] = []

    private var fold = LedgerFold()
    private var place: LedgerIndex?
    private var acceptedAt = Moment(milliseconds: 0)
    private var undelivered: [NodeID: MailboxNumber] = [:]

    /// Begins the trail of a message.
    public init(of messageID: MessageID) {
        self.messageID = messageID
    }

    /// Where the message was accepted; nil when it was not found.
    public var acceptance: Acceptance? {
        for case .accepted(let acceptance) in steps.map(\.event) { return acceptance }
        return nil
    }

    /// Recipients that have neither confirmed it nor had it withheld.
    public var outstanding: [NodeID] { undelivered.keys.sorted() }

    /// Takes the next entry; refuses a record that cannot be read or contradicts those before it.
    public mutating func add(_ entry: LedgerEntryRow) throws(LedgerError) {
        guard let bytes = entry.record else { return fold.skip() }
        guard let record = try? WireRecord(serializedBytes: bytes) else {
            throw fault(RecordFault(.ledgerRecordUnreadable, "record"), at: entry.index)
        }
        do throws(RecordFault) {
            try fold.apply(ViewChange(record))
        } catch {
            throw fault(error, at: entry.index)
        }
        for event in events(in: record, at: entry.index) {
            let at = Moment(milliseconds: record.recordedAt)
            steps.append(Step(index: entry.index, at: at, event: event))
        }
    }

    private func fault(_ fault: RecordFault, at index: LedgerIndex) -> LedgerError {
        LedgerError(
            fault.code,
            at: LedgerError.Place(file: "ledger", table: "opening", index: index.value),
            detail: fault.field
        )
    }

    private mutating func events(in record: WireRecord, at index: LedgerIndex) -> [Event] {
        switch record.event {
        case .accepted(let accepted):
            let event = event(accepted, at: index)
            if place == index { acceptedAt = Moment(milliseconds: record.recordedAt) }
            return event.map { [$0] } ?? []
        case .refused(let refused) where refused.messageID == messageID.data:
            return [
                .refused(
                    node: refused.node,
                    code: refused.code,
                    field: refused.field,
                    rule: refused.rule
                )
            ]
        case .delivered(let delivered):
            guard let node = NodeID(delivered.node), let number = undelivered[node],
                number.value <= delivered.through
            else { return [] }
            undelivered[node] = nil
            return [.delivered(node, number: number)]
        case .withheld(let withheld) where place?.value == withheld.message:
            guard let node = NodeID(withheld.node) else { return [] }
            let isOutstanding = undelivered.removeValue(forKey: node) != nil
            return [
                .withheld(
                    node,
                    number: MailboxNumber(withheld.number),
                    reason: withheld.reason,
                    code: withheld.code,
                    rule: withheld.rule,
                    isOutstanding ? .recipient(since: acceptedAt) : .delivered
                )
            ]
        default:
            return []
        }
    }

    private mutating func event(_ accepted: WireAcceptedMessage, at index: LedgerIndex) -> Event? {
        guard let header = try? WireHeader(serializedBytes: accepted.header),
            let id = MessageID(bytes: header.messageID)
        else { return nil }
        if id == messageID {
            let sets = fold.recipientSets
            guard let eligible = sets[LedgerIndex(accepted.eligible)],
                let audience = sets[LedgerIndex(accepted.audience)]
            else { return nil }
            place = index
            for node in audience.nodes { undelivered[node] = fold.mailboxes.head(of: node) }
            return .accepted(
                Acceptance(
                    sender: header.sender,
                    type: header.type,
                    eligible: eligible,
                    audience: audience,
                    numbers: undelivered,
                    registry: LedgerIndex(accepted.registry),
                    policy: LedgerIndex(accepted.policy),
                    feedTopics: accepted.feedTopics
                )
            )
        }
        guard header.references.contains(messageID.data) else { return nil }
        return .referred(type: header.type, sender: header.sender, id)
    }
}

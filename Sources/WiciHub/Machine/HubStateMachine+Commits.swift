// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the ledger put on disk becomes what people are told: receipts to senders, deliveries to
// audiences, bulletins on the feed. Nothing leaves the hub before it passes here.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

extension HubStateMachine {
    /// Takes the outcomes of one append effect.
    mutating func settle(_ commit: Commit, now: Moment) {
        guard let pending = pendingCommits.removeValue(forKey: commit.id) else { return }
        pendingEntryCount -= pending.count
        ledgerSize = commit.ledgerSize
        for (entry, outcome) in zip(pending, commit.outcomes) {
            // A repeated receipt bears the record's time, so the first must too.
            settle(entry, outcome, now: commit.at ?? now)
        }
    }

    private mutating func settle(_ entry: PendingEntry, _ outcome: AppendOutcome, now: Moment) {
        switch entry {
        case .message(let message, let connection):
            settle(message, outcome, on: connection, now: now)
        case .refusedMessage(let messageID, let digest, let refusal, let node, let connection):
            queueReceipt(
                SettledReceipt(
                    messageID: messageID,
                    envelopeDigest: digest,
                    outcome: .refused(refusal)
                ),
                to: node,
                on: connection
            )
        case .refusedPacket(let request, let refusal, let connection):
            var refused = WireRefused()
            refused.request = request
            refused.refusal = refusal
            send(.refused(refused), to: connection)
        case .nothing:
            break
        case .withheld(let node, let number, let tombstone, let isLast):
            tombstones[node, default: [:]][number] = tombstone
            counters.withheld += 1
            if isLast {
                sessions[node]?.isWaitingForLedger = false
                moveMail(of: node)
            }
        case .subscriptions(let node, let subscriptions, let request, let connection):
            admission.subscribe(node, to: subscriptions)
            var subscribed = WireSubscribed()
            subscribed.request = request
            subscribed.subscriptions = subscriptions
            send(.subscribed(subscribed), to: connection)
        case .auditRead(let request):
            effects.append(.readPage(request))
        case .release(let kind, let place):
            releaseRecorded(kind, place.at(outcome.index), now: now)
        }
    }

    private mutating func settle(
        _ message: AcceptedEntry,
        _ outcome: AppendOutcome,
        on connection: ConnectionID,
        now: Moment
    ) {
        switch outcome {
        case .appended(let index):
            counters.accepted += 1
            queueReceipt(
                receipt(
                    message,
                    index,
                    at: now,
                    audience: message.audience,
                    eligible: message.eligible,
                    repeated: false
                ),
                to: message.sender,
                on: connection
            )
            deliver(message, at: index)
        case .repeated(let index, let acceptedAt, let eligible, let audience):
            counters.repeated += 1
            queueReceipt(
                receipt(
                    message,
                    index,
                    at: acceptedAt,
                    audience: audience,
                    eligible: eligible,
                    repeated: true
                ),
                to: message.sender,
                on: connection
            )
        case .conflicting:
            let refusal = Refusal(.idReused, field: "message_id")
            refuse(
                refusal,
                request: "submit",
                node: message.sender,
                then: .refusedMessage(
                    messageID: message.messageID.data,
                    envelopeDigest: message.envelopeDigest.data,
                    WireRefusal(refusal),
                    from: message.sender,
                    on: connection
                ),
                messageID: message.messageID.data,
                envelopeDigest: message.envelopeDigest.data
            )
        }
    }

    private func receipt(
        _ message: AcceptedEntry,
        _ index: LedgerIndex,
        at moment: Moment,
        audience: RecipientSet,
        eligible: RecipientSet,
        repeated: Bool
    ) -> SettledReceipt {
        SettledReceipt(
            messageID: message.messageID.data,
            envelopeDigest: message.envelopeDigest.data,
            outcome: .accepted(
                index,
                at: moment,
                audience: audience,
                eligible: eligible,
                repeated: repeated
            )
        )
    }

    /// Gives the message its number in every mailbox of its audience and hands it to those who are
    /// connected, in step and in credit; the others get it from the ledger when they are.
    private mutating func deliver(_ message: AcceptedEntry, at index: LedgerIndex) {
        mailboxes.accept(index: index, audience: message.audience)
        // Made for the first who is there to have it.
        lazy var deliverable = DeliverableMessage(
            index: index,
            header: message.header,
            body: message.body,
            carriage: message.carriage
        )
        let isCurrent = admission.isInForce(registry: message.registry, policy: message.policy)
        for node in message.audience.nodes {
            guard isCurrent, let place = sessions.index(forKey: node) else { continue }
            let number = mailboxes.head(of: node)
            guard sessions.values[place].takes(number),
                let envelope = deliverable.envelope(for: node)
            else {
                moveMail(of: node)
                continue
            }
            sessions.values[place].outgoing.delivery(
                number: number,
                index: index,
                envelope: envelope
            )
            sessions.values[place].handedOver(number, bytes: envelope.count)
            counters.deliveries += 1
            touched.insert(node)
            if sessions.values[place].outgoing.bytes.count >= Limits.deliveriesBytes {
                flushSession(node)
            }
        }
        if !message.feedTopics.isEmpty { publish(message, deliverable) }
    }

    private mutating func publish(_ message: AcceptedEntry, _ deliverable: DeliverableMessage) {
        guard let envelope = deliverable.envelope(for: message.sender) else { return }
        var bulletin = WireBulletin()
        bulletin.index = deliverable.index.value
        bulletin.envelope = envelope
        guard let bytes = try? bulletin.serializedData() else { return }
        for topic in message.feedTopics {
            counters.bulletins += 1
            effects.append(.publish(topic: topic, bytes))
        }
    }

    /// The ledger takes nothing more: whoever waits is told, and nothing is acknowledged.
    mutating func ledgerFailed(_ code: RefusalCode) {
        ledgerFailure = code
        let waiting = pendingCommits.sorted { $0.key.value < $1.key.value }.flatMap(\.value)
        pendingCommits.removeAll()
        pendingEntryCount = 0
        let refusal = Refusal(code)
        for entry in waiting {
            switch entry {
            case .message(let message, let connection):
                queueReceipt(
                    SettledReceipt(
                        messageID: message.messageID.data,
                        envelopeDigest: message.envelopeDigest.data,
                        outcome: .refused(WireRefusal(refusal))
                    ),
                    to: message.sender,
                    on: connection
                )
            case .refusedPacket(let request, _, let connection),
                .subscriptions(_, _, let request, let connection):
                sendRefused(refusal, request: request, to: connection)
            case .auditRead(let page):
                sendRefused(refusal, request: page.request, to: page.connection)
            case .refusedMessage, .nothing, .withheld, .release:
                break
            }
        }
        for (connection, _, _) in heldPackets {
            sendRefused(refusal, request: 0, to: connection)
        }
        heldPackets.removeAll()
    }

    // MARK: Receipts

    private mutating func queueReceipt(
        _ receipt: SettledReceipt,
        to node: NodeID,
        on connection: ConnectionID
    ) {
        guard sessions[node]?.connection == connection else { return }
        sessions[node]?.receipts.append(receipt)
        touched.insert(node)
    }

    /// Packs a session's receipts: each recipient set once, one signature for all.
    func packedReceipts(_ receipts: [SettledReceipt]) -> WireReceipts {
        var packed = WireReceipts()
        var places: [RecipientSet: UInt32] = [:]
        func place(of set: RecipientSet) -> UInt32 {
            if let place = places[set] { return place }
            let place = UInt32(packed.sets.count)
            packed.sets.append(set.wire)
            places[set] = place
            return place
        }
        packed.receipts = receipts.map { receipt in
            var wire = WireReceipt()
            wire.messageID = receipt.messageID
            wire.envelopeDigest = receipt.envelopeDigest
            switch receipt.outcome {
            case .accepted(let index, let moment, let audience, let eligible, let repeated):
                var accepted = WireReceipt.Accepted()
                accepted.index = index.value
                accepted.acceptedAt = moment.milliseconds
                accepted.audience = place(of: audience)
                accepted.eligible = place(of: eligible)
                accepted.repeated = repeated
                wire.accepted = accepted
            case .refused(let refusal):
                wire.refusal = refusal
            }
            return wire
        }
        return packed
    }
}

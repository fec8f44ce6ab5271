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
        pendingBytes -= pending.reduce(0) { $0 + $1.byteCount }
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
        case .refusedMessage(let refused, let node, let connection):
            settle(refused, outcome, from: node, on: connection)
        case .refusedPacket(let request, let refusal, let connection):
            var refused = WireRefused()
            refused.request = request
            refused.refusal = refusal
            send(.refused(refused), to: connection)
        case .nothing:
            break
        case .delivered(let node, let through):
            delivered[node] = max(delivered[node] ?? .none, through)
        case .withheld(let node, let number, let tombstone, let next):
            withholding[node]?.remove(number)
            tombstones[node, default: [:]][number] = tombstone
            counters.withheld += 1
            if let next { goOn(next, for: node, now: now) }
        case .subscriptions(let node, let subscriptions, let request, let connection):
            admission.subscribe(node, to: subscriptions)
            var subscribed = WireSubscribed()
            subscribed.request = request
            subscribed.subscriptions = subscriptions
            send(.subscribed(subscribed), to: connection)
        case .auditRead(let request):
            effects.append(.readPage(request))
        case .release(let kind, let place):
            guard let index = outcome.index else { break }
            releaseRecorded(kind, place.at(index), now: now)
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
                SettledReceipt(
                    messageID: message.messageID.data,
                    envelopeDigest: message.envelopeDigest.data,
                    outcome: .accepted(
                        index,
                        at: now,
                        audience: message.audience,
                        eligible: message.eligible,
                        repeated: false
                    )
                ),
                to: message.sender,
                on: connection
            )
            deliver(message, at: index, now: now)
        case .repeated:
            repeatReceipt(
                outcome,
                of: message.messageID,
                message.envelopeDigest,
                to: message.sender,
                on: connection
            )
        case .refusedBefore(_, let refusal):
            answer(
                RefusedEnvelope(
                    refusal: refusal,
                    messageID: message.messageID,
                    envelopeDigest: message.envelopeDigest
                ),
                from: message.sender,
                on: connection
            )
        case .unrecorded:
            break
        case .conflicting:
            refuse(
                RefusedEnvelope(
                    refusal: Refusal(.idReused, field: "message_id"),
                    messageID: message.messageID,
                    envelopeDigest: message.envelopeDigest
                ),
                from: message.sender,
                on: connection
            )
        }
    }

    private mutating func settle(
        _ refused: RefusedEnvelope,
        _ outcome: AppendOutcome,
        from node: NodeID,
        on connection: ConnectionID
    ) {
        if let id = refused.messageID, let digest = refused.envelopeDigest,
            repeatReceipt(outcome, of: id, digest, to: node, on: connection)
        {
            return
        }
        answer(refused, from: node, on: connection)
    }

    /// Gives a message that was accepted before its first receipt again; false when it was not.
    @discardableResult
    private mutating func repeatReceipt(
        _ outcome: AppendOutcome,
        of messageID: MessageID,
        _ envelopeDigest: Digest,
        to sender: NodeID,
        on connection: ConnectionID
    ) -> Bool {
        guard case .repeated(let index, let acceptedAt, let eligible, let audience) = outcome
        else { return false }
        counters.repeated += 1
        queueReceipt(
            SettledReceipt(
                messageID: messageID.data,
                envelopeDigest: envelopeDigest.data,
                outcome: .accepted(
                    index,
                    at: acceptedAt,
                    audience: audience,
                    eligible: eligible,
                    repeated: true
                )
            ),
            to: sender,
            on: connection
        )
        return true
    }

    /// Gives the message its number in every mailbox of its audience and hands it to those who are
    /// connected, in step and in credit; the others get it from the ledger when they are.
    private mutating func deliver(_ message: AcceptedEntry, at index: LedgerIndex, now: Moment) {
        mailboxes.accept(index: index, audience: message.audience)
        // Made for the first who is there to have it.
        lazy var deliverable = DeliverableEnvelope(
            header: message.header,
            body: message.body,
            carriage: message.carriage
        )
        // With a release on its way nothing is handed over live: its entries may be in this very
        // transaction, and what leaves after them must be asked again.
        let isCurrent =
            pendingRelease == nil
            && admission.isInForce(registry: message.registry, policy: message.policy)
        for node in message.audience.nodes {
            guard isCurrent, let place = sessions.index(forKey: node) else { continue }
            let number = mailboxes.head(of: node)
            guard sessions.values[place].takes(number),
                let envelope = deliverable.bytes(for: node)
            else {
                moveMail(of: node, now: now)
                continue
            }
            sessions.values[place].outgoing.add(
                number: number,
                index: index,
                envelope: envelope
            )
            sessions.values[place].handedOver(number, bytes: envelope.count)
            counters.deliveries += 1
            touch(place)
            if sessions.values[place].outgoing.fieldsByteCount >= Limits.deliveriesBytes {
                flushSession(node)
            }
        }
        if !message.feedTopics.isEmpty { publish(message, deliverable, at: index) }
    }

    private mutating func publish(
        _ message: AcceptedEntry,
        _ deliverable: DeliverableEnvelope,
        at index: LedgerIndex
    ) {
        guard let envelope = deliverable.bytes(for: message.sender) else { return }
        var bulletin = WireBulletin()
        bulletin.index = index.value
        bulletin.envelope = envelope
        guard let bytes = try? bulletin.serializedData() else { return }
        for topic in message.feedTopics {
            counters.bulletins += 1
            effects.append(.publish(topic: topic, bytes))
        }
    }

    // MARK: Receipts

    mutating func queueReceipt(
        _ receipt: SettledReceipt,
        to node: NodeID,
        on connection: ConnectionID
    ) {
        guard sessions[node]?.connection == connection else { return }
        sessions[node]?.receipts.append(receipt)
        touch(node)
    }

    /// Receipts of a session, encoded: each recipient set once, as the ledger has it, and one signature
    /// for all to come.
    func encoded(_ receipts: [SettledReceipt]) -> Data? {
        var sets: [RecipientSet] = []
        var places: [RecipientSet: UInt32] = [:]
        func place(of set: RecipientSet) -> UInt32 {
            if let place = places[set] { return place }
            let place = UInt32(sets.count)
            sets.append(set)
            places[set] = place
            return place
        }
        var packed = WireReceipts()
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
        guard let rest: Data = try? packed.serializedData() else { return nil }
        // The sets are the first field; a set of hundreds is not encoded for every receipt.
        let setsByteCount = sets.reduce(0) { $0 + FieldWriter.dataByteCount($1.bytes.count) }
        return FieldWriter.data(byteCount: setsByteCount + rest.count) { memory in
            var writer = FieldWriter(memory)
            for set in sets { writer.data(1, set.bytes) }
            rest.withUnsafeBytes { writer.encoded($0) }
        }
    }
}

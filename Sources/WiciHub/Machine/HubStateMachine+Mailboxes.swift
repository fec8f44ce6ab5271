// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Mailboxes: every node's mail in order of number, live or from the ledger, as fast as its credit
// allows and never faster. A node that is slow or away waits for nobody and nobody waits for it.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

extension HubStateMachine {
    /// Reads the next mail of a node that is behind and has credit.
    ///
    /// While the release in force is past its last day mail waits: it is nobody's fault, and must
    /// not become tombstones.
    mutating func moveMail(of node: NodeID, now: Moment) {
        guard let place = sessions.index(forKey: node), ledgerFailure == nil,
            admission.expiry(now: now) == nil
        else { return }
        let sent = sessions.values[place].sent
        let windowEnd = sessions.values[place].windowEnd
        guard sessions.values[place].hasRoom, sent < mailboxes.head(of: node) else { return }
        sessions.values[place].isWaitingForLedger = true
        let limit = Int(min(UInt64(Limits.mailReadCount), windowEnd.value - sent.value))
        readMail(
            of: node,
            on: sessions.values[place].connection,
            after: sent,
            limit: limit,
            fetch: 0
        )
    }

    /// Asks for messages of a mailbox by number.
    mutating func readMail(
        of node: NodeID,
        on connection: ConnectionID,
        after: MailboxNumber,
        limit: Int,
        fetch: UInt64
    ) {
        let entries = mailboxes.entries(of: node, after: after, limit: limit)
        let request = MailRequest(
            node: node,
            connection: connection,
            numbers: entries.map(\.0),
            fetch: fetch
        )
        effects.append(.readMessages(request, entries.map(\.1)))
    }

    /// Takes messages read for a node's mail.
    mutating func deliver(_ messages: [StoredMessage], for request: MailRequest, now: Moment) {
        if request.fetch != 0 {
            return answerFetch(messages, for: request, now: now)
        }
        guard let place = sessions.index(forKey: request.node),
            sessions.values[place].connection == request.connection
        else { return }
        sessions.values[place].isWaitingForLedger = false
        touch(place)
        for (offset, (number, message)) in zip(request.numbers, messages).enumerated() {
            guard sessions.values[place].takes(number) else { continue }
            switch content(of: message, number, for: request.node, now: now) {
            case .envelope(let envelope):
                sessions.values[place].outgoing.add(
                    number: number,
                    index: message.index,
                    envelope: envelope
                )
                sessions.values[place].handedOver(number, bytes: envelope.count)
                counters.deliveries += 1
            case .tombstone(let tombstone):
                sessions.values[place].outgoing.add(
                    number: number,
                    index: message.index,
                    tombstone: tombstone
                )
                sessions.values[place].handedOver(number, bytes: 0)
            case .refused:
                return withhold(
                    Array(zip(request.numbers, messages).dropFirst(offset)),
                    from: request.node,
                    now: now
                )
            }
            if sessions.values[place].outgoing.fieldsByteCount >= Limits.deliveriesBytes {
                flushSession(request.node)
            }
        }
        moveMail(of: request.node, now: now)
    }

    /// Answers with what the numbers hold now.
    ///
    /// What is refused by now is shown only once that is on record: then the same numbers are read
    /// again.
    private mutating func answerFetch(
        _ messages: [StoredMessage],
        for request: MailRequest,
        now: Moment
    ) {
        guard sessions[request.node]?.connection == request.connection else { return }
        var batch = DeliveryBatch(request: request.fetch)
        var refused: [RefusedMail] = []
        for (number, message) in zip(request.numbers, messages) {
            guard batch.fieldsByteCount < Limits.deliveriesBytes else { break }
            switch content(of: message, number, for: request.node, now: now) {
            case .envelope(let envelope):
                batch.add(number: number, index: message.index, envelope: envelope)
            case .tombstone(let tombstone):
                batch.add(number: number, index: message.index, tombstone: tombstone)
            case .refused(let refusal):
                refused.append(RefusedMail(number: number, message: message, refusal: refusal))
            }
        }
        guard refused.isEmpty else {
            // A number that the node has on its disk was not withheld from it the first time; the
            // order of the records says so.
            recordDelivered()
            return record(
                refused,
                from: request.node,
                then: .fetch(request, messages.map(\.index)),
                now: now
            )
        }
        allowances[request.node]?.answerBytes
            .settle(estimate: Limits.deliveriesBytes, actual: batch.fieldsByteCount)
        effects.append(.deliver(request.connection, batch))
    }

    // MARK: The check at delivery

    private enum MailContent {
        case envelope(Data)
        case tombstone(WireTombstone)
        case refused(Refusal)
    }

    /// Mail that the check refuses now and that has no tombstone yet.
    private struct RefusedMail {
        let number: MailboxNumber
        let message: StoredMessage
        let refusal: Refusal
    }

    /// What a number of the mailbox holds for this node now: membership and policy are asked again.
    private mutating func content(
        of message: StoredMessage,
        _ number: MailboxNumber,
        for node: NodeID,
        now: Moment
    ) -> MailContent {
        if let tombstone = tombstones[node]?[number] {
            return .tombstone(tombstone)
        }
        guard let deliverable = message.deliverable else {
            return .tombstone(Self.tombstone(message, reason: "erased"))
        }
        if let refusal = admission.refusal(ofDelivering: message, to: node, now: now) {
            return .refused(refusal)
        }
        guard let envelope = deliverable.bytes(for: node) else {
            return .refused(Refusal(.wrapMissing))
        }
        return .envelope(envelope)
    }

    /// Withholds the refused messages at the front; mail goes on once that is on disk.
    private mutating func withhold(
        _ waiting: [(MailboxNumber, StoredMessage)],
        from node: NodeID,
        now: Moment
    ) {
        sessions[node]?.isWaitingForLedger = true
        var refused: [RefusedMail] = []
        for (number, message) in waiting {
            guard case .refused(let refusal) = content(of: message, number, for: node, now: now)
            else { break }
            refused.append(RefusedMail(number: number, message: message, refusal: refusal))
        }
        record(refused, from: node, then: .mail, now: now)
    }

    /// Records a tombstone for each message, one a number however often it is asked for.
    private mutating func record(
        _ refused: [RefusedMail],
        from node: NodeID,
        then next: AfterWithholding,
        now: Moment
    ) {
        let fresh = refused.filter { withholding[node]?.contains($0.number) != true }
        guard let last = fresh.last?.number else {
            // All are on their way to the disk, ahead of what is read next.
            return goOn(next, for: node, now: now)
        }
        for mail in fresh {
            withholding[node, default: []].insert(mail.number)
            var record = WireWithheldMessage()
            record.node = node.text
            record.number = mail.number.value
            record.message = mail.message.index.value
            record.reason = "withheld"
            record.code = mail.refusal.code.number
            record.rule = mail.refusal.rule
            append(
                .event(.withheld(record)),
                then: .withheld(
                    node,
                    mail.number,
                    Self.tombstone(mail.message, reason: "withheld"),
                    then: mail.number == last ? next : nil
                )
            )
        }
    }

    /// Does what waited for tombstones of a node to be on disk.
    mutating func goOn(_ next: AfterWithholding, for node: NodeID, now: Moment) {
        switch next {
        case .mail:
            sessions[node]?.isWaitingForLedger = false
            moveMail(of: node, now: now)
        case .fetch(let request, let places):
            effects.append(.readMessages(request, places))
        }
    }

    private static func tombstone(_ message: StoredMessage, reason: String) -> WireTombstone {
        var tombstone = WireTombstone()
        tombstone.messageID =
            (try? WireHeader(serializedBytes: message.header))?.messageID ?? Data()
        tombstone.reason = reason
        return tombstone
    }

    // MARK: Sending and recording

    /// Notes that a session has something to flush at the end of the event.
    ///
    /// The order in which sessions are flushed is that of the events, never that of a hash table:
    /// a run that is played again must give the same bytes.
    mutating func touch(_ node: NodeID) {
        if let place = sessions.index(forKey: node) { touch(place) }
    }

    /// The same for a session that was looked up already.
    mutating func touch(_ place: [NodeID: Session].Index) {
        guard !sessions.values[place].isTouched else { return }
        sessions.values[place].isTouched = true
        touched.append(sessions.values[place].node)
    }

    /// Turns a session's gathered receipts and deliveries into packets.
    mutating func flushSession(_ node: NodeID) {
        guard let place = sessions.index(forKey: node) else { return }
        let connection = sessions.values[place].connection
        sessions.values[place].isTouched = false
        if !sessions.values[place].receipts.isEmpty {
            let bytes = encoded(sessions.values[place].receipts)
            sessions.values[place].receipts.removeAll(keepingCapacity: true)
            if let bytes { effects.append(.sendReceipts(connection, bytes)) }
        }
        if !sessions.values[place].outgoing.isEmpty {
            effects.append(.deliver(connection, sessions.values[place].outgoing))
            sessions.values[place].outgoing = DeliveryBatch()
        }
    }

    /// Records how far each node has its mail on disk: one record a node and tick, however many
    /// acknowledgements came.
    mutating func recordDelivered() {
        guard ledgerFailure == nil, pendingRelease == nil else { return }
        let behind = sessions.values.filter { $0.acknowledged > $0.recorded }
        for session in behind.sorted(by: { $0.node < $1.node }) {
            sessions[session.node]?.recorded = session.acknowledged
            var record = WireDeliveredThrough()
            record.node = session.node.text
            record.through = session.acknowledged.value
            append(
                .event(.delivered(record)),
                then: .delivered(session.node, through: session.acknowledged)
            )
        }
    }
}

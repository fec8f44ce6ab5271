// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What leaves the hub: every frame is read, and nothing may be in it that is not on record, not
// granted to this node now, or not this node's business.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger

extension Checker {
    /// A frame leaves the hub for a node.
    func hubSends(_ node: Int, _ connection: UInt64, _ bytes: Data) {
        guard let content = (try? WirePacket(serializedBytes: bytes))?.content else {
            return fail(.contentWrong, "an unreadable packet")
        }
        switch content {
        case .deliveries(let packet):
            guard country.isMember(node, in: announced.registry) else {
                return fail(.revoked, "node \(node) is sent mail")
            }
            for delivery in packet.deliveries {
                check(delivery, node)
                if packet.request == 0 { checkOrder(delivery.number, connection) }
            }
        case .receipts(let signed): check(signed, node)
        case .welcome(let welcome): check(welcome, node, connection)
        case .update(let update):
            checkNotes(update.registry, update.policy)
            if !update.checkpoint.isEmpty { sees(checkpoint: update.checkpoint) }
        case .consistency(let proof): sees(checkpoint: proof.checkpoint)
        case .refused(let refused): check(refused, node)
        case .proof(let proof): check(proof, node)
        case .ledgerPage(let page): check(page, node)
        case .subscribed(let answer):
            // One transaction may record several changes; each is answered, in their order.
            let records = book.subscriptionRecords[node] ?? []
            let place = records.indices.dropFirst(subscriptionsAnswered[node, default: 0])
                .first { records[$0] == answer.subscriptions }
            guard let place else {
                return fail(.notRecorded, "subscriptions of node \(node)")
            }
            subscriptionsAnswered[node] = place + 1
        case .pong: break
        case .hello, .submit, .acknowledge, .subscribe, .fetch, .prove, .proveConsistency,
            .readLedger, .ping, .bye:
            fail(.contentWrong, "a node's packet from the hub")
        }
    }

    /// Something is published to everybody; no letter here is open to everybody.
    func hubPublishes(_ topic: String, _ payload: Data) {
        switch topic {
        case "checkpoint/": sees(checkpoint: payload)
        case "heartbeat/": break
        default: fail(.notGranted, "a bulletin on \(topic)")
        }
    }

    // MARK: Deliveries

    private func check(_ delivery: WireDelivery, _ node: Int) {
        let number = delivery.number
        guard number >= 1, number <= UInt64(book.mail[node].count),
            book.mail[node][Int(number) - 1] == delivery.index,
            let place = book.messageAt[delivery.index]
        else {
            return fail(
                .numberWrong,
                "number \(number) of node \(node) is not entry \(delivery.index)"
            )
        }
        let message = book.messages[place]
        guard delivery.index < handledSize else {
            return fail(.notRecorded, "entry \(delivery.index) left before it was reported")
        }
        switch delivery.content {
        case .envelope(let bytes):
            guard let envelope = parsed(bytes), envelope.digest == message.digest else {
                return fail(.contentWrong, "number \(number) of node \(node)")
            }
            guard envelope.wraps.allSatisfy({ $0 == country.members[node].node.text }),
                envelope.wraps.count <= 1
            else { return fail(.contentWrong, "another's wrap for node \(node)") }
            guard let letter = stage.letters.placeOfID[message.id], let inForce,
                oracle.grants(letter, to: node, under: inForce)
            else { return fail(.notGranted, "entry \(delivery.index) for node \(node)") }
            guard book.withheld[MailPlace(node: node, number: number)] == nil else {
                return fail(.tombstoneWrong, "number \(number) of node \(node) came back")
            }
        case .tombstone:
            let mail = MailPlace(node: node, number: number)
            guard book.withheld[mail] == delivery.index else {
                return fail(.tombstoneWrong, "number \(number) of node \(node)")
            }
        case nil: fail(.contentWrong, "an empty delivery")
        }
    }

    private func checkOrder(_ number: UInt64, _ connection: UInt64) {
        if expected[connection] == number
            || helloStarts[connection]?.contains(number) == true
        {
            expected[connection] = number + 1
        } else {
            fail(.numberWrong, "\(number) on connection \(connection) is out of order")
        }
    }

    // MARK: Answers

    private func check(_ signed: WireSignedReceipts, _ node: Int) {
        guard country.isMember(node, in: announced.registry) else {
            return fail(.revoked, "node \(node) is sent receipts")
        }
        guard let receipts = try? WireReceipts(serializedBytes: signed.receipts) else {
            return fail(.receiptWrong, "unreadable receipts")
        }
        for receipt in receipts.receipts {
            let id = MessageID(bytes: receipt.messageID)
            let known = id.flatMap { book.placeOfMessage[$0] }.map { book.messages[$0] }
            switch receipt.outcome {
            case .accepted(let accepted):
                guard let known, known.index.value == accepted.index, known.sender == node,
                    known.digest.data == receipt.envelopeDigest,
                    accepted.index < handledSize,
                    receipts.sets[Int(accepted.audience)] == known.audience,
                    receipts.sets[Int(accepted.eligible)] == known.eligible
                else { return fail(.receiptWrong, "an acceptance at \(accepted.index)") }
            case .refusal(let refusal):
                if let known, known.digest.data == receipt.envelopeDigest, !refusal.retryable {
                    return fail(
                        .receiptContradicts,
                        "entry \(known.index) is accepted and refused: \(refusal.name)"
                    )
                }
                let record = BookRefusal(
                    message: receipt.messageID,
                    digest: receipt.envelopeDigest,
                    code: refusal.code
                )
                guard
                    ledgerHasFailed || book.refusals.contains(record)
                        || receipt.messageID.isEmpty
                else { return fail(.notRecorded, "a refusal: \(refusal.name)") }
            case nil: return fail(.receiptWrong, "a receipt without outcome")
            }
        }
    }

    private func check(_ welcome: WireWelcome, _ node: Int, _ connection: UInt64) {
        guard welcome.mailboxHead == book.head(of: node, size: handledSize) else {
            return fail(.numberWrong, "the head of node \(node): \(welcome.mailboxHead)")
        }
        if !welcome.checkpoint.isEmpty { sees(checkpoint: welcome.checkpoint) }
        checkNotes(welcome.registry, welcome.policy)
        expected[connection] = nil
    }

    private func checkNotes(_ registry: Data, _ policy: Data) {
        guard let inForce else { return fail(.notRecorded, "a note before it is in force") }
        guard registry.isEmpty || registry == country.registries[inForce.registry].note,
            policy.isEmpty || policy == country.policies[inForce.policy].note
        else { return fail(.decisionDiffers, "a note that is not in force") }
    }

    private func check(_ refused: WireRefused, _ node: Int) {
        let code = refused.refusal.code
        if code == RefusalCode.rateLimited.number, !ledgerHasFailed {
            // No node here asks for more than it may but one that connects again and again.
            guard hellos[node, default: 0] > Self.hellosAtOnce else {
                return fail(.notRecorded, "node \(node) has not asked for too much")
            }
            countedRefusals[node, default: 0] += 1
            return
        }
        guard
            ledgerHasFailed || code == RefusalCode.busy.number
                || book.refusedPackets.contains([node, Int(code)])
        else { return fail(.notRecorded, "a refused packet: \(refused.refusal.name)") }
    }

    /// Hellos that a member may send at once (Schemas/PROTOCOL.md, 8).
    private static let hellosAtOnce = 60

    private func check(_ proof: WireProof, _ node: Int) {
        guard let place = book.messageAt[proof.entry.index] else {
            return fail(.openingWrong, "a proof of no message")
        }
        let message = book.messages[place]
        guard message.sender == node || mayHave(message, node),
            proof.entry.leaf == book.leaves[Int(proof.entry.index)]
        else { return fail(.openingWrong, "the proof of \(proof.entry.index) for node \(node)") }
        sees(checkpoint: proof.checkpoint)
    }

    /// Whether a message stands in a node's mailbox, is not withheld from it and granted to it now.
    private func mayHave(_ message: BookMessage, _ node: Int) -> Bool {
        guard let place = book.mail[node].firstIndex(of: message.index.value),
            book.withheld[MailPlace(node: node, number: UInt64(place) + 1)] == nil,
            let letter = stage.letters.placeOfID[message.id], let inForce
        else { return false }
        return oracle.grants(letter, to: node, under: inForce)
    }

    private func check(_ page: WireLedgerPage, _ node: Int) {
        guard node == country.auditor else {
            return fail(.openingWrong, "node \(node) reads the ledger")
        }
        sees(checkpoint: page.checkpoint)
        guard let first = page.entries.first, let last = page.entries.last else { return }
        guard
            book.audits.contains(where: {
                $0.node == node && $0.from <= first.index && $0.through >= last.index
            })
        else { return fail(.notRecorded, "entries \(first.index) to \(last.index) were read") }
        for entry in page.entries where entry.leaf != book.leaves[Int(entry.index)] {
            fail(.openingWrong, "entry \(entry.index) of a page")
        }
    }
}

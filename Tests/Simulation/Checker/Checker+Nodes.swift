// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What nodes have and say: an inbox never loses what it acknowledged, an outbox never loses what a
// person was told is in it, and answers are those of the record.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

extension Checker {
    /// A node started from its disk.
    func nodeStarted(_ node: Int, _ contents: StoreContents) {
        let last = contents.inbox.last?.number ?? 0
        guard last >= durable[node] ?? 0 else {
            return fail(.lost, "node \(node) lost its mail after \(last)")
        }
        durable[node] = last
        check(contents, of: node)
    }

    /// An inbox equals its mailbox as far as it goes, and the outbox has what was promised.
    func check(_ contents: StoreContents, of node: Int) {
        var messages: Set<MessageID> = []
        for (place, row) in contents.inbox.enumerated() {
            guard row.number == UInt64(place + 1), place < book.mail[node].count,
                book.mail[node][place] == row.index
            else { return fail(.inboxWrong, "number \(row.number) of node \(node)") }
            if let id = row.message, !messages.insert(id).inserted {
                return fail(.twice, "node \(node) has message \(id) twice")
            }
        }
        let outbox = contents.outbox.compactMap { stage.letters.placeOfID[$0.id] }
        for letter in promisedLetters[node] ?? [] where !outbox.contains(letter) {
            return fail(.outboxLost, "letter \(letter) is gone from node \(node)")
        }
        let settled = contents.outbox.filter(\.isSettled).compactMap {
            stage.letters.placeOfID[$0.id]
        }
        for letter in settled where !settledLetters.contains(letter) {
            // Given up by the node itself, or settled in a write that the machine did not survive.
            settledLetters.insert(letter)
        }
    }

    /// The row that a node makes of a delivery.
    func row(of delivery: IncomingDelivery, at moment: Moment) -> InboxRow {
        switch delivery.content {
        case .envelope(let bytes):
            InboxRow(
                number: delivery.number,
                index: delivery.index,
                messageID: parsed(bytes)?.id,
                envelope: bytes,
                receivedAt: moment
            )
        case .tombstone(let id, let reason):
            InboxRow(
                number: delivery.number,
                index: delivery.index,
                messageID: MessageID(bytes: id),
                tombstone: reason.isEmpty ? "withheld" : reason,
                receivedAt: moment
            )
        }
    }

    func nodeStored(_ node: Int, through number: MailboxNumber) {
        durable[node] = max(durable[node] ?? 0, number.value)
    }

    /// A frame leaves a node: what it acknowledges must be on its disk.
    func nodeSends(_ node: Int, _ bytes: Data) {
        // Packet.acknowledge is field 3; nothing else needs to be read here.
        guard bytes.first == 3 << 3 | 2, let packet = try? WirePacket(serializedBytes: bytes),
            case .acknowledge(let acknowledge) = packet.content
        else { return }
        guard acknowledge.through <= durable[node] ?? 0 else {
            return fail(.deliveredWrong, "node \(node) acknowledges \(acknowledge.through)")
        }
    }

    /// A node wrote down what became of its letters.
    func nodeSettled(_ node: Int, _ batch: SettledBatch) {
        for message in batch.messages {
            guard let letter = stage.letters.placeOfID[message.messageID] else { continue }
            settledLetters.insert(letter)
            let known = book.placeOfMessage[message.messageID].map { book.messages[$0] }
            switch message.outcome {
            case .accepted(let index, _, _, _, _):
                guard known?.index == index else {
                    return fail(.receiptWrong, "letter \(letter) is not at \(index)")
                }
            case .refused(let refusal):
                guard RefusalCode.numbered(refusal.code)?.retryable == false else {
                    return fail(.outboxLost, "letter \(letter) was given up for \(refusal.name)")
                }
                if let known, honestDigests[known.digest] != nil {
                    return fail(
                        .receiptContradicts,
                        "letter \(letter) is at \(known.index) and \(refusal.name)"
                    )
                }
            }
        }
    }

    /// A node remembers a checkpoint: one of the ledger's, and none from before the last.
    func nodeKeeps(_ note: Data, _ node: Int) {
        sees(checkpoint: note)
        guard let size = seenNotes[note] else { return }
        if let earlier = keptSizes[node], size < earlier {
            fail(.checkpointWrong, "node \(node) keeps size \(size) after \(earlier)")
        }
        keptSizes[node] = size
    }

    /// The session found the hub in a contradiction.
    func nodeReports(_ node: Int, _ state: ConnectionState) {
        guard case .contradiction(let contradiction) = state else { return }
        fail(.contradiction, "node \(node): \(contradiction)")
    }

    /// Somebody at a node got an answer.
    func nodeLearns(_ node: Int, _ question: NodeRequest.Question, _ answer: NodeAnswer) {
        guard case .proof(let proof) = answer, case .prove(let id) = question else { return }
        guard let place = book.placeOfMessage[id], let index = proof.hasEntry ? proof.entry : nil,
            book.messages[place].index.value == index.index,
            let leaf = LedgerLeaf.hash(salt: index.salt, record: index.record),
            let note = try? SignedNote(bytes: proof.checkpoint, limits: .checkpoint),
            let head = try? Checkpoint(note: note, ledgerKey: country.ledgerSigner.verifierKey),
            InclusionProof(
                index: index.index,
                size: proof.size,
                path: proof.path.compactMap { Digest(bytes: $0) }
            ).verify(leafHash: leaf, root: head.root)
        else { return fail(.openingWrong, "the proof of \(id) for node \(node)") }
    }
}

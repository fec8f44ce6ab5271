// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Receipts and refusals: how each submitted message, or a whole packet, is settled.

import Foundation
import SwiftProtobuf
import WiciCore

extension NodeSessionStateMachine {
    /// Takes receipts whose signature by the hub's ledger key verifies.
    mutating func settle(_ signed: WireSignedReceipts, now: Moment) -> [NodeSessionEffect] {
        let statement = Data("wici/v1/receipts\0".utf8) + signed.receipts
        guard let key = trust?.ledgerKey.publicKey,
            key.isValid(signature: signed.signature, for: statement),
            let receipts = try? WireReceipts(serializedBytes: signed.receipts)
        else { return [.report(.contradiction(.badReceiptSignature))] }
        var settled: [SettledBatch.Message] = []
        var effects: [NodeSessionEffect] = []
        var mustRetry = false
        for receipt in receipts.receipts {
            guard let id = MessageID(bytes: receipt.messageID),
                let envelope = window.inFlight(id)
            else { continue }
            // A refusal may come before the hub could take a digest; an acceptance never.
            let isUnread = receipt.envelopeDigest.isEmpty && !receipt.isAcceptance
            guard isUnread || receipt.envelopeDigest == envelope.digest.data else {
                // Bytes that were sent twice are refused twice, and may have been sealed anew since.
                guard receipt.isAcceptance else { continue }
                effects.append(.report(.contradiction(.receiptForOtherBytes(id))))
                continue
            }
            switch SettledBatch.Outcome(receipt, sets: receipts.sets) {
            case .refused(let refusal) where refusal.code == RefusalCode.wrapsNotEligible.number:
                takeBackOutbox()
                effects.append(.reseal(id))
            case .refused(let refusal) where refusal.retryable:
                mustRetry = true
            case .some(let outcome):
                removeSettled(id)
                settled.append(SettledBatch.Message(messageID: id, outcome: outcome))
            case nil: continue
            }
        }
        if !settled.isEmpty {
            let bytes: Data? = try? signed.serializedData()
            effects.insert(.storeReceipts(SettledBatch(signed: bytes, messages: settled)), at: 0)
        }
        if mustRetry { pause(now: now) }
        return effects + submit(now: now)
    }

    /// The hub refused the connection itself.
    mutating func refusedConnection(
        _ refusal: WireRefusal,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        // What is on this disk the hub has never numbered, by its ledger.
        if refusal.code == RefusalCode.numberUnknown.number {
            return contradicted(
                .mailboxShrank(stored: mailbox.stored),
                now: now,
                randomness: randomness
            )
        }
        if !refusal.retryable { giveTime() }
        return disconnect(now: now, randomness: randomness, refusal: refusal)
    }

    /// The hub refused a whole packet.
    mutating func refusedPacket(
        _ refused: WireRefused,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        if refused.request == RequestNumber.fetch { return [] }
        if let finding = ledger.take(refused) {
            return act(on: finding, now: now, randomness: randomness)
        }
        if RequestNumber.number(asked: refused.request) != nil {
            return answered(refused.request, .refused(refused.refusal))
        }
        if window.hasBatch(refused.request) {
            guard !refused.refusal.retryable else {
                pause(now: now)
                return []
            }
            let messages = removeBatch(refused.request).map {
                SettledBatch.Message(messageID: $0.messageID, outcome: .refused(refused.refusal))
            }
            return [.storeReceipts(SettledBatch(signed: nil, messages: messages))]
                + submit(now: now)
        }
        let endsConnection: Set<UInt32> = [
            RefusalCode.unknownKey.number, RefusalCode.revoked.number,
            RefusalCode.versionUnsupported.number, RefusalCode.helloExpected.number,
            RefusalCode.hubNotReady.number, RefusalCode.closing.number,
            RefusalCode.registryExpired.number, RefusalCode.policyExpired.number,
        ]
        guard endsConnection.contains(refused.refusal.code) else { return [] }
        return refusedConnection(refused.refusal, now: now, randomness: randomness)
    }
}

extension SettledBatch.Outcome {
    /// Reads a receipt; `nil` when it has no outcome or refers to a set that is not there.
    init?(_ receipt: WireReceipt, sets: [WireRecipientSet]) {
        switch receipt.outcome {
        case .accepted(let accepted):
            guard Int(accepted.audience) < sets.count, Int(accepted.eligible) < sets.count else {
                return nil
            }
            self = .accepted(
                index: LedgerIndex(accepted.index),
                at: Moment(milliseconds: accepted.acceptedAt),
                audience: sets[Int(accepted.audience)],
                eligible: sets[Int(accepted.eligible)],
                repeated: accepted.repeated
            )
        case .refusal(let refusal): self = .refused(refusal)
        case nil: return nil
        }
    }
}

extension WireReceipt {
    fileprivate var isAcceptance: Bool {
        if case .accepted = outcome { true } else { false }
    }
}

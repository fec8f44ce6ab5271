// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A ledger that takes no writes: a full or protected disk for a while, damage for good. Nothing is
// acknowledged meanwhile, whoever waits is told, and mail that is on disk goes on to be delivered as
// soon as writing works again. Also the hub's own acts, which the ledger keeps.

import WiciCore
import WiciLedger

extension HubStateMachine {
    /// The ledger takes nothing: whoever waits is told, and nothing is acknowledged.
    mutating func ledgerFailed(_ code: RefusalCode) {
        ledgerFailure = code
        let waiting = pendingCommits.sorted { $0.key.value < $1.key.value }.flatMap(\.value)
        pendingCommits.removeAll()
        pendingEntryCount = 0
        pendingBytes = 0
        for entry in waiting { fail(entry, code) }
        for packet in heldPackets { refuse(packet, code) }
        heldPackets.removeAll()
        heldBytes = 0
    }

    /// Tells whoever waits for an entry that it is not on disk.
    mutating func fail(_ entry: PendingEntry, _ code: RefusalCode) {
        let refusal = Refusal(code)
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
        case .delivered(let node, _):
            sessions[node]?.recorded = delivered[node] ?? .none
        case .withheld(let node, let number, _, let next):
            withholding[node]?.remove(number)
            switch next {
            case .mail: sessions[node]?.isWaitingForLedger = false
            case .fetch(let mail, _): sendRefused(refusal, request: mail.fetch, to: mail.connection)
            case nil: break
            }
        case .refusedMessage, .nothing, .release:
            break
        }
    }

    /// The ledger takes writes again: what was left undone is done now.
    mutating func ledgerRecovered(now: Moment) {
        guard ledgerFailure != nil else { return }
        ledgerFailure = nil
        effects.append(.resumeAppends)
        if let release = pendingRelease { bringIntoForce(release, now: now) }
        for node in connectedNodes { moveMail(of: node, now: now) }
    }

    /// Records an act of the hub or its operator.
    mutating func record(_ operation: HubOperation) {
        var record = WireOperation()
        switch operation {
        case .started:
            record.action = "started"
        case .stopped:
            recordDelivered()
            record.action = "stopped"
        case .reloadRefused(let code):
            record.action = "reload-refused"
            record.code = code.number
        }
        append(.event(.operation(record)), then: .nothing)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Refusals: recorded first, answered after, so that an auditor finds what was asked in vain. A member
// that is refused without end gets an answer each time and one record a minute; a stranger gets
// neither beyond a number.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

extension HubStateMachine {
    /// Refuses one message.
    ///
    /// What its sender had accepted before gets its first receipt again instead.
    mutating func refuse(
        _ refused: RefusedEnvelope,
        from node: NodeID,
        on connection: ConnectionID
    ) {
        var record = WireRefusedRequest(refused.refusal, request: "submit", node: node)
        record.messageID = refused.messageID?.data ?? Data()
        record.envelopeDigest = refused.envelopeDigest?.data ?? Data()
        let isRecorded = records(refused.refusal, of: node)
        let pending = PendingEntry.refusedMessage(refused, from: node, on: connection)
        if refused.isOwn, let id = refused.messageID, let digest = refused.envelopeDigest {
            append(
                .refused(isRecorded ? record : nil, unlessAccepted: id, envelopeDigest: digest),
                then: pending
            )
        } else if isRecorded {
            append(.event(.refused(record)), then: pending)
        } else {
            answer(refused, from: node, on: connection)
        }
    }

    /// Answers a refused message with its receipt.
    mutating func answer(
        _ refused: RefusedEnvelope,
        from node: NodeID,
        on connection: ConnectionID
    ) {
        counters.count(refused.refusal)
        queueReceipt(
            SettledReceipt(
                messageID: refused.messageID?.data ?? Data(),
                envelopeDigest: refused.envelopeDigest?.data ?? Data(),
                outcome: .refused(refused.wire)
            ),
            to: node,
            on: connection
        )
    }

    /// Refuses a whole packet.
    mutating func refusePacket(_ refusal: Refusal, _ asked: AskedPacket) {
        guard ledgerFailure == nil, records(refusal, of: asked.node) else {
            return sendRefused(refusal, request: asked.request, to: asked.connection)
        }
        counters.count(refusal)
        let record = WireRefusedRequest(refusal, request: asked.kind, node: asked.node)
        append(
            .event(.refused(record)),
            then: .refusedPacket(
                request: asked.request,
                WireRefusal(refusal),
                on: asked.connection
            )
        )
    }

    /// Answers at once, without a record: for states in which nothing can be or need be recorded.
    mutating func sendRefused(_ refusal: Refusal, request: UInt64, to connection: ConnectionID) {
        counters.count(refusal)
        var refused = WireRefused()
        refused.request = request
        refused.refusal = WireRefusal(refusal)
        send(.refused(refused), to: connection)
    }

    /// Strangers are recorded up to a number a minute, so that none can fill the disk.
    mutating func countStranger(_ code: RefusalCode, now: Moment) {
        counters.strangers += 1
        let minute = now.milliseconds / 60_000
        if strangers.minute != minute {
            strangers = StrangerCount(minute: minute, count: 0)
        }
        strangers.count += 1
        guard strangers.count <= Limits.strangersRecordedPerMinute, ledgerFailure == nil else {
            return
        }
        let refusal = Refusal(code)
        counters.count(refusal)
        append(
            .event(.refused(WireRefusedRequest(refusal, request: "connect", node: nil))),
            then: .nothing
        )
    }

    /// Records how many refusals of a member were only counted in a minute that is over.
    mutating func recordCountedRefusals(now: Moment) {
        guard ledgerFailure == nil else { return }
        for node in allowances.keys.sorted() {
            guard let (count, last) = allowances[node]?.refusals.closeMinute(now: now) else {
                continue
            }
            var record = WireRefusedRequest(last, request: "several", node: node)
            record.count = UInt32(clamping: count)
            append(.event(.refused(record)), then: .nothing)
        }
    }
}

/// A packet that may be refused as a whole: who is answered, and what goes on record.
struct AskedPacket {
    /// What was asked for, in the record's words.
    let kind: String
    let node: NodeID
    let connection: ConnectionID
    /// The packet's own number; 0 where it has none.
    let request: UInt64

    init(_ kind: String, _ node: NodeID, _ connection: ConnectionID, request: UInt64 = 0) {
        self.kind = kind
        self.node = node
        self.connection = connection
        self.request = request
    }
}

extension WireRefusal {
    /// The refusal as it travels, with sentences in both languages.
    init(_ refusal: Refusal, faults: [WireFault] = []) {
        self.init()
        let help = refusal.help ?? refusal.code.sentence
        code = refusal.code.number
        name = refusal.code.name
        retryable = refusal.code.retryable
        field = refusal.field
        rule = refusal.rule
        helpPl = help.polish
        helpEn = help.english
        self.faults = faults
    }
}

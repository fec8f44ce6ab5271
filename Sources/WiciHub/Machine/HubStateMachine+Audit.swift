// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Auditors and proofs. Reading the ledger is itself recorded before it is answered; a member may
// have the entry and proof of a message that it sent or may have now, and of no other.

import Foundation
import WiciCore
import WiciLedger

extension HubStateMachine {
    mutating func readLedger(
        _ packet: WireReadLedger,
        from node: NodeID,
        on connection: ConnectionID,
        now: Moment
    ) {
        let asked = AskedPacket("read-ledger", node, connection, request: packet.request)
        guard inForce.registry.institution(of: node)?.isAuditor == true else {
            return refusePacket(Refusal(.notAnAuditor), asked)
        }
        guard Vocabulary.current["audit-purpose"].contains(packet.purpose) else {
            return refusePacket(Refusal(.auditPurposeUnknown, field: "purpose"), asked)
        }
        guard spend(Limits.ledgerPageBytes, of: \.answerBytes, by: node, now: now) else {
            return refusePacket(Refusal(.rateLimited), asked)
        }
        guard packet.from < ledgerSize else {
            return refusePacket(Refusal(.entryUnknown, field: "from"), asked)
        }
        let limit = UInt64(min(max(packet.limit, 1), Limits.ledgerPageCount))
        var record = WireAuditRead()
        record.node = node.text
        record.from = packet.from
        record.through = min(packet.from + limit, ledgerSize) - 1
        record.purpose = packet.purpose
        append(
            .event(.auditRead(record)),
            then: .auditRead(
                PageRequest(
                    node: node,
                    connection: connection,
                    request: packet.request,
                    from: LedgerIndex(packet.from),
                    limit: Int(record.through - packet.from + 1)
                )
            )
        )
    }

    mutating func sendPage(
        _ entries: [WireLedgerEntry],
        checkpoint: Data,
        for request: PageRequest,
        now: Moment
    ) {
        guard sessions[request.node]?.connection == request.connection else { return }
        // It was recorded and read; the release may be another by now.
        guard inForce.registry.institution(of: request.node)?.isAuditor == true else {
            return refusePacket(
                Refusal(.notAnAuditor),
                AskedPacket(
                    "read-ledger",
                    request.node,
                    request.connection,
                    request: request.request
                )
            )
        }
        let bytes = entries.reduce(0) { $0 + $1.record.count }
        allowances[request.node]?.answerBytes
            .settle(estimate: Limits.ledgerPageBytes, actual: bytes)
        var page = WireLedgerPage()
        page.request = request.request
        page.entries = entries
        page.checkpoint = checkpoint
        send(.ledgerPage(page), to: request.connection)
    }

    mutating func prove(_ packet: WireProve, from node: NodeID, on connection: ConnectionID) {
        guard let messageID = MessageID(bytes: packet.messageID) else {
            return refusePacket(
                Refusal(.entryUnknown, field: "message_id"),
                AskedPacket("prove", node, connection, request: packet.request)
            )
        }
        effects.append(
            .readProof(
                ProofRequest(
                    node: node,
                    connection: connection,
                    request: packet.request,
                    messageID: messageID
                )
            )
        )
    }

    mutating func sendProof(
        _ material: ProofMaterial?,
        for request: ProofRequest,
        now: Moment
    ) {
        let asked = AskedPacket("prove", request.node, request.connection, request: request.request)
        guard sessions[request.node]?.connection == request.connection else { return }
        guard let material else {
            return refusePacket(Refusal(.entryUnknown, field: "message_id"), asked)
        }
        if let refusal = refusal(ofProving: material, to: request.node, now: now) {
            return refusePacket(refusal, asked)
        }
        var proof = WireProof()
        proof.request = request.request
        proof.entry = material.entry
        proof.size = material.size
        proof.path = material.path.map(\.data)
        proof.checkpoint = material.checkpoint
        send(.proof(proof), to: request.connection)
    }

    mutating func prove(
        _ packet: WireProveConsistency,
        from node: NodeID,
        on connection: ConnectionID
    ) {
        effects.append(
            .readConsistency(
                ConsistencyRequest(
                    node: node,
                    connection: connection,
                    request: packet.request,
                    size: packet.size
                )
            )
        )
    }

    /// Hashes of a path say nothing of any entry: every member may have them.
    mutating func sendConsistency(
        _ material: ConsistencyMaterial?,
        for request: ConsistencyRequest
    ) {
        guard sessions[request.node]?.connection == request.connection else { return }
        guard let material else {
            return refusePacket(
                Refusal(.entryUnknown, field: "size"),
                AskedPacket(
                    "prove-consistency",
                    request.node,
                    request.connection,
                    request: request.request
                )
            )
        }
        var consistency = WireConsistency()
        consistency.request = request.request
        consistency.path = material.path.map(\.data)
        consistency.checkpoint = material.checkpoint
        send(.consistency(consistency), to: request.connection)
    }

    /// Why a member may not have an entry and its proof; nil when it may.
    ///
    /// The record holds the header: who may not have the message now may not have its proof either.
    private mutating func refusal(
        ofProving material: ProofMaterial,
        to node: NodeID,
        now: Moment
    ) -> Refusal? {
        if material.sender == node { return nil }
        let notYours = Refusal(.openingNotYours, field: "message_id")
        guard let number = mailboxes.number(of: material.message.index, for: node),
            tombstones[node]?[number] == nil
        else { return notYours }
        if let expiry = admission.expiry(now: now) { return expiry }
        return admission.refusal(ofDelivering: material.message, to: node, now: now) == nil
            ? nil : notYours
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Packets from nodes. Each is checked for size, standing and place in the conversation before its
// content is looked at; whatever fails is refused by name and the connection goes on.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

extension HubStateMachine {
    /// Takes one frame from an authenticated connection.
    mutating func receive(
        _ bytes: Data,
        from node: NodeID,
        on connection: ConnectionID,
        now: Moment
    ) {
        guard spend(1, of: \.packets, by: node, now: now),
            spend(bytes.count, of: \.packetBytes, by: node, now: now)
        else {
            return refusePacket(Refusal(.rateLimited), AskedPacket("packet", node, connection))
        }
        guard bytes.count <= Limits.packetBytes else {
            return refusePacket(Refusal(.packetTooLarge), AskedPacket("packet", node, connection))
        }
        guard let packet = try? WirePacket(serializedBytes: bytes, options: Self.knownFields),
            let content = packet.content
        else {
            return refusePacket(Refusal(.malformedPacket), AskedPacket("packet", node, connection))
        }
        guard pendingRelease == nil, admission.hasEntries else {
            // What a node has on its disk is so under any release, and it says it once.
            if case .acknowledge(let packet) = content, sessions[node]?.connection == connection {
                sessions[node]?.lastHeard = now
                return acknowledge(packet, from: node, now: now)
            }
            let packet = HeldPacket(
                connection: connection,
                node: node,
                bytes: bytes,
                request: content.requestNumber
            )
            if let code = ledgerFailure { return refuse(packet, code) }
            return hold(packet)
        }
        guard admission.isInGoodStanding(node, now: now) else {
            refusePacket(Refusal(.revoked), AskedPacket("packet", node, connection))
            forget(connection)
            effects.append(.cut(connection, node))
            return
        }
        if sessions[node]?.connection == connection {
            sessions[node]?.lastHeard = now
        } else if case .hello = content {
            // A hello opens the session; everything else needs one.
        } else {
            return refusePacket(Refusal(.helloExpected), AskedPacket("packet", node, connection))
        }
        if let allowance = content.allowance, !spend(1, of: allowance, by: node, now: now) {
            return refusePacket(
                Refusal(.rateLimited),
                AskedPacket("packet", node, connection, request: content.requestNumber)
            )
        }
        answer(content, from: node, on: connection, now: now)
    }

    /// What this version does not know in a packet is for nobody, and has no bound.
    private static let knownFields = {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        return options
    }()

    private mutating func answer(
        _ content: WirePacket.OneOf_Content,
        from node: NodeID,
        on connection: ConnectionID,
        now: Moment
    ) {
        switch content {
        case .hello(let hello): greet(hello, from: node, on: connection, now: now)
        case .submit(let submit): admit(submit, from: node, on: connection, now: now)
        case .acknowledge(let packet): acknowledge(packet, from: node, now: now)
        case .subscribe(let packet): subscribe(packet, from: node, on: connection, now: now)
        case .fetch(let packet): fetch(packet, from: node, on: connection, now: now)
        case .prove(let packet): prove(packet, from: node, on: connection)
        case .proveConsistency(let packet): prove(packet, from: node, on: connection)
        case .readLedger(let packet): readLedger(packet, from: node, on: connection, now: now)
        case .ping(let ping):
            var pong = WirePong()
            pong.nonce = ping.nonce
            pong.hubTime = now.milliseconds
            send(.pong(pong), to: connection)
            tellCheckpoint(to: node, on: connection)
        case .bye:
            forget(connection)
        case .welcome, .receipts, .deliveries, .update, .subscribed, .proof, .consistency,
            .ledgerPage, .pong, .refused:
            refusePacket(Refusal(.unexpectedPacket), AskedPacket("packet", node, connection))
        }
    }

    /// Lets a node know how far the ledger goes, so that it would notice one that goes back.
    private mutating func tellCheckpoint(to node: NodeID, on connection: ConnectionID) {
        guard sessions[node]?.toldSize != checkpointSize else { return }
        sessions[node]?.toldSize = checkpointSize
        var update = WireUpdate()
        update.checkpoint = lastCheckpoint
        send(.update(update), to: connection)
    }

    /// While a release waits for its entry, packets wait too, so that it bites for all of them.
    private mutating func hold(_ packet: HeldPacket) {
        guard heldBytes + packet.bytes.count <= Limits.heldBytes else {
            return refuse(packet, .busy)
        }
        heldBytes += packet.bytes.count
        heldPackets.append(packet)
    }

    /// Refuses by its number what was not looked at any further.
    mutating func refuse(_ packet: HeldPacket, _ code: RefusalCode) {
        sendRefused(Refusal(code), request: packet.request, to: packet.connection)
    }

    // MARK: Hello

    private mutating func greet(
        _ hello: WireHello,
        from node: NodeID,
        on connection: ConnectionID,
        now: Moment
    ) {
        let asked = AskedPacket("hello", node, connection)
        guard hello.versionMin <= ProtocolVersion.current,
            hello.versionMax >= ProtocolVersion.oldest, hello.versionMin <= hello.versionMax
        else {
            return refusePacket(Refusal(.versionUnsupported), asked)
        }
        if let refusal = admission.expiry(now: now) {
            return refusePacket(refusal, asked)
        }
        let head = mailboxes.head(of: node)
        let stored = MailboxNumber(hello.storedThrough)
        guard stored <= head else {
            return refusePacket(Refusal(.numberUnknown, field: "stored_through"), asked)
        }
        let earlier = sessions[node]
        if let earlier, earlier.connection != connection {
            connections[earlier.connection] = nil
        }
        connections[connection] = node
        let known = delivered[node] ?? .none
        sessions[node] = Session(
            node: node,
            connection: connection,
            sent: stored,
            recorded: known,
            windowEnd: MailboxNumber(hello.windowEnd),
            lastHeard: now
        )
        sessions[node]?.toldSize = checkpointSize
        if let earlier, earlier.connection == connection {
            sessions[node]?.goOn(from: earlier)
        }
        var welcome = WireWelcome()
        welcome.version = min(hello.versionMax, ProtocolVersion.current)
        if hello.registryDigest != inForce.registry.digest.data {
            welcome.registry = inForce.registryNote
        }
        if hello.policyDigest != inForce.policy.digest.data {
            welcome.policy = inForce.policyNote
        }
        welcome.mailboxHead = head.value
        welcome.mailboxAcknowledged = max(stored, known).value
        welcome.subscriptions = admission.subscriptions(of: node)
        welcome.checkpoint = lastCheckpoint
        welcome.hubTime = now.milliseconds
        send(.welcome(welcome), to: connection)
        moveMail(of: node, now: now)
    }

    // MARK: Submit

    private mutating func admit(
        _ submit: WireSubmit,
        from node: NodeID,
        on connection: ConnectionID,
        now: Moment
    ) {
        let asked = AskedPacket("submit", node, connection, request: submit.request)
        if let code = ledgerFailure {
            return sendRefused(Refusal(code), request: submit.request, to: connection)
        }
        guard submit.envelopes.count <= Limits.envelopesPerSubmit else {
            return refusePacket(Refusal(.batchTooLarge), asked)
        }
        guard pendingEntryCount < Limits.pendingEntries, pendingBytes < Limits.pendingBytes else {
            return sendRefused(Refusal(.busy), request: submit.request, to: connection)
        }
        guard spend(submit.envelopes.count, of: \.envelopes, by: node, now: now) else {
            return refusePacket(Refusal(.rateLimited, field: "envelopes"), asked)
        }
        guard spend(0, of: \.recipientSets, by: node, now: now) else {
            return refusePacket(Refusal(.rateLimited, field: "selector"), asked)
        }
        for bytes in submit.envelopes {
            switch admission.decide(bytes, from: node, now: now) {
            case .accepted(let entry):
                append(.accepted(entry), then: .message(entry, on: connection))
            case .refused(let refused):
                refuse(refused, from: node, on: connection)
            }
        }
        _ = spend(admission.takeNewSetCount(), of: \.recipientSets, by: node, now: now)
    }

    // MARK: Acknowledge, subscribe, fetch

    private mutating func acknowledge(
        _ packet: WireAcknowledge,
        from node: NodeID,
        now: Moment
    ) {
        guard let place = sessions.index(forKey: node) else { return }
        let through = MailboxNumber(packet.through)
        guard through <= sessions.values[place].handed else {
            return refusePacket(
                Refusal(.numberUnknown, field: "through"),
                AskedPacket("acknowledge", node, sessions.values[place].connection)
            )
        }
        sessions.values[place].acknowledge(
            through: through,
            windowEnd: MailboxNumber(packet.windowEnd)
        )
        moveMail(of: node, now: now)
    }

    private mutating func subscribe(
        _ packet: WireSubscribe,
        from node: NodeID,
        on connection: ConnectionID,
        now: Moment
    ) {
        let asked = AskedPacket("subscribe", node, connection, request: packet.request)
        guard packet.subscriptions.count <= Limits.subscriptionsPerNode else {
            return refusePacket(Refusal(.subscriptionLimit), asked)
        }
        guard spend(packet.itemCount, of: \.subscriptionItems, by: node, now: now) else {
            return refusePacket(Refusal(.rateLimited, field: "subscriptions"), asked)
        }
        for (place, subscription) in packet.subscriptions.enumerated() {
            if let refusal = admission.refusal(of: subscription, at: place, for: node, now: now) {
                return refusePacket(refusal, asked)
            }
        }
        var change = WireSubscriptionChange()
        change.node = node.text
        change.subscriptions = packet.subscriptions
        append(
            .event(.subscriptions(change)),
            then: .subscriptions(
                node,
                packet.subscriptions,
                request: packet.request,
                on: connection
            )
        )
    }

    private mutating func fetch(
        _ packet: WireFetch,
        from node: NodeID,
        on connection: ConnectionID,
        now: Moment
    ) {
        let asked = AskedPacket("fetch", node, connection, request: packet.request)
        guard packet.mailbox == node.text else {
            return refusePacket(Refusal(.notYourMailbox, field: "mailbox"), asked)
        }
        if let refusal = admission.expiry(now: now) {
            return refusePacket(refusal, asked)
        }
        guard spend(Limits.deliveriesBytes, of: \.answerBytes, by: node, now: now) else {
            return refusePacket(Refusal(.rateLimited), asked)
        }
        let head = mailboxes.head(of: node)
        guard packet.from >= 1, MailboxNumber(packet.from) <= head else {
            return refusePacket(Refusal(.numberUnknown, field: "from"), asked)
        }
        let limit = Int(min(max(packet.limit, 1), Limits.fetchCount))
        readMail(
            of: node,
            on: connection,
            after: MailboxNumber(packet.from - 1),
            limit: limit,
            fetch: packet.request
        )
    }
}

/// Versions of the exchange protocol that this hub speaks.
enum ProtocolVersion {
    static let oldest: UInt32 = 1
    static let current: UInt32 = 1
}

extension WirePacket.OneOf_Content {
    /// What answering it takes of a member, because it costs a reading of the ledger or a record;
    /// nil when it costs neither.
    var allowance: WritableKeyPath<MemberAllowance, Allowance>? {
        switch self {
        case .hello: \.hellos
        case .subscribe, .fetch, .prove, .proveConsistency, .readLedger: \.requests
        default: nil
        }
    }

    /// The number under which it is answered; 0 when it has none.
    var requestNumber: UInt64 {
        switch self {
        case .submit(let packet): packet.request
        case .subscribe(let packet): packet.request
        case .fetch(let packet): packet.request
        case .prove(let packet): packet.request
        case .proveConsistency(let packet): packet.request
        case .readLedger(let packet): packet.request
        default: 0
        }
    }
}

extension WireSubscribe {
    /// What it costs of `MemberAllowance.subscriptionItems`.
    fileprivate var itemCount: Int {
        subscriptions.reduce(20) { count, one in
            count + 1 + one.types.count + one.regions.count + one.topics.count
                + one.senderKinds.count + one.statuses.count
        }
    }
}

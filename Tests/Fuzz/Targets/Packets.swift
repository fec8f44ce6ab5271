// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Packets of the exchange, in both directions: a member's to the hub, the hub's to a node. Neither
// side may be brought down by the other, and every question gets its answer.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciNode

extension FuzzTarget {
    /// A packet from a member, before and after its hello; once more with its envelopes signed.
    static let hubPacket = FuzzTarget("hub-packet", longestInput: 32 << 10) { input in
        let network = try FuzzNetwork.shared.get()
        let prepared = try FuzzHub.prepared.get()
        var hub = prepared
        hub.take(input, from: network.office, on: FuzzHub.stranger)
        try hub.requireAnswers(to: input, mayOwe: false)
        for node in [network.police, network.auditor] {
            hub = prepared
            hub.take(input, from: node, on: ConnectionID(node == network.police ? 1 : 3))
            try hub.requireAnswers(to: input, mayOwe: true)
        }
        guard let signed = try FuzzKeys.shared.get().signedSubmit(input) else { return }
        hub = prepared
        hub.take(signed, from: network.police, on: FuzzHub.police)
        try hub.requireAnswers(to: signed, mayOwe: true)
        // The same again is a repetition, or is refused again.
        hub.take(signed, from: network.police, on: FuzzHub.police)
        try hub.requireAnswers(to: signed, mayOwe: true)
    }

    /// A packet from the hub to a node that greets and to one that has been welcomed.
    static let nodePacket = FuzzTarget("node-packet", longestInput: 32 << 10) { input in
        let prepared = try FuzzSession.prepared.get()
        var inputs = [input]
        if let signed = try FuzzKeys.shared.get().signedReceipts(input) { inputs.append(signed) }
        for packet in inputs {
            for session in [prepared.greeting, prepared.ready] {
                var session = session
                try session.take(packet)
                try session.take(packet)
                session.pass(milliseconds: 31_000)
            }
        }
    }
}

extension FuzzHub {
    /// Whether the hub answered a packet as the protocol says.
    fileprivate func requireAnswers(to input: Data, mayOwe: Bool) throws(FuzzFinding) {
        let content = (try? WirePacket(serializedBytes: input))?.content
        switch content {
        case .bye where mayOwe, .acknowledge where mayOwe: return
        case .submit(let submit) where mayOwe && submit.envelopes.count <= 1_000:
            try require(
                receiptCount == submit.envelopes.count,
                "\(submit.envelopes.count) envelopes got \(receiptCount) receipts"
            )
        default:
            try require(
                !answers.isEmpty || questionCount > 0,
                "a packet got no answer"
            )
        }
        try require(
            answers.allSatisfy { $0.count <= 1 << 20 },
            "an answer is over the size of a packet"
        )
    }
}

extension FuzzKeys {
    /// A Submit with its envelopes signed; `nil` for another packet or when none can be signed.
    fileprivate func signedSubmit(_ packet: Data) -> Data? {
        guard let content = (try? WirePacket(serializedBytes: packet))?.content,
            case .submit(var submit) = content
        else { return nil }
        submit.envelopes = submit.envelopes.prefix(8).compactMap { signed($0) }
        guard !submit.envelopes.isEmpty else { return nil }
        var packet = WirePacket()
        packet.content = .submit(submit)
        return try? packet.serializedData()
    }

    /// SignedReceipts with the ledger's signature; `nil` for another packet.
    fileprivate func signedReceipts(_ packet: Data) -> Data? {
        guard let content = (try? WirePacket(serializedBytes: packet))?.content,
            case .receipts(var receipts) = content,
            let signature = ledgerKey.signature(
                for: Data("wici/v1/receipts\0".utf8) + receipts.receipts
            )
        else { return nil }
        receipts.signature = signature
        var packet = WirePacket()
        packet.content = .receipts(receipts)
        return try? packet.serializedData()
    }
}

/// A node's session with a message on its way, and what its disk has.
struct FuzzSession {
    static let prepared = Result { try Self.prepare() }

    private var machine: NodeSessionStateMachine
    private var now = FuzzNetwork.now
    private var stored = MailboxNumber.none

    /// A session that waits for the welcome, and one that has had it.
    private static func prepare() throws -> (greeting: FuzzSession, ready: FuzzSession) {
        let network = try FuzzNetwork.shared.get()
        let envelope = try network.envelope(FuzzNetwork.goodPractice, number: 3)
        let parts = try EnvelopeParts(bytes: envelope, form: .submitted)
        var session = FuzzSession(
            machine: NodeSessionStateMachine(
                node: network.police,
                stored: .none,
                trust: NodeTrust(
                    registry: network.release.registry.digest,
                    policy: network.release.policy.digest,
                    ledgerKey: try FuzzKeys.shared.get().ledgerKey.publicKey
                ),
                program: "wici fuzz"
            )
        )
        try session.handle(.started)
        let greeting = session
        var packet = WirePacket()
        packet.content = .welcome(WireWelcome())
        try session.handle(.packet(packet.serializedData()))
        let outgoing = OutgoingEnvelope(
            messageID: parts.messageID,
            digest: parts.digest,
            bytes: envelope,
            isSealed: parts.isSealed
        )
        try session.handle(.outboxReady([outgoing]))
        try session.handle(.asked(NodeRequest(number: 1, question: .subscribe([]))))
        return (greeting, session)
    }

    private init(machine: NodeSessionStateMachine) { self.machine = machine }

    /// Hands over a packet; deliveries go to the disk in order of number, without a gap.
    mutating func take(_ packet: Data) throws(FuzzFinding) { try handle(.packet(packet)) }

    /// Lets time pass.
    mutating func pass(milliseconds: Int64) {
        now = now.adding(milliseconds: milliseconds)
        _ = machine.handle(.tick, now: now, randomness: 7)
    }

    private mutating func handle(_ event: NodeSessionEvent) throws(FuzzFinding) {
        for effect in machine.handle(event, now: now, randomness: 7) {
            guard case .storeDeliveries(let deliveries) = effect else { continue }
            for delivery in deliveries {
                try require(delivery.number == stored.next, "a mailbox number was left out")
                stored = delivery.number
            }
            _ = machine.handle(.stored(through: stored), now: now, randomness: 7)
        }
    }
}

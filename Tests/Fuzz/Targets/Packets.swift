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

    /// A packet from the hub to a node that greets, to one that waits for its proofs, and to one that
    /// has had them.
    static let nodePacket = FuzzTarget("node-packet", longestInput: 32 << 10) { input in
        let prepared = try FuzzSession.prepared.get()
        var inputs = [input]
        if let signed = try FuzzKeys.shared.get().signedReceipts(input) { inputs.append(signed) }
        for packet in inputs {
            for session in [prepared.greeting, prepared.waiting, prepared.ready] {
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
    struct Prepared {
        let greeting: FuzzSession
        let waiting: FuzzSession
        let ready: FuzzSession
    }

    static let prepared = Result { try Self.prepare() }

    /// Under these numbers the waiting session asks for growth and for an entry.
    static let growthRequest: UInt64 = 4
    static let entryRequest: UInt64 = 8

    /// A ledger of two entries; the node has the checkpoint of the first and knows the second.
    static let leaves = [leaf(Data("first".utf8)), leaf(record)]
    private static let known = KnownEntry(
        messageID: MessageID(milliseconds: 1, random: (1, 2)),
        index: LedgerIndex(1)
    )
    private static let record: Data = {
        let header = WireHeader.with { $0.messageID = known.messageID.data }
        let bytes: Data? = try? header.serializedData()
        let record: Data? = try? WireRecord.with { $0.accepted.header = bytes ?? Data() }
            .serializedData()
        return record ?? Data()
    }()
    private static let salt = Data(repeating: 9, count: LedgerLeaf.saltByteCount)

    private static func leaf(_ record: Data) -> Data {
        LedgerLeaf.bytes(salt: salt, record: record) ?? Data()
    }

    /// The signed head of that ledger's first entries.
    static func checkpoint(of size: Int) throws -> SignedNote {
        let tree = MerkleTree(leafHashes: leaves.prefix(size).map(TreeHash.leaf))
        let ledger = try FuzzKeys.shared.get().ledger
        let origin = ledger.verifierKey.name
        return try Checkpoint(origin: origin, size: UInt64(size), root: tree.root)
            .signed(by: ledger)
    }

    /// The proof of the entry that the node knows.
    static func proof() throws -> WireProof {
        var proof = WireProof()
        (proof.entry.index, proof.entry.leaf) = (known.index.value, leaves[1])
        (proof.entry.salt, proof.entry.record) = (salt, record)
        (proof.size, proof.path) = (2, [TreeHash.leaf(leaves[0]).data])
        proof.checkpoint = try checkpoint(of: 2).bytes
        return proof
    }

    private var machine: NodeSessionStateMachine
    private var now = FuzzNetwork.now
    private var stored = MailboxNumber.none

    /// A session that waits for the welcome, one that waits for proofs, and one that has had them.
    private static func prepare() throws -> Prepared {
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
                    ledgerKey: try FuzzKeys.shared.get().ledger.verifierKey
                ),
                checkpoint: Checkpoint(kept: try Self.checkpoint(of: 1).bytes),
                program: "wici fuzz"
            )
        )
        try session.handle(.started)
        let greeting = session
        var welcome = WireWelcome()
        welcome.checkpoint = try Self.checkpoint(of: 2).bytes
        try session.handle(.welcome(welcome))
        try session.handle(.newestEntries([Self.known]))
        let waiting = session
        var growth = WireConsistency()
        (growth.request, growth.checkpoint) = (Self.growthRequest, welcome.checkpoint)
        growth.path = [TreeHash.leaf(Self.leaves[1]).data]
        try session.handle(.consistency(growth))
        var proof = try Self.proof()
        proof.request = Self.entryRequest
        try session.handle(.proof(proof))
        try require(session.machine.isProved, "nothing was proved")
        let outgoing = OutgoingEnvelope(
            messageID: parts.messageID,
            digest: parts.digest,
            bytes: envelope,
            isSealed: parts.isSealed
        )
        try session.handle(.outboxReady([outgoing]))
        try session.handle(.asked(NodeRequest(number: 1, question: .subscribe([]))))
        return Prepared(greeting: greeting, waiting: waiting, ready: session)
    }

    private mutating func handle(_ content: WirePacket.OneOf_Content) throws {
        var packet = WirePacket()
        packet.content = content
        try handle(.packet(packet.serializedData()))
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

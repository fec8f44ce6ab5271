// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Seeds in protobuf and in the formats of Schemas/vectors: packets, envelopes, notes, proofs.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger

extension Seeds {
    static func hubPackets() throws -> [Data] {
        let network = try FuzzNetwork.shared.get()
        var hello = WireHello()
        (hello.versionMin, hello.versionMax, hello.windowEnd) = (1, 1, 512)
        hello.program = "wici"
        hello.registryDigest = network.release.registry.digest.data
        var submit = WireSubmit()
        submit.request = 5
        submit.envelopes = try [3, 4].map {
            try network.envelope(FuzzNetwork.goodPractice, number: $0)
        }
        var one = WireSubmit()
        one.envelopes = [try network.envelope(FuzzNetwork.goodPractice, number: 1)]
        var acknowledge = WireAcknowledge()
        (acknowledge.through, acknowledge.windowEnd) = (1, 600)
        var subscribe = WireSubscribe()
        subscribe.request = 6
        subscribe.subscriptions = [subscription]
        var fetch = WireFetch()
        (fetch.request, fetch.mailbox, fetch.from, fetch.limit) = (3, network.police.text, 1, 256)
        var prove = WireProve()
        (prove.request, prove.messageID) = (7, MessageID(milliseconds: 1, random: (1, 2)).data)
        var read = WireReadLedger()
        (read.request, read.limit, read.purpose) = (8, 100, "security")
        var ping = WirePing()
        ping.nonce = 9
        var growth = WireProveConsistency()
        (growth.request, growth.size) = (4, 1)
        let contents: [WirePacket.OneOf_Content] = [
            .hello(hello), .submit(submit), .submit(one), .acknowledge(acknowledge),
            .subscribe(subscribe), .fetch(fetch), .prove(prove), .proveConsistency(growth),
            .readLedger(read), .ping(ping), .bye(WireBye()), .welcome(WireWelcome()),
        ]
        return try contents.map { try packet($0) }
    }

    static func nodePackets() throws -> [Data] {
        let network = try FuzzNetwork.shared.get()
        let envelope = try network.envelope(FuzzNetwork.goodPractice, number: 3)
        var welcome = WireWelcome()
        (welcome.version, welcome.mailboxHead) = (1, 3)
        welcome.hubTime = FuzzNetwork.now.milliseconds
        welcome.registry = Data("registry\n".utf8)
        welcome.subscriptions = [subscription]
        var deliveries = WireDeliveries()
        deliveries.deliveries = [delivery(1) { $0.envelope = envelope }]
        deliveries.deliveries += [delivery(2) { $0.tombstone.reason = "withheld" }]
        var update = WireUpdate()
        update.checkpoint = Data("checkpoint\n".utf8)
        var subscribed = WireSubscribed()
        (subscribed.request, subscribed.subscriptions) = (6, [subscription])
        var proof = WireProof()
        (proof.request, proof.size, proof.path) = (6, 8, [Digest.zero.data])
        var page = WireLedgerPage()
        page.request = 6
        page.entries = [WireLedgerEntry()]
        var pong = WirePong()
        pong.hubTime = FuzzNetwork.now.milliseconds
        let later = try FuzzSession.checkpoint(of: 2).bytes
        welcome.checkpoint = later
        var growth = WireConsistency()
        (growth.request, growth.checkpoint) = (FuzzSession.growthRequest, later)
        growth.path = [TreeHash.leaf(FuzzSession.leaves[1]).data]
        var known = try FuzzSession.proof()
        known.request = FuzzSession.entryRequest
        let refusals = try ([0, 3, 4, 5, 6, 8] as [UInt64]).map { request in
            var refused = WireRefused()
            refused.request = request
            refused.refusal.code = RefusalCode.helloExpected.number
            refused.refusal.retryable = request == 5
            return try packet(.refused(refused))
        }
        let contents: [WirePacket.OneOf_Content] = [
            .welcome(welcome), .deliveries(deliveries), .update(update), .subscribed(subscribed),
            .proof(proof), .ledgerPage(page), .pong(pong), .receipts(try receipts(envelope)),
            .consistency(growth), .proof(known),
        ]
        return try contents.map { try packet($0) } + refusals
    }

    static func envelopes() throws -> [Data] {
        let plain = try Vectors("envelope")
        let sealed = try Vectors("seal")
        return try [
            plain.bytes("alone"), plain.bytes("batch", "envelope"), sealed.bytes("submitted"),
            sealed.bytes("delivered"),
        ]
    }

    static func deliveries() throws -> [Data] {
        let network = try FuzzNetwork.shared.get()
        let plain = try network.envelope(FuzzNetwork.goodPractice, number: 3)
        return try [plain] + sealedBodies()
    }

    /// Content as it is inside a seal, and an alert that is sealed to police and office.
    static func sealedBodies() throws -> [Data] {
        let keys = try FuzzKeys.shared.get()
        let network = try FuzzNetwork.shared.get()
        let alert = try known(Self.samples().first { $0.header.type == "case-alert" })
        var content = WireSealedContent()
        content.sender = alert.header.sender
        content.messageID = alert.header.messageID
        content.body = alert.body
        let padded = try known(SealPadding.padded(content))
        let key = ContentKey()
        var header = alert.header
        (header.seal, header.tlp) = (key.sealInfo, "TLP:AMBER+STRICT")
        let headerBytes: Data = try header.serializedData()
        let sealed = try Seal.seal(
            body: alert.body,
            headerBytes: headerBytes,
            key: key,
            recipients: zip([network.police, network.office], keys.sealing).map {
                SealRecipient(node: $0, publicKey: $1.publicKey)
            }
        )
        let submitted = try known(
            keys.signed(
                EnvelopeParts.serialize(
                    headerBytes: headerBytes,
                    bodyBytes: sealed.bytes,
                    signature: WireBatchSignature(),
                    wraps: sealed.wraps
                )
            )
        )
        let parts = try EnvelopeParts(bytes: submitted, form: .submitted)
        return [padded, submitted, try known(parts.deliverable.bytes(for: network.office))]
    }

    static func notes() throws -> [Data] {
        let vectors = try Vectors("notes")
        let keys = try FuzzKeys.shared.get()
        return try vectors.everyText("accepted", "note") + vectors.everyText("refused", "note") + [
            Data(keys.authority.verifierKey.text.utf8), Data(keys.authority.privateText.utf8),
        ]
    }

    static func checkpoints() throws -> [Data] {
        let vectors = try Vectors("checkpoint")
        return try ["text", "signed", "cosigned"].map { try vectors.text($0) }
    }

    /// Proof files, and sizes with hashes as the target reads them.
    static func proofs() throws -> [Data] {
        let hashes = Data((0..<96).map { UInt8($0) })
        let sizes = [(0, 1, 0), (5, 8, 96), (4, 7, 64), (8, 8, 0)].map { old, new, count in
            Data(count: 7) + [UInt8(old)] + Data(count: 7) + [UInt8(new)] + hashes.prefix(count)
        }
        return [try Vectors("checkpoint").text("proof", "file")] + sizes
    }

    static func exports() throws -> [Data] {
        var refused = WireRefusedRequest()
        (refused.node, refused.request, refused.code) = ("kwp-lublin.main", "submit", 300)
        var delivered = WireDeliveredThrough()
        (delivered.node, delivered.through) = ("kwp-lublin.main", 7)
        var records: [Data?] = [nil]
        for event in [WireRecord.OneOf_Event.refused(refused), .delivered(delivered)] {
            var record = WireRecord()
            record.recordedAt = FuzzNetwork.now.milliseconds
            record.event = event
            records.append(try record.serializedData())
        }
        return try records.enumerated().map { place, record in
            let row = LedgerEntryRow(
                index: LedgerIndex(UInt64(place)),
                leaf: Data(count: 33),
                salt: record.map { _ in Data(count: 32) },
                record: record
            )
            return try AuditExport.line(row).dropLast()
        }
    }

    private static func packet(_ content: WirePacket.OneOf_Content) throws -> Data {
        var packet = WirePacket()
        packet.content = content
        return try packet.serializedData()
    }

    private static var subscription: WireSubscription {
        var subscription = WireSubscription()
        subscription.types = ["warning", "good-practice"]
        subscription.regions = ["PL-06"]
        subscription.urgencyFrom = "UR-2"
        return subscription
    }

    private static func delivery(
        _ number: UInt64,
        _ fill: (inout WireDelivery) -> Void
    ) -> WireDelivery {
        var delivery = WireDelivery()
        (delivery.number, delivery.index) = (number, number + 10)
        fill(&delivery)
        return delivery
    }

    private static func receipts(_ envelope: Data) throws -> WireSignedReceipts {
        let parts = try EnvelopeParts(bytes: envelope, form: .submitted)
        var receipts = WireReceipts()
        receipts.sets = [WireRecipientSet()]
        var receipt = WireReceipt()
        receipt.messageID = parts.messageID.data
        receipt.envelopeDigest = parts.digest.data
        receipt.accepted.index = 4
        receipt.accepted.acceptedAt = FuzzNetwork.now.milliseconds
        receipts.receipts = [receipt]
        var signed = WireSignedReceipts()
        signed.receipts = try receipts.serializedData()
        return signed
    }
}

/// A file of Schemas/vectors.
private struct Vectors {
    private let content: PlainValue

    init(_ name: String) throws {
        let text = try Repository.text("Schemas/vectors/\(name).json")
        content = try PlainValue(json: Data(text.utf8))
    }

    func text(_ path: String...) throws -> Data { Data(try Self.string(at(path)).utf8) }

    func bytes(_ path: String...) throws -> Data {
        try known(Data(lowercaseHexadecimal: Self.string(at(path))))
    }

    /// A text of every item of a list.
    func everyText(_ list: String, _ name: String) throws -> [Data] {
        guard case .array(let items) = try at([list]) else { return [] }
        return try items.map { Data(try Self.string(known($0[name])).utf8) }
    }

    private func at(_ path: [String]) throws -> PlainValue {
        try path.reduce(content) { try known($0[$1]) }
    }

    private static func string(_ value: PlainValue) throws -> String {
        guard case .string(let text) = value else { throw FuzzFinding("a vector is no text") }
        return text
    }
}

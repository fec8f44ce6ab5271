// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the node decides about messages without a hub: sealing, its own check of what arrives, the
// documents it believes.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore

@testable import WiciNode

struct DeliveryCheckTests {
    let network: NetworkFixture

    init() throws { network = try NetworkFixture() }

    func row(_ envelope: Data, at institution: String) throws -> InboxRow {
        var verifier = BatchVerifier()
        return try network.check(institution).row(
            of: IncomingDelivery(
                number: MailboxNumber(1),
                index: LedgerIndex(9),
                content: .envelope(envelope)
            ),
            verifier: &verifier,
            now: NetworkFixture.now
        )
    }

    @Test func `a plain message that is in order is kept with its body`() throws {
        let envelope = try network.envelope(from: "kwp-lublin", NetworkFixture.goodPractice)
        let row = try row(
            network.delivered(envelope, to: "fundacja-przyklad"),
            at: "fundacja-przyklad"
        )
        #expect(row.suspicion == nil)
        #expect(row.messageID != nil)
        let body = try MessageBody(type: "good-practice", bytes: row.body)
        #expect(try body.json().contains("Rozmowa w autobusie"))
    }

    @Test func `a message that the policy wants sealed is sealed and opened by the eligible`()
        throws
    {
        let envelope = try network.envelope(from: "kwp-lublin", NetworkFixture.sealedAlert)
        let parts = try EnvelopeParts(bytes: envelope, form: .submitted)
        #expect(parts.isSealed)
        #expect(parts.wraps.map(\.recipient) == ["kwp-lublin.main", "uw-lublin.main"])
        #expect(envelope.range(of: Data("opowieść".utf8)) == nil)
        let row = try row(network.delivered(envelope, to: "uw-lublin"), at: "uw-lublin")
        #expect(row.suspicion == nil)
        #expect(row.body.range(of: Data("opowieść".utf8)) != nil)
    }

    @Test(arguments: [Int64.min, -1, Int64.max])
    func `a delivery of an impossible time is kept as suspect`(milliseconds: Int64) throws {
        let envelope = try network.envelope(from: "kwp-lublin", NetworkFixture.goodPractice)
        var wire = try WireEnvelope(serializedBytes: envelope)
        var header = try WireHeader(serializedBytes: wire.header)
        header.sentAt = milliseconds
        wire.header = try header.serializedData()
        let row = try row(wire.serializedData(), at: "fundacja-przyklad")
        #expect(row.suspicion == RefusalCode.badSignature.number)
    }

    @Test func `mail signed before a rotation of keys verifies after it and later mail does not`()
        throws
    {
        let envelope = try network.envelope(from: "kwp-lublin", NetworkFixture.goodPractice)
        let sent = WarsawTime.date(at: NetworkFixture.now)
        for (through, suspicion) in [
            (sent, nil), (sent.adding(days: -1), RefusalCode.badSignature.number),
        ] {
            var rotated = network
            let place = try #require(
                rotated.contents.nodes.firstIndex { $0.id == NetworkFixture.node("kwp-lublin") }
            )
            let node = rotated.contents.nodes[place]
            let fresh = SigningKey().publicKey.rawRepresentation
            let request = EnrolmentRequest(
                institution: node.institution,
                node: node.id,
                exchangeKey: node.exchangeKey,
                signingKey: try #require(RawPublicKey(bytes: fresh)),
                sealingKey: node.sealingKey
            )
            try rotated.contents.rotate(request, oldKeysThrough: through)
            var verifier = BatchVerifier()
            let row = try rotated.check("fundacja-przyklad").row(
                of: IncomingDelivery(
                    number: MailboxNumber(1),
                    index: LedgerIndex(9),
                    content: .envelope(network.delivered(envelope, to: "fundacja-przyklad"))
                ),
                verifier: &verifier,
                now: NetworkFixture.now
            )
            #expect(row.suspicion == suspicion)
        }
    }

    @Test func `a message for others is kept as suspect and without content`() throws {
        let envelope = try network.envelope(from: "kwp-lublin", NetworkFixture.sealedAlert)
        let row = try row(network.delivered(envelope, to: "uw-lublin"), at: "fundacja-przyklad")
        #expect(row.suspicion == RefusalCode.recipientNotEligible.number)
        #expect(row.body.isEmpty)
    }

    @Test func `an altered envelope is suspect and does not occupy the message's id`() throws {
        let envelope = try network.envelope(from: "kwp-lublin", NetworkFixture.goodPractice)
        var altered = try network.delivered(envelope, to: "uw-lublin")
        let place = try #require(altered.range(of: Data("autobusie".utf8)))
        altered[place.lowerBound] ^= 1
        let row = try row(altered, at: "uw-lublin")
        #expect(row.suspicion == RefusalCode.badSignature.number)
        #expect(row.messageID == nil)
        #expect(row.body.isEmpty)
        #expect(row.envelope == altered)
    }

    @Test func `garbage is kept as evidence under its number`() throws {
        let row = try row(Data([1, 2, 3]), at: "uw-lublin")
        #expect(row.suspicion == RefusalCode.malformedEnvelope.number)
        #expect(row.number == MailboxNumber(1))
    }

    @Test func `a sealed message is sealed anew for those who are eligible now`() throws {
        let writer = try network.writer("kwp-lublin")
        let id = MessageID(milliseconds: 5, random: (1, 2))
        let message = try writer.compose(
            MessageDraft(yaml: NetworkFixture.sealedAlert),
            operator: "op-1",
            id: id,
            now: NetworkFixture.now
        )
        let first = try writer.prepare(writer.preview(message, now: NetworkFixture.now))
        let row = OutboxRow(
            sequence: 1,
            messageID: id,
            writtenAt: NetworkFixture.now,
            state: .submitted,
            attempts: 1,
            prepared: first.bytes,
            body: message.body,
            draft: Data(),
            outcome: Data()
        )
        let second = try writer.reseal(row, now: NetworkFixture.now)
        let headers = try [first, second].map { try WireHeader(serializedBytes: $0.header) }
        #expect(headers[0].messageID == headers[1].messageID)
        #expect(headers[0].seal.keyCommitment != headers[1].seal.keyCommitment)
        #expect(first.body != second.body)
    }

    @Test func `a draft with faults is refused with all of them`() throws {
        let writer = try network.writer("kwp-lublin")
        let draft = try MessageDraft(yaml: "type: good-practice\nmarking: TLP:PINK\nbody: {}\n")
        do throws(NodeError) {
            _ = try writer.compose(
                draft,
                operator: "op-1",
                id: MessageID(milliseconds: 5, random: (1, 2)),
                now: NetworkFixture.now
            )
            Issue.record("composed")
        } catch {
            #expect(error.kind == .invalid)
            #expect(error.report.faults.count > 2)
        }
    }

    // MARK: Documents

    @Test func `an older registry never takes the place of a newer one`() throws {
        var network = network
        var documents = try network.documents()
        let first = documents.registryNote
        network.contents.release = 2
        network.contents.previous = documents.registry?.digest
        try documents.adopt(registry: network.registryNote(), now: NetworkFixture.now)
        #expect(documents.registry?.release == 2)
        #expect(throws: DocumentError.self) {
            try documents.adopt(registry: first, now: NetworkFixture.now)
        }
        #expect(documents.registry?.release == 2)
    }

    @Test func `a registry that the authority did not sign is refused`() throws {
        let stranger = try NoteSigner(name: "test-authority", key: SigningKey())
        let note = try stranger.note(text: network.contents.text).bytes
        var documents = TrustedDocuments(authority: network.contents.authority)
        #expect(throws: DocumentError.self) {
            try documents.adopt(registry: note, now: NetworkFixture.now)
        }
        #expect(documents.registry == nil)
    }

    @Test func `what was believed survives a restart, also past its last day`() throws {
        let before = try network.documents()
        let trust = try #require(AuthorityTrust(stored: before.registryTrust.storedText))
        for days in [0, 2_000] as [Int64] {
            var after = TrustedDocuments(authority: AuthorityTrust(threshold: 1, keys: []))
            after.restore(
                registry: before.registryNote,
                trust: trust,
                policy: before.policyNote,
                now: NetworkFixture.now.adding(milliseconds: days * 86_400_000)
            )
            #expect(after.registry?.digest == before.registry?.digest)
            #expect((after.policy == nil) == (days > 0))
        }
    }

    @Test func `an expired registry writes nothing`() throws {
        let documents = try network.documents()
        let later = NetworkFixture.now.adding(milliseconds: 2_000 * 86_400_000)
        #expect(throws: NodeError.self) {
            try MessageWriter(
                node: NetworkFixture.node("kwp-lublin"),
                documents: documents,
                now: later
            )
        }
    }
}

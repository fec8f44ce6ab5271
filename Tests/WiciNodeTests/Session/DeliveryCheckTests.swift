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

    /// What a node believes after it was started again.
    private func restarted(_ before: TrustedDocuments) throws -> TrustedDocuments {
        let trust = try #require(AuthorityTrust(stored: before.registryTrust.storedText))
        var after = TrustedDocuments(authority: AuthorityTrust(threshold: 1, keys: []))
        after.restore(registry: before.registryNote, trust: trust, policy: before.policyNote)
        return after
    }

    private func moment(day: String) throws -> Moment {
        let days = try #require(CivilDate(day)).daysSinceEpoch
        return Moment(milliseconds: Int64(days) * 86_400_000 + 43_200_000)
    }

    @Test(arguments: ["2026-11-01", "2026-12-01", "2027-01-05"])
    func `a restart takes nothing back, before its first day and after its last`(
        day: String
    ) throws {
        var network = network
        var documents = try network.documents()
        let first = documents
        network.contents.release = 2
        network.contents.previous = documents.registry?.digest
        network.contents.expires = try #require(CivilDate("2026-12-31"))
        let firstPolicy = try #require(documents.policy)
        let secondPolicy = try network.authority.note(
            text: try SignedNote(bytes: network.policyNote).text
                .replacing("\nrelease: 1\n", with: "\nrelease: 2\n")
                .replacing(
                    "\nprevious: none\n",
                    with: "\nprevious: \(firstPolicy.digest.hexadecimal)\n"
                )
                .replacing(
                    "\nexpires: \(firstPolicy.expires)\n",
                    with: "\nexpires: 2026-12-31\n"
                )
        ).bytes
        try documents.adopt(registry: network.registryNote(), now: NetworkFixture.now)
        try documents.adopt(policy: secondPolicy, now: NetworkFixture.now)
        #expect(documents.policy?.release == 2)

        var after = try restarted(documents)
        // The first releases hold longer than the second: only their numbers speak against them.
        for now in [try moment(day: day), try moment(day: "2027-01-05")] {
            #expect(throws: DocumentError.self) {
                try after.adopt(registry: first.registryNote, now: now)
            }
            #expect(throws: DocumentError.self) {
                try after.adopt(policy: first.policyNote, now: now)
            }
        }
        #expect(after.registry?.digest == documents.registry?.digest)
        #expect(after.policy?.digest == documents.policy?.digest)
    }

    @Test func `what expired while the node was off is expired, not forgotten`() throws {
        let documents = try restarted(network.documents())
        let error = #expect(throws: NodeError.self) {
            try MessageWriter(
                node: NetworkFixture.node("kwp-lublin"),
                documents: documents,
                now: NetworkFixture.now.adding(milliseconds: 2_000 * 86_400_000)
            )
        }
        #expect(error?.report.name == "registry-expired")
    }

    @Test func `a policy known to this process still needs the authority's signatures`() throws {
        _ = try network.documents()
        var documents = TrustedDocuments(authority: network.contents.authority)
        var contents = network.contents
        let other = try NoteSigner(name: "other-authority", key: SigningKey())
        contents.authority = AuthorityTrust(threshold: 1, keys: [other.verifierKey])
        let registry = try network.authority.note(text: contents.text).bytes
        try documents.adopt(registry: registry, now: NetworkFixture.now)
        #expect(throws: DocumentError.self) {
            try documents.adopt(policy: network.policyNote, now: NetworkFixture.now)
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

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Crypto
import Foundation
import Testing

@testable import WiciCore

struct RegistryTests {
    private let fixture = RegistryFixture()
    private let now = RegistryFixture.now

    private func load(_ note: Data, after previous: Registry? = nil) throws -> Registry {
        try Registry.load(
            note: note,
            trust: fixture.contents.authority,
            after: previous,
            now: now
        )
    }

    private func refusal(_ body: () throws -> Void) throws -> DocumentError {
        try #require(throws: DocumentError.self) { try body() }
    }

    @Test func `contents written and read again are the same`() throws {
        #expect(try RegistryContents(text: fixture.contents.text) == fixture.contents)
    }

    @Test(arguments: [
        "Straż & Pomoc", "&kotwica", "a &b", "*", "! znak", "koniec &", "dwa\u{85}wiersze",
        "dwa\u{2028}wiersze\u{2029}trzy", "po\u{FEFF}czątek", "\u{FFFE}", "C:\\folder \"a\"",
        "\u{9B}sterujący", "100% *pewne*", "🙂",
    ])
    func `a name with signs that YAML knows reads back as it was written`(name: String) throws {
        var contents = fixture.contents
        contents.network = name
        contents.institutions[0].name = Bilingual(polish: name, english: "a \(name)")
        let again = try RegistryContents(text: contents.text)
        #expect(again == contents)
        #expect(again.text == contents.text)
    }

    @Test func `a signed registry loads and answers by id and by key`() throws {
        let note = try fixture.note()
        let registry = try load(note)
        #expect(registry.digest == Digest(SHA256.hash(data: note)))
        let node = try #require(registry.node(RegistryFixture.id("kwp-lublin.backup")))
        #expect(registry.node(exchangeKey: node.exchangeKey) == node)
        #expect(registry.institution(of: node.id)?.kind.text == "IK-POL")
        #expect(registry.nodes(of: node.institution).count == 2)
        #expect(registry.institutions(inRegion: RegistryFixture.id("PL-18")).count == 1)
        #expect(registry.institutions(inRegion: .country).map(\.id.text) == ["kcik"])
        #expect(registry.institutions(ofTeam: RegistryFixture.id("team-06")).count == 1)
    }

    @Test func `fewer signatures than the threshold are refused`() throws {
        let note = try fixture.note(by: "a")
        #expect(try refusal { _ = try load(note) }.code == .noteSignaturesMissing)
        let changed = Data(
            String(decoding: try fixture.note(), as: UTF8.self).replacing("PL-18", with: "PL-20")
                .utf8
        )
        #expect(try refusal { _ = try load(changed) }.code == .noteSignatureWrong)
    }

    @Test func `an expired registry is refused and one of the future too`() throws {
        var old = fixture
        old.contents.expires = RegistryFixture.issued
        let expired = try old.note()
        #expect(try refusal { _ = try load(expired) }.code == .documentExpired)
        var early = fixture
        early.contents.issued = RegistryFixture.issued.adding(days: 100)
        let future = try early.note()
        #expect(try refusal { _ = try load(future) }.code == .documentNotYetIssued)
    }

    @Test func `releases grow and name the one before`() throws {
        let first = try fixture.note()
        let inForce = try load(first)
        #expect(try load(first, after: inForce).release == 1)
        let next = try RegistryContents.nextText(after: first, issued: RegistryFixture.issued) {
            contents throws(RegistryError) in
            try contents.revoke(
                RegistryFixture.id("kwp-lublin.main"),
                on: RegistryFixture.issued,
                reason: .keyLost
            )
        }
        let second = try load(RegistryFixture.note(text: next, by: "bc"), after: inForce)
        #expect(second.release == 2)
        #expect(!second.isInGoodStanding(RegistryFixture.id("kwp-lublin.main"), at: now))
        #expect(second.isInGoodStanding(RegistryFixture.id("kwp-lublin.backup"), at: now))
        #expect(try refusal { _ = try load(first, after: second) }.code == .releaseNotNewer)
        let other = next.replacing(inForce.digest.hexadecimal, with: Digest.zero.hexadecimal)
        let forged = try RegistryFixture.note(text: other, by: "ab")
        #expect(try refusal { _ = try load(forged, after: inForce) }.code == .previousDigestWrong)
    }

    @Test func `a change of authority is signed by the old one`() throws {
        let first = try fixture.note()
        let inForce = try load(first)
        let newKey = try RegistryFixture.signer("authority.example/d").verifierKey
        let text = try RegistryContents.nextText(after: first, issued: RegistryFixture.issued) {
            contents throws(RegistryError) in
            contents.authority = AuthorityTrust(threshold: 1, keys: [newKey])
        }
        let byNew = try RegistryFixture.note(text: text, by: "d")
        #expect(try refusal { _ = try load(byNew, after: inForce) }.code == .noteSignaturesMissing)
        let byOld = try RegistryFixture.note(text: text, by: "ab")
        #expect(try load(byOld, after: inForce).contents.authority.keys == [newKey])
    }

    @Test func `releases on record are followed through a change of authority`() throws {
        let trust = fixture.contents.authority
        let first = try fixture.note()
        let newKey = try RegistryFixture.signer("authority.example/d").verifierKey
        let text = try RegistryContents.nextText(after: first, issued: RegistryFixture.issued) {
            contents throws(RegistryError) in
            contents.authority = AuthorityTrust(threshold: 1, keys: [newKey])
        }
        let second = try RegistryFixture.note(text: text, by: "ab")
        let third = try RegistryFixture.note(
            text: RegistryContents.nextText(after: second, issued: RegistryFixture.issued) { _ in },
            by: "d"
        )
        let last = try #require(try Registry.follow(chain: [first, second, third], trust: trust))
        #expect(last.release == 3)
        #expect(try Registry.follow(chain: [], trust: trust) == nil)
        #expect(trust.hasSigned(second) && !trust.hasSigned(third))
        // The note in force is known by its digest, whoever may sign the next one.
        #expect(try load(third, after: last).digest == last.digest)
        let skipped = try refusal { _ = try Registry.follow(chain: [first, third], trust: trust) }
        #expect(skipped.code == .noteSignaturesMissing)
        let turned = try refusal {
            _ = try Registry.follow(chain: [first, second, first], trust: trust)
        }
        #expect(turned.code == .noteSignaturesMissing)
    }

    @Test(arguments: [
        ("kind: IK-POL", "kind: IK-XXX", "document-word-unknown", "institutions[0].kind"),
        (
            "regions: [PL-06]", "regions: [PL-07]", "document-word-unknown",
            "institutions[0].regions[0]"
        ),
        (
            "regions: [PL]", "regions: [PL, PL-06]", "document-contradiction",
            "institutions[2].regions"
        ),
        (
            "teams: [\"team-06\"]", "teams: [\"team-07\"]", "document-reference-unknown",
            "institutions[0].teams[0]"
        ),
        (
            "institution: \"kwp-lublin\"", "institution: \"kwp\"", "document-reference-unknown",
            "nodes[0].institution"
        ),
        ("release: 1", "release: one", "document-wrong-form", "release"),
        ("release: 1", "realease: 1", "document-key-missing", "release"),
        ("threshold: 2", "threshold: 4", "document-contradiction", "authority.threshold"),
        (
            "valid-from: 2026-11-23", "valid-from: 2026-13-01", "document-wrong-form",
            "institutions[0].valid-from"
        ),
        (
            "since: \"2014-10-07\"", "since: \"2014-10-99\"", "document-wrong-form",
            "teams[0].since"
        ),
        ("nodes:", "colour: red\nnodes:", "document-key-unknown", "colour"),
    ])
    func `a fault in the text is refused with path and line`(
        find: String,
        replacement: String,
        code: String,
        path: String
    ) throws {
        var text = fixture.contents.text
        let range = try #require(text.range(of: find))
        text.replaceSubrange(range, with: replacement)
        let error = try refusal { _ = try RegistryContents(text: text) }
        #expect(error.code.name == code)
        #expect(error.path == path)
        #expect(error.line != nil)
        #expect(error.sentence.polish.contains("wiersz"))
    }

    @Test func `one key never stands for two`() throws {
        var contents = fixture.contents
        contents.nodes[1].signingKey = contents.nodes[0].exchangeKey
        #expect(
            try refusal { _ = try RegistryContents(text: contents.text) }.code
                == .documentIdTwice
        )
    }

    @Test func `an enrolment request proves that its sender holds the key`() throws {
        let key = try #require(SigningKey(seed: RegistryFixture.seed("new")))
        let request = EnrolmentRequest(
            institution: RegistryFixture.id("kcik"),
            node: RegistryFixture.id("kcik.main"),
            exchangeKey: RegistryFixture.key("x"),
            signingKey: try #require(RawPublicKey(bytes: key.publicKey.rawRepresentation)),
            sealingKey: RegistryFixture.key("s")
        )
        let note = try request.signed(with: key)
        #expect(try EnrolmentRequest(note: note) == request)
        let stolen = Data(
            String(decoding: note, as: UTF8.self).replacing("kcik.main", with: "kcik.evil").utf8
        )
        #expect(try refusal { _ = try EnrolmentRequest(note: stolen) }.code == .requestProofWrong)
        let text = try RegistryContents.nextText(
            after: fixture.note(),
            issued: RegistryFixture.issued
        ) { contents throws(RegistryError) in
            try contents.enrol(request, validity: Validity(from: RegistryFixture.issued))
        }
        #expect(try RegistryContents(text: text).nodes.last?.id == request.node)
    }

    @Test func `rotation keeps the old keys for mail from before`() throws {
        var contents = fixture.contents
        let old = contents.nodes[0]
        let request = EnrolmentRequest(
            institution: old.institution,
            node: old.id,
            exchangeKey: old.exchangeKey,
            signingKey: RegistryFixture.key("fresh signing"),
            sealingKey: RegistryFixture.key("fresh sealing")
        )
        let through = RegistryFixture.issued
        try contents.rotate(request, oldKeysThrough: through)
        let node = contents.nodes[0]
        #expect(node.retiredSigningKeys.map(\.key) == [old.signingKey])
        #expect(node.retiredSealingKeys.map(\.key) == [old.sealingKey])
        #expect(node.signingKeys(on: through) == [request.signingKey, old.signingKey])
        #expect(node.signingKeys(on: through.adding(days: 1)) == [request.signingKey])
        #expect(try RegistryContents(text: contents.text) == contents)
    }
}

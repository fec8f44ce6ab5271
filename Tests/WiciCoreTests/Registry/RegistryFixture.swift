// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A small registry with keys from fixed seeds, and authorities that sign it.

import Crypto
import Foundation
import WiciCore

struct RegistryFixture {
    var contents: RegistryContents

    static let issued = CivilDate(year: 2026, month: 11, day: 23) ?? CivilDate(daysSinceEpoch: 0)
    static let expires = CivilDate(year: 2027, month: 11, day: 23) ?? CivilDate(daysSinceEpoch: 0)
    static let now = WarsawTime.moment(on: issued.adding(days: 8), millisecondsOfDay: 43_200_000)

    static func seed(_ text: String) -> Data { Data(SHA256.hash(data: Data(text.utf8))) }

    static func signer(_ name: String) throws -> NoteSigner {
        guard let key = SigningKey(seed: seed(name)) else { throw FixtureError.key }
        return try NoteSigner(name: name, key: key)
    }

    enum FixtureError: Error { case key, id }

    init() {
        // Seeds are 32 bytes and names are allowed, so the fallbacks are never taken.
        let authority = ["authority.example/a", "authority.example/b", "authority.example/c"]
            .compactMap { try? Self.signer($0).verifierKey }
        guard let hubKey = try? Self.signer("hub.example/ledger").verifierKey else {
            preconditionFailure("the fixture's hub key")
        }
        self.contents = RegistryContents(
            network: "wici-test",
            release: 1,
            previous: nil,
            issued: Self.issued,
            expires: Self.expires,
            authority: AuthorityTrust(threshold: 2, keys: authority),
            hub: HubIdentity(
                origin: "hub.example/ledger",
                exchangeKey: Self.key("hub exchange"),
                ledgerKey: hubKey
            ),
            teams: [
                Team(
                    id: Self.id("team-06"),
                    region: Self.id("PL-06"),
                    name: Bilingual(polish: "Zespół \"lubelski\"", english: "Lublin team"),
                    since: PartialDate("2014-10-07")
                )
            ],
            institutions: [
                Self.institution("kwp-lublin", "IK-POL", ["PL-06"], teams: ["team-06"]),
                Self.institution("fundacja-przyklad", "IK-NGO", ["PL-06", "PL-18"]),
                Self.institution("kcik", "IK-KCI", ["PL"]),
            ],
            nodes: []
        )
        contents.nodes = [
            node("kwp-lublin.main", of: "kwp-lublin", number: 0),
            node("kwp-lublin.backup", of: "kwp-lublin", number: 1),
            node("fundacja-przyklad.main", of: "fundacja-przyklad", number: 2),
        ]
    }

    static func id<ID: Identifier>(_ text: String) -> ID {
        guard let id = ID(text) else { preconditionFailure("the fixture's id \(text)") }
        return id
    }

    static func key(_ text: String) -> RawPublicKey {
        guard let key = RawPublicKey(bytes: seed(text)) else { preconditionFailure("32 bytes") }
        return key
    }

    static func institution(
        _ id: String,
        _ kind: String,
        _ regions: [String],
        teams: [String] = []
    ) -> Institution {
        Institution(
            id: self.id(id),
            kind: self.id(kind),
            name: Bilingual(polish: "Instytucja \(id)", english: "Institution \(id)"),
            regions: regions.map { self.id($0) },
            teams: teams.map { self.id($0) },
            roles: ["coordinator", "duty-officer"],
            validity: Validity(from: issued)
        )
    }

    func node(_ id: String, of institution: String, number: Int) -> RegistryNode {
        RegistryNode(
            id: Self.id(id),
            institution: Self.id(institution),
            exchangeKey: Self.key("exchange \(number)"),
            signingKey: Self.key("signing \(number)"),
            sealingKey: Self.key("sealing \(number)"),
            validity: Validity(from: Self.issued)
        )
    }

    /// The contents signed by the authorities of the given letters.
    func note(by letters: String = "ab") throws -> Data {
        try Self.note(text: contents.text, by: letters)
    }

    static func note(text: String, by letters: String) throws -> Data {
        var note = try SignedNote(text: text)
        for letter in letters { try signer("authority.example/\(letter)").sign(&note) }
        return note.bytes
    }
}

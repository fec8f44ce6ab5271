// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading a registry's text: strict, and closed under its own references.

import Foundation

extension RegistryContents {
    /// Parses a registry's text (YAML, at most 1 MiB).
    ///
    /// Refuses unknown or repeated keys, words that the vocabulary does not hold, references to
    /// nothing, and ids or keys used twice; the error names path and line.
    public init(
        text: String,
        vocabulary: Vocabulary = .current
    ) throws(RegistryError) {
        var fields = try DocumentValue(text: text).fields()
        let network = try fields.required("registry").text(limit: 120)
        let release = try fields.required("release").number(in: 1...UInt64(UInt32.max))
        let previous = try fields.required("previous").previousDigest(release: release)
        let issued = try fields.required("issued").date()
        let expiry = try fields.required("expires")
        let expires = try expiry.date()
        guard issued <= expires else { throw expiry.error(.documentContradiction) }
        let authority = try fields.required("authority").authority()
        let hub = try fields.required("hub").hub()
        let membership = try MembershipText(from: &fields, vocabulary: vocabulary)
        let nodes = try fields.required("nodes").nodes(institutions: membership.institutions)
        try fields.finish()
        self.init(
            network: network,
            release: release,
            previous: previous,
            issued: issued,
            expires: expires,
            authority: authority,
            hub: hub,
            teams: membership.teams,
            institutions: membership.institutions,
            nodes: nodes
        )
        try refuseSharedKeys()
    }

    /// Refuses a key that stands at two places: one key must never speak for two.
    private func refuseSharedKeys() throws(RegistryError) {
        var seen: Set<RawPublicKey> = [hub.exchangeKey]
        for (index, node) in nodes.enumerated() {
            let retired = (node.retiredSigningKeys + node.retiredSealingKeys).map(\.key)
            for key in [node.exchangeKey, node.signingKey, node.sealingKey] + retired
            where !seen.insert(key).inserted {
                throw RegistryError(.documentIdTwice, path: "nodes[\(index)]")
            }
        }
    }
}

/// Teams and institutions: the part of a registry that people write before there are any keys.
public struct MembershipText: Hashable, Sendable {
    /// The teams.
    public let teams: [Team]
    /// The institutions.
    public let institutions: [Institution]

    /// Parses a text that holds `teams` and `institutions` and nothing else.
    public init(text: String, vocabulary: Vocabulary = .current) throws(RegistryError) {
        var fields = try DocumentValue(text: text).fields()
        try self.init(from: &fields, vocabulary: vocabulary)
        try fields.finish()
    }

    init(from fields: inout DocumentFields, vocabulary: Vocabulary) throws(RegistryError) {
        let regions = Set(
            vocabulary["voivodeship"].entries.map { $0.attributes["iso"] ?? $0.code.text }
        )
        let teams = try fields.required("teams").teams(regions: regions)
        let kinds = Set(vocabulary["institution-kind"].entries.map(\.code))
        let value = try fields.required("institutions")
        let items = try value.list(limit: RegistryContents.institutionLimit)
        var institutions: [Institution] = []
        var seen: Set<InstitutionID> = []
        let teamIDs = Set(teams.map(\.id))
        for item in items {
            let institution = try item.institution(kinds: kinds, regions: regions, teams: teamIDs)
            guard seen.insert(institution.id).inserted else { throw item.error(.documentIdTwice) }
            institutions.append(institution)
        }
        let parents = Dictionary(
            institutions.compactMap { one in one.parent.map { (one.id, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        for (institution, item) in zip(institutions, items) {
            guard let parent = institution.parent else { continue }
            guard seen.contains(parent) else { throw item.error(.documentReferenceUnknown) }
            var ancestor: InstitutionID? = parent
            for _ in 0...institutions.count where ancestor != nil {
                guard ancestor != institution.id else { throw item.error(.documentContradiction) }
                ancestor = ancestor.flatMap { parents[$0] }
            }
        }
        self.teams = teams
        self.institutions = institutions
    }
}

extension DocumentValue {
    /// `none` for the first release, else 64 hexadecimal digits.
    func previousDigest(release: UInt64) throws(DocumentError) -> Digest? {
        let text = try text()
        if text == "none" {
            guard release == 1 else { throw error(.documentContradiction) }
            return nil
        }
        guard let digest = Digest(hexadecimal: text) else {
            throw wrongForm("none albo 64 cyfry szesnastkowe", "none or 64 hexadecimal digits")
        }
        guard release > 1 else { throw error(.documentContradiction) }
        return digest
    }

    func rawKey() throws(DocumentError) -> RawPublicKey {
        guard let key = RawPublicKey(hexadecimal: try text()) else {
            throw wrongForm("klucz, 64 cyfry szesnastkowe", "a key, 64 hexadecimal digits")
        }
        return key
    }

    func verifierKey() throws(DocumentError) -> VerifierKey {
        guard let key = try? VerifierKey(text: try text(limit: 1024)), key.kind == .ed25519 else {
            throw wrongForm("klucz weryfikujący Ed25519", "an Ed25519 verifier key")
        }
        return key
    }

    fileprivate func authority() throws(DocumentError) -> AuthorityTrust {
        var fields = try fields()
        let threshold = try fields.required("threshold")
        let value = try fields.required("keys")
        var keys: [VerifierKey] = []
        for item in try value.list(limit: 16) {
            let key = try item.verifierKey()
            guard !keys.contains(where: { $0.publicKey == key.publicKey || $0.name == key.name })
            else { throw item.error(.documentIdTwice) }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw value.error(.documentContradiction) }
        let needed = try threshold.number(in: 1...16)
        guard needed <= UInt64(keys.count) else { throw threshold.error(.documentContradiction) }
        try fields.finish()
        return AuthorityTrust(threshold: Int(needed), keys: keys)
    }

    fileprivate func hub() throws(DocumentError) -> HubIdentity {
        var fields = try fields()
        let origin = try fields.required("origin").text(limit: 255)
        let exchangeKey = try fields.required("exchange-key").rawKey()
        let ledgerKey = try fields.required("ledger-key").verifierKey()
        guard ledgerKey.name == origin else { throw fields.error(.documentContradiction) }
        try fields.finish()
        return HubIdentity(origin: origin, exchangeKey: exchangeKey, ledgerKey: ledgerKey)
    }

    fileprivate func region(in regions: Set<String>) throws(DocumentError) -> RegionCode {
        let region = try identifier(RegionCode.self)
        guard regions.contains(region.text) else { throw unknownWord(region.text) }
        return region
    }

    fileprivate func teams(regions: Set<String>) throws(DocumentError) -> [Team] {
        var teams: [Team] = []
        var seen: Set<TeamID> = []
        for item in try list(limit: RegistryContents.teamLimit) {
            var fields = try item.fields()
            let id = try fields.required("id").identifier(TeamID.self)
            guard seen.insert(id).inserted else { throw item.error(.documentIdTwice) }
            let region = try fields.required("region").region(in: regions)
            let name = try fields.required("name").bilingual(limit: 200)
            let since = try fields.optional("since")?.partialDate()
            let isDisputed = try fields.optional("disputed")?.boolean() ?? false
            try fields.finish()
            teams.append(
                Team(id: id, region: region, name: name, since: since, isDisputed: isDisputed)
            )
        }
        return teams
    }

    private func partialDate() throws(DocumentError) -> PartialDate {
        guard let date = PartialDate(try text()) else {
            throw wrongForm("RRRR, RRRR-MM albo RRRR-MM-DD", "YYYY, YYYY-MM or YYYY-MM-DD")
        }
        return date
    }

    fileprivate func institution(
        kinds: Set<Code>,
        regions: Set<String>,
        teams: Set<TeamID>
    ) throws(DocumentError) -> Institution {
        var fields = try fields()
        let id = try fields.required("id").identifier(InstitutionID.self)
        let kindValue = try fields.required("kind")
        let kind = try kindValue.identifier(Code.self)
        guard kinds.contains(kind) else { throw kindValue.unknownWord(kind.text) }
        let name = try fields.required("name").bilingual(limit: 200)
        let regionValue = try fields.required("regions")
        let acting = try regionValue.distinct(limit: 17) { value throws(DocumentError) in
            try value.region(in: regions.union([RegionCode.country.text]))
        }
        guard !acting.isEmpty, acting == [.country] || !acting.contains(.country) else {
            throw regionValue.error(.documentContradiction)
        }
        let memberOf =
            try fields.optional("teams")?.distinct(limit: 64) {
                value throws(DocumentError) -> TeamID in
                let team = try value.identifier(TeamID.self)
                guard teams.contains(team) else { throw value.error(.documentReferenceUnknown) }
                return team
            } ?? []
        let parent = try fields.optional("parent")?.identifier(InstitutionID.self)
        let roles =
            try fields.optional("roles")?.distinct(limit: 64) {
                value throws(DocumentError) -> String in
                let role = try value.text(limit: 63)
                guard isSlug(role) else { throw value.wrongForm("identyfikator", "an id") }
                return role
            } ?? []
        let isAuditor = try fields.optional("auditor")?.boolean() ?? false
        let validity = try fields.validity()
        try fields.finish()
        return Institution(
            id: id,
            kind: kind,
            name: name,
            regions: acting,
            teams: memberOf,
            parent: parent,
            roles: roles,
            isAuditor: isAuditor,
            validity: validity
        )
    }

    fileprivate func nodes(
        institutions: [Institution]
    ) throws(DocumentError) -> [RegistryNode] {
        let known = Set(institutions.map(\.id))
        var nodes: [RegistryNode] = []
        var seen: Set<NodeID> = []
        for item in try list(limit: RegistryContents.nodeLimit) {
            var fields = try item.fields()
            let id = try fields.required("id").identifier(NodeID.self)
            guard seen.insert(id).inserted else { throw item.error(.documentIdTwice) }
            let institutionValue = try fields.required("institution")
            let institution = try institutionValue.identifier(InstitutionID.self)
            guard known.contains(institution) else {
                throw institutionValue.error(.documentReferenceUnknown)
            }
            let exchangeKey = try fields.required("exchange-key").rawKey()
            let signingKey = try fields.required("signing-key").rawKey()
            let sealingKey = try fields.required("sealing-key").rawKey()
            let retiredSigning = try fields.optional("previous-signing-keys")?.retiredKeys() ?? []
            let retiredSealing = try fields.optional("previous-sealing-keys")?.retiredKeys() ?? []
            let validity = try fields.validity()
            let revocation = try fields.optional("revoked")?.revocation()
            try fields.finish()
            nodes.append(
                RegistryNode(
                    id: id,
                    institution: institution,
                    exchangeKey: exchangeKey,
                    signingKey: signingKey,
                    sealingKey: sealingKey,
                    retiredSigningKeys: retiredSigning,
                    retiredSealingKeys: retiredSealing,
                    validity: validity,
                    revocation: revocation
                )
            )
        }
        return nodes
    }

    private func retiredKeys() throws(DocumentError) -> [RetiredKey] {
        var keys: [RetiredKey] = []
        for item in try list(limit: 16) {
            var fields = try item.fields()
            let key = try fields.required("key").rawKey()
            let through = try fields.required("valid-to").date()
            try fields.finish()
            keys.append(RetiredKey(key: key, through: through))
        }
        return keys
    }

    private func revocation() throws(DocumentError) -> Revocation {
        var fields = try fields()
        let date = try fields.required("date").date()
        let value = try fields.required("reason")
        let word = try value.text()
        guard let reason = RevocationReason(rawValue: word) else { throw value.unknownWord(word) }
        try fields.finish()
        return Revocation(date: date, reason: reason)
    }

    /// A list of which no item stands twice.
    func distinct<Item: Hashable>(
        limit: Int,
        _ read: (DocumentValue) throws(DocumentError) -> Item
    ) throws(DocumentError) -> [Item] {
        var items: [Item] = []
        var seen: Set<Item> = []
        for value in try list(limit: limit) {
            let item = try read(value)
            guard seen.insert(item).inserted else { throw value.error(.documentIdTwice) }
            items.append(item)
        }
        return items
    }
}

extension DocumentFields {
    /// `valid-from` and, where there is an end, `valid-to`.
    mutating func validity() throws(DocumentError) -> Validity {
        let from = try required("valid-from").date()
        let end = optional("valid-to")
        let through = try end?.date()
        if let end, let through, through < from { throw end.error(.documentContradiction) }
        return Validity(from: from, through: through)
    }
}

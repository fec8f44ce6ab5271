// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a registry says about teams, institutions and nodes.

public import Foundation

/// A public key as it stands in a registry: 32 bytes, written as 64 hexadecimal digits.
///
/// What the bytes mean (CURVE and X25519, or Ed25519) is said by the field that holds them.
public struct RawPublicKey: Hashable, Sendable, CustomStringConvertible {
    private let bytes: Digest

    /// Takes 32 bytes; `nil` for another count.
    public init?(bytes: some ContiguousBytes) {
        guard let digest = Digest(bytes: bytes) else { return nil }
        self.bytes = digest
    }

    /// Takes 64 hexadecimal digits, lower case.
    public init?(hexadecimal text: String) {
        guard let digest = Digest(hexadecimal: text) else { return nil }
        self.bytes = digest
    }

    /// The 32 bytes.
    public var data: Data { bytes.data }
    /// 64 hexadecimal digits, lower case.
    public var hexadecimal: String { bytes.hexadecimal }
    /// 64 hexadecimal digits, lower case.
    public var description: String { hexadecimal }
    /// First 8 bytes of the SHA-256 of the key: its id on the wire.
    public var keyID: KeyID { KeyID(publicKey: data) }
}

/// The day, month or year since which something exists, as exactly as the source tells.
public struct PartialDate: Hashable, Sendable, CustomStringConvertible {
    /// How exact the date is.
    public enum Precision: String, Hashable, Sendable {
        /// Only the year is known.
        case year
        /// Year and month are known.
        case month
        /// The day is known.
        case day
    }

    /// `2010`, `2010-10` or `2014-10-07`.
    public let text: String
    /// How exact it is.
    public let precision: Precision

    /// Takes `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.utf8.count
        guard
            let precision: Precision = [4: .year, 7: .month, 10: .day][parts],
            CivilDate(text + String("-01-01".dropFirst(parts == 4 ? 0 : parts == 7 ? 3 : 6))) != nil
        else { return nil }
        self.text = text
        self.precision = precision
    }

    /// The text.
    public var description: String { text }
}

/// A voivodeship team.
public struct Team: Hashable, Sendable {
    /// The team's id, for example `team-06`.
    public var id: TeamID
    /// The voivodeship.
    public var region: RegionCode
    /// The team's name.
    public var name: Bilingual
    /// Since when the team exists; `nil` when no source tells.
    public var since: PartialDate?
    /// True when sources contradict one another about `since`.
    public var isDisputed: Bool

    /// Makes a team.
    public init(
        id: TeamID,
        region: RegionCode,
        name: Bilingual,
        since: PartialDate?,
        isDisputed: Bool = false
    ) {
        self.id = id
        self.region = region
        self.name = name
        self.since = since
        self.isDisputed = isDisputed
    }
}

/// The days on which something holds, both ends included.
public struct Validity: Hashable, Sendable {
    /// First day.
    public var from: CivilDate
    /// Last day; `nil` when no end is set.
    public var through: CivilDate?

    /// Makes a span of days.
    public init(from: CivilDate, through: CivilDate? = nil) {
        self.from = from
        self.through = through
    }

    /// Whether it holds on a day.
    public func contains(_ date: CivilDate) -> Bool {
        from <= date && through.map { date <= $0 } ?? true
    }
}

/// A member institution.
public struct Institution: Hashable, Sendable {
    /// The institution's id, for example `kwp-lublin`.
    public var id: InstitutionID
    /// Code of list `institution-kind`, for example `IK-POL`.
    public var kind: Code
    /// The institution's name.
    public var name: Bilingual
    /// The voivodeships in which it acts; `PL` alone for a national institution.
    public var regions: [RegionCode]
    /// The teams of which it is a member.
    public var teams: [TeamID]
    /// The institution that it is subordinate to (what TLP:AMBER calls a client of that one).
    public var parent: InstitutionID?
    /// The roles that messages can address.
    public var roles: [String]
    /// Whether its nodes may read the whole ledger.
    public var isAuditor: Bool
    /// Days of membership.
    public var validity: Validity

    /// Makes an institution.
    public init(
        id: InstitutionID,
        kind: Code,
        name: Bilingual,
        regions: [RegionCode],
        teams: [TeamID] = [],
        parent: InstitutionID? = nil,
        roles: [String] = [],
        isAuditor: Bool = false,
        validity: Validity
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.regions = regions
        self.teams = teams
        self.parent = parent
        self.roles = roles
        self.isAuditor = isAuditor
        self.validity = validity
    }

    /// Whether it acts in the whole country.
    public var isNational: Bool { regions == [.country] }

    /// Whether the two share a region; a national institution shares one with everybody.
    public func sharesRegion(with other: Institution) -> Bool {
        isNational || other.isNational || regions.contains(where: other.regions.contains)
    }
}

/// Why a node was revoked.
public enum RevocationReason: String, Hashable, Sendable, CaseIterable {
    /// A key was lost.
    case keyLost = "key-lost"
    /// Somebody else has or may have a key.
    case keyCompromised = "key-compromised"
    /// Another node took its place.
    case superseded
    /// The institution left the network.
    case withdrawn
}

/// That and why a node was revoked.
public struct Revocation: Hashable, Sendable {
    /// The day; the node is out for the whole of it.
    public var date: CivilDate
    /// Why.
    public var reason: RevocationReason

    /// Makes a revocation.
    public init(date: CivilDate, reason: RevocationReason) {
        self.date = date
        self.reason = reason
    }
}

/// A key that was replaced and still counts for mail from before.
public struct RetiredKey: Hashable, Sendable {
    /// The public key.
    public var key: RawPublicKey
    /// The last day whose mail may have been signed with it or sealed to it.
    public var through: CivilDate

    /// Makes a retired key.
    public init(key: RawPublicKey, through: CivilDate) {
        self.key = key
        self.through = through
    }
}

/// One set of keys and one connection of an institution.
public struct RegistryNode: Hashable, Sendable {
    /// The node's id, for example `kwp-lublin.main`.
    public var id: NodeID
    /// The institution it belongs to.
    public var institution: InstitutionID
    /// CURVE public key of the exchange and feed connections.
    public var exchangeKey: RawPublicKey
    /// Ed25519 public key that signs its messages.
    public var signingKey: RawPublicKey
    /// X25519 public key to which messages are sealed.
    public var sealingKey: RawPublicKey
    /// Signing keys that were replaced: the hub takes nothing new under them, receivers still
    /// verify what was sent before.
    public var retiredSigningKeys: [RetiredKey]
    /// Sealing keys that were replaced: they still open what was sealed before.
    public var retiredSealingKeys: [RetiredKey]
    /// Days on which the keys may be used.
    public var validity: Validity
    /// Set when the node was revoked.
    public var revocation: Revocation?

    /// Makes a node.
    public init(
        id: NodeID,
        institution: InstitutionID,
        exchangeKey: RawPublicKey,
        signingKey: RawPublicKey,
        sealingKey: RawPublicKey,
        retiredSigningKeys: [RetiredKey] = [],
        retiredSealingKeys: [RetiredKey] = [],
        validity: Validity,
        revocation: Revocation? = nil
    ) {
        self.id = id
        self.institution = institution
        self.exchangeKey = exchangeKey
        self.signingKey = signingKey
        self.sealingKey = sealingKey
        self.retiredSigningKeys = retiredSigningKeys
        self.retiredSealingKeys = retiredSealingKeys
        self.validity = validity
        self.revocation = revocation
    }

    /// The keys under which a message that was sent on a day verifies, the present one first.
    public func signingKeys(on date: CivilDate) -> [RawPublicKey] {
        [signingKey] + retiredSigningKeys.filter { date <= $0.through }.map(\.key)
    }

    /// Whether the node's own entry holds at a moment; the institution's is asked by the registry.
    public func isInGoodStanding(at moment: Moment) -> Bool {
        isInGoodStanding(on: WarsawTime.date(at: moment))
    }

    /// Whether the node's own entry holds on a day of the Polish calendar.
    public func isInGoodStanding(on date: CivilDate) -> Bool {
        validity.contains(date) && revocation.map { date < $0.date } ?? true
    }
}

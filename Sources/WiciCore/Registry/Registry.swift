// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The registry in force: who is a member, with which keys. Every question that hub and node ask on
// the way of a message is one dictionary look-up.

/// A verified registry release with its indexes.
public struct Registry: Sendable {
    /// What the text says.
    public let contents: RegistryContents
    /// SHA-256 of the signed note.
    public let digest: Digest

    private let nodePlaces: [NodeID: Int]
    private let exchangePlaces: [RawPublicKey: Int]
    private let institutionPlaces: [InstitutionID: Int]
    private let nodesOfInstitution: [InstitutionID: [Int]]
    private let institutionsOfRegion: [RegionCode: [Int]]
    private let institutionsOfKind: [Code: [Int]]
    private let institutionsOfTeam: [TeamID: [Int]]
    private let teamPlaces: [TeamID: Int]

    /// Indexes contents whose signatures the caller has verified or made.
    public init(contents: RegistryContents, digest: Digest) {
        self.contents = contents
        self.digest = digest
        self.nodePlaces = places(of: contents.nodes.map(\.id))
        self.exchangePlaces = places(of: contents.nodes.map(\.exchangeKey))
        self.institutionPlaces = places(of: contents.institutions.map(\.id))
        self.teamPlaces = places(of: contents.teams.map(\.id))
        var nodesOfInstitution: [InstitutionID: [Int]] = [:]
        for (index, node) in contents.nodes.enumerated() {
            nodesOfInstitution[node.institution, default: []].append(index)
        }
        var regions: [RegionCode: [Int]] = [:]
        var kinds: [Code: [Int]] = [:]
        var teams: [TeamID: [Int]] = [:]
        for (index, institution) in contents.institutions.enumerated() {
            kinds[institution.kind, default: []].append(index)
            for region in institution.regions { regions[region, default: []].append(index) }
            for team in institution.teams { teams[team, default: []].append(index) }
        }
        self.nodesOfInstitution = nodesOfInstitution
        self.institutionsOfRegion = regions
        self.institutionsOfKind = kinds
        self.institutionsOfTeam = teams
    }

    /// Number of the release.
    public var release: UInt64 { contents.release }

    /// The node of an id.
    public func node(_ id: NodeID) -> RegistryNode? {
        nodePlaces[id].map { contents.nodes[$0] }
    }

    /// The node whose connections use a CURVE public key.
    public func node(exchangeKey: RawPublicKey) -> RegistryNode? {
        exchangePlaces[exchangeKey].map { contents.nodes[$0] }
    }

    /// The institution of an id.
    public func institution(_ id: InstitutionID) -> Institution? {
        institutionPlaces[id].map { contents.institutions[$0] }
    }

    /// The institution that a node belongs to.
    public func institution(of node: NodeID) -> Institution? {
        self.node(node).flatMap { institution($0.institution) }
    }

    /// The nodes of an institution, in the order of the text, revoked ones included.
    public func nodes(of institution: InstitutionID) -> [RegistryNode] {
        (nodesOfInstitution[institution] ?? []).map { contents.nodes[$0] }
    }

    /// The team of an id.
    public func team(_ id: TeamID) -> Team? {
        teamPlaces[id].map { contents.teams[$0] }
    }

    /// The institutions that list a region; `PL` gives the national ones.
    public func institutions(inRegion region: RegionCode) -> [Institution] {
        (institutionsOfRegion[region] ?? []).map { contents.institutions[$0] }
    }

    /// The institutions of a kind.
    public func institutions(ofKind kind: Code) -> [Institution] {
        (institutionsOfKind[kind] ?? []).map { contents.institutions[$0] }
    }

    /// The members of a team.
    public func institutions(ofTeam team: TeamID) -> [Institution] {
        (institutionsOfTeam[team] ?? []).map { contents.institutions[$0] }
    }

    /// Whether a node may connect, send and receive: its entry and its institution's hold.
    public func isInGoodStanding(_ node: RegistryNode, on date: CivilDate) -> Bool {
        node.isInGoodStanding(on: date)
            && institution(node.institution).map { $0.validity.contains(date) } ?? false
    }

    /// Whether a node may connect, send and receive at a moment.
    public func isInGoodStanding(_ node: NodeID, at moment: Moment) -> Bool {
        self.node(node).map { isInGoodStanding($0, on: WarsawTime.date(at: moment)) } ?? false
    }

    /// Whether the release is past its last day.
    public func isExpired(at moment: Moment) -> Bool {
        contents.expires < WarsawTime.date(at: moment)
    }

    /// Whether an institution is another or subordinate to it, at any depth.
    public func isSubordinate(_ id: InstitutionID, to ancestor: InstitutionID) -> Bool {
        var current: InstitutionID? = id
        // The text was refused if parents formed a circle; the bound is for contents made in code.
        for _ in 0...contents.institutions.count {
            guard let one = current else { return false }
            if one == ancestor { return true }
            current = institution(one)?.parent
        }
        return false
    }
}

private func places<ID: Hashable>(of ids: [ID]) -> [ID: Int] {
    Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
}

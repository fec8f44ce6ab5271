// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The network that every run plays in, made once a process: seventeen members with their keys, the
// chain of registries (a revocation, a rotation of keys, both again) and the chain of policies that
// a run moves along. All keys come from fixed seeds.

import Crypto
import Foundation
import WiciCore
import WiciHub

/// A member of the simulated network and its one node.
struct Member {
    let node: NodeID
    let institution: InstitutionID
    let kind: Code
    let region: RegionCode
    /// The key at first and the key after a rotation.
    let signingKeys: [SigningKey]
    /// See `signingKeys`.
    let sealingKeys: [SealingPrivateKey]
}

/// A registry or policy as it was released.
struct Released<Document> {
    let document: Document
    let note: Data
    var digest: WiciCore.Digest { WiciCore.Digest(SHA256.hash(data: note)) }
}

/// Which registry and which policy: places in the country's chains.
struct ReleasePair: Hashable {
    var registry: Int
    var policy: Int
}

/// What does not change from run to run.
final class Country {
    /// 2026-12-01T12:00:00Z: a jump of an hour stays within the day.
    static let noon = Moment(milliseconds: 1_796_126_400_000)
    static let origin = "simulated-ledger"

    let members: [Member]
    let registries: [Released<Registry>]
    let policies: [Released<Policy>]
    /// Place of each member's node.
    let placeOfNode: [NodeID: Int]
    let ledgerKey: SigningKey
    let ledgerSigner: NoteSigner

    /// Who may read the whole ledger; the last member.
    var auditor: Int { members.count - 1 }
    /// Registry i revokes what it names here, and all before it.
    static let revocations: [Int: Int] = [1: 7, 3: 4]
    /// Registry i rotates what it names here, and all before it.
    static let rotations: [Int: Int] = [2: 0, 4: 5]
    static let registryCount = 5

    private static let list: [(name: String, kind: String, region: String)] = [
        ("kwp-lublin", "IK-POL", "PL-06"), ("uw-lublin", "IK-UW", "PL-06"),
        ("oip-lublin", "IK-PIP", "PL-06"), ("fundacja-przyklad", "IK-NGO", "PL-06"),
        ("nosg-chelm", "IK-SG", "PL-06"), ("miasto-lublin", "IK-JST", "PL-06"),
        ("kwp-szczecin", "IK-POL", "PL-32"), ("stowarzyszenie-wzor", "IK-NGO", "PL-32"),
        ("uw-szczecin", "IK-UW", "PL-32"), ("mosg-szczecin", "IK-SG", "PL-32"),
        ("mops-lublin", "IK-OPS", "PL-06"), ("po-lublin", "IK-PRO", "PL-06"),
        ("kwp-katowice", "IK-POL", "PL-24"), ("fundacja-slask", "IK-NGO", "PL-24"),
        ("uw-katowice", "IK-UW", "PL-24"), ("kgp", "IK-KGP", "PL"),
        ("audytor", "IK-UW", "PL-14"),
    ]

    /// Makes the network with the policy text of Deploy/network.
    init(policyText: String) throws {
        members = try Self.list.enumerated().map { try Self.member($0, $1) }
        placeOfNode = Dictionary(
            members.enumerated().map { ($1.node, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        ledgerKey = try Self.signingKey(200)
        ledgerSigner = try NoteSigner(name: Self.origin, key: ledgerKey)
        let authority = try NoteSigner(name: "authority", key: try Self.signingKey(201))
        registries = try Self.registries(members, authority, ledger: ledgerSigner.verifierKey)
        policies = try Self.policies(policyText, authority)
    }

    /// The hub's form of a pair; the policy that decides may be another than the one on record.
    func release(
        _ pair: ReleasePair,
        deciding policy: Int? = nil,
        standing: Int? = nil
    ) -> Release {
        Release(
            registry: registries[standing ?? pair.registry].document,
            policy: policies[policy ?? pair.policy].document,
            registryNote: registries[pair.registry].note,
            policyNote: policies[pair.policy].note
        )
    }

    /// Whether a registry has a member in good standing.
    func isMember(_ place: Int, in registry: Int) -> Bool {
        !Self.revocations.contains { $0.key <= registry && $0.value == place }
    }

    /// Which of its keys a member signs with under a registry.
    func keyNumber(_ place: Int, in registry: Int) -> Int {
        Self.rotations.contains { $0.key <= registry && $0.value == place } ? 1 : 0
    }

    // MARK: Making it

    private static func signingKey(_ number: Int) throws -> SigningKey {
        guard let key = SigningKey(seed: Data(repeating: UInt8(number), count: 32)) else {
            throw CountryError.malformed("key \(number)")
        }
        return key
    }

    private static func member(
        _ place: Int,
        _ entry: (name: String, kind: String, region: String)
    ) throws -> Member {
        guard let institution = InstitutionID(entry.name), let kind = Code(entry.kind),
            let region = RegionCode(entry.region), let node = NodeID("\(entry.name).main")
        else { throw CountryError.malformed(entry.name) }
        let sealing = [place + 1, place + 101].compactMap {
            SealingPrivateKey(rawRepresentation: Data(repeating: UInt8($0), count: 32))
        }
        guard sealing.count == 2 else { throw CountryError.malformed(entry.name) }
        return Member(
            node: node,
            institution: institution,
            kind: kind,
            region: region,
            signingKeys: [try signingKey(place + 1), try signingKey(place + 101)],
            sealingKeys: sealing
        )
    }

    private static func registries(
        _ members: [Member],
        _ authority: NoteSigner,
        ledger: VerifierKey
    ) throws -> [Released<Registry>] {
        var contents = try firstContents(members, authority, ledger)
        var chain: [Released<Registry>] = []
        let trust = AuthorityTrust(threshold: 1, keys: [authority.verifierKey])
        for place in 0..<registryCount {
            contents.release = UInt64(place + 1)
            contents.previous = chain.last?.digest
            if let revoked = revocations[place] {
                contents.nodes[revoked].revocation = Revocation(
                    date: WarsawTime.date(at: noon),
                    reason: .keyCompromised
                )
            }
            if let rotated = rotations[place] {
                try rotate(&contents.nodes[rotated], members[rotated])
            }
            let note = try authority.note(text: contents.text).bytes
            let registry = try Registry.load(
                note: note,
                trust: trust,
                after: chain.last?.document,
                now: noon
            )
            chain.append(Released(document: registry, note: note))
        }
        return chain
    }

    private static func rotate(_ node: inout RegistryNode, _ member: Member) throws {
        let today = WarsawTime.date(at: noon)
        node.retiredSigningKeys.append(RetiredKey(key: node.signingKey, through: today))
        node.retiredSealingKeys.append(RetiredKey(key: node.sealingKey, through: today))
        guard
            let signing = RawPublicKey(bytes: member.signingKeys[1].publicKey.rawRepresentation),
            let sealing = RawPublicKey(bytes: member.sealingKeys[1].publicKey.rawRepresentation)
        else { throw CountryError.malformed("rotation") }
        node.signingKey = signing
        node.sealingKey = sealing
    }

    private static func firstContents(
        _ members: [Member],
        _ authority: NoteSigner,
        _ ledger: VerifierKey
    ) throws -> RegistryContents {
        guard let from = CivilDate("2026-01-01"), let issued = CivilDate("2026-11-23"),
            let expires = CivilDate("2027-12-31"),
            let hubKey = RawPublicKey(bytes: Data(repeating: 250, count: 32))
        else { throw CountryError.malformed("dates") }
        let validity = Validity(from: from)
        let nodes = try members.enumerated().map { place, member in
            guard
                let exchange = RawPublicKey(bytes: Data(repeating: UInt8(place + 1), count: 32)),
                let signing = RawPublicKey(
                    bytes: member.signingKeys[0].publicKey.rawRepresentation
                ),
                let sealing = RawPublicKey(bytes: member.sealingKeys[0].publicKey.rawRepresentation)
            else { throw CountryError.malformed("keys") }
            return RegistryNode(
                id: member.node,
                institution: member.institution,
                exchangeKey: exchange,
                signingKey: signing,
                sealingKey: sealing,
                validity: validity
            )
        }
        return RegistryContents(
            network: "wici-simulation",
            release: 1,
            previous: nil,
            issued: issued,
            expires: expires,
            authority: AuthorityTrust(threshold: 1, keys: [authority.verifierKey]),
            hub: HubIdentity(origin: origin, exchangeKey: hubKey, ledgerKey: ledger),
            teams: [],
            institutions: members.enumerated().map { place, member in
                Institution(
                    id: member.institution,
                    kind: member.kind,
                    name: Bilingual(
                        polish: member.institution.text,
                        english: member.institution.text
                    ),
                    regions: [member.region],
                    roles: ["duty-officer"],
                    isAuditor: place == members.count - 1,
                    validity: validity
                )
            },
            nodes: nodes
        )
    }
}

/// A constant of the simulation is not of its form.
enum CountryError: Error { case malformed(String) }

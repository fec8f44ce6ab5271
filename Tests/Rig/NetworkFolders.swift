// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The folders of a whole network: authority, hub and nodes with real keys, and the registry and policy
// that bind them. Nothing runs yet.

package import Foundation
import Synchronization
package import WiciCore
package import WiciHub
package import WiciNode
package import ZeroMQ

/// The folder of this repository.
package let repositoryRoot = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

/// Why a network could not be made or does not do what it must.
package struct NetworkFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// One institution's node: its folder, keys and configuration.
package struct NetworkMember: Sendable {
    package let id: NodeID
    package let institution: InstitutionID
    package let folder: NodeFolder
    package let keys: NodeKeys
    package let configuration: NodeConfiguration
}

/// Folders, keys, registry and policy of a network.
package final class NetworkFolders: Sendable {
    package let folder: URL
    package let hubFolder: HubFolder
    package let hubKey: CurvePublicKey
    package let ledgerKey: VerifierKey
    package let authority: [NoteSigner]
    private let members: [InstitutionID: NetworkMember]
    private let contents: Mutex<RegistryContents>
    private let registryNote = Mutex(Data())

    /// Everybody shares good practices with everybody: small, so that a hub starts at once.
    package static let openPolicy = """
        policy: wici-test
        release: 1
        previous: none
        issued: 2026-01-01
        expires: \(WarsawTime.date(at: Node.systemTime()).adding(days: 30))
        community: {pl: próba, en: trial}
        seal: {marking-from: TLP:AMBER+STRICT, data-level-from: personal}
        public: []
        grants:
          - id: G1
            says: {pl: Dobrą praktyką dzieli się każdy z każdym., en: Everybody shares.}
            from: any
            types: [good-practice]
            to: any
            region: any
            marking-at-most: TLP:GREEN
            data-level-at-most: none
            purpose: any
            regime: any
            status: any
            sealed: optional
            basis: próba
        nevers: []
        checks:
          - police -> ngo, good-practice, same, TLP:GREEN = allowed by G1
        promises: []

        """

    /// Makes folders, keys, registry and policy for these institutions.
    ///
    /// Those that Deploy/network does not have become NGOs of the registry beside its own. The hub listens at the two endpoints; `reached` gives where an institution reaches it, if that
    /// differs. The policy is Deploy/network's unless another text is given.
    package init(
        in folder: URL,
        institutions: [String],
        exchange: String,
        feed: String,
        reached: ((String) -> String)? = nil,
        policy policyText: String? = nil
    ) throws {
        self.folder = folder
        let (authority, trust) = try Self.makeAuthority()
        self.authority = authority
        hubFolder = HubFolder(folder.appending(path: "hub"))
        let identity = try hubFolder.initialise(
            Self.configuration(exchange: exchange, feed: feed, trust)
        )
        ledgerKey = identity.ledgerKey
        guard let hubKey = CurvePublicKey(hexadecimal: identity.exchangeKey),
            let rawHubKey = RawPublicKey(hexadecimal: identity.exchangeKey)
        else { throw NetworkFailure("hub key") }
        self.hubKey = hubKey
        let today = WarsawTime.date(at: Node.systemTime())
        var known = try Self.knownInstitutions()
        for name in institutions where !known.institutions.contains(where: { $0.id.text == name }) {
            known.institutions.append(try Self.charity(name, from: today))
        }
        var contents = RegistryContents(
            network: "wici-test",
            release: 1,
            previous: nil,
            issued: today,
            expires: today.adding(days: 365),
            authority: trust,
            hub: HubIdentity(
                origin: Self.origin,
                exchangeKey: rawHubKey,
                ledgerKey: identity.ledgerKey
            ),
            teams: known.teams,
            institutions: known.institutions,
            nodes: []
        )
        var members: [InstitutionID: NetworkMember] = [:]
        for name in institutions {
            let member = try Self.makeMember(
                NodeFolder(folder.appending(path: name)),
                name,
                hub: reached?(name) ?? exchange,
                hubKey,
                trust,
                into: &contents,
                from: today
            )
            members[member.institution] = member
        }
        self.contents = Mutex(contents)
        self.members = members
        try publishRegistry { try $0.write(to: $1) }
        let source =
            try policyText
            ?? String(
                contentsOf: repositoryRoot.appending(path: "Deploy/network/policy.yaml"),
                encoding: .utf8
            )
        let policy = source.replacing("policy: wici-demo", with: "policy: wici-test")
        try sign(Policy.text(policy, issuedOn: today)).write(to: hubFolder.policyFile)
    }

    private static let origin = "hub.example/test"

    /// Makes a hub's folder alone.
    package static func makeHub(_ folder: HubFolder) throws {
        _ = try folder.initialise(
            configuration(
                exchange: "tcp://127.0.0.1:5570",
                feed: "tcp://127.0.0.1:5571",
                try makeAuthority().1
            )
        )
    }

    /// Makes a node's folder alone.
    package static func makeNode(_ folder: NodeFolder) throws {
        guard let institution = InstitutionID("oip-lublin"), let node = NodeID("oip-lublin.main")
        else { throw NetworkFailure("institution") }
        let configuration = NodeConfiguration(
            node: node,
            hubEndpoint: "tcp://127.0.0.1:5570",
            hubKey: try CurveKeyPair.generate().publicKey,
            authority: try makeAuthority().1
        )
        _ = try folder.initialise(configuration, institution: institution)
    }

    private static func makeAuthority() throws -> ([NoteSigner], AuthorityTrust) {
        let signers = try (1...3).map {
            try NoteSigner(name: "authority.example/\($0)", key: SigningKey())
        }
        return (signers, AuthorityTrust(threshold: 2, keys: signers.map(\.verifierKey)))
    }

    private static func configuration(
        exchange: String,
        feed: String,
        _ trust: AuthorityTrust
    ) -> HubConfiguration {
        HubConfiguration(
            origin: origin,
            exchange: exchange,
            feed: feed,
            statusPort: 0,
            authority: trust
        )
    }

    private static func makeMember(
        _ folder: NodeFolder,
        _ name: String,
        hub: String,
        _ hubKey: CurvePublicKey,
        _ trust: AuthorityTrust,
        into contents: inout RegistryContents,
        from today: CivilDate
    ) throws -> NetworkMember {
        guard let institution = InstitutionID(name), let node = NodeID("\(name).main") else {
            throw NetworkFailure("institution \(name)")
        }
        let configuration = NodeConfiguration(
            node: node,
            hubEndpoint: hub,
            hubKey: hubKey,
            authority: trust
        )
        let request = try folder.initialise(configuration, institution: institution)
        try contents.enrol(request, validity: Validity(from: today))
        return NetworkMember(
            id: node,
            institution: institution,
            folder: folder,
            keys: try folder.keys(),
            configuration: configuration
        )
    }

    /// An NGO of the Lublin voivodeship.
    private static func charity(_ name: String, from today: CivilDate) throws -> Institution {
        guard let id = InstitutionID(name), let kind = Code("IK-NGO"),
            let region = RegionCode("PL-06")
        else { throw NetworkFailure("institution \(name)") }
        return Institution(
            id: id,
            kind: kind,
            name: Bilingual(polish: name, english: name),
            regions: [region],
            validity: Validity(from: today)
        )
    }

    /// Teams and institutions of Deploy/network.
    package static func knownInstitutions() throws -> (
        teams: [Team], institutions: [Institution]
    ) {
        let text = try String(
            contentsOf: repositoryRoot.appending(path: "Deploy/network/institutions.yaml"),
            encoding: .utf8
        )
        let membership = try MembershipText(text: text)
        return (membership.teams, membership.institutions)
    }

    private static let givenPorts = Mutex<Set<Int>>([])

    /// An endpoint of loopback that is free and was not given before, outside the ports that the system
    /// gives to clients.
    package static func freeEndpoint() throws -> String {
        let context = try Context(ioThreads: 1)
        for _ in 0..<1_000 {
            let port = Int.random(in: 20_000..<30_000)
            guard givenPorts.withLock({ $0.insert(port).inserted }) else { continue }
            let endpoint = "tcp://127.0.0.1:\(port)"
            let socket = try Socket(.router, in: context, options: SocketOptions())
            if (try? socket.bind(endpoint)) != nil { return endpoint }
        }
        throw NetworkFailure("no port is free")
    }

    // MARK: Members and documents

    package func member(_ institution: String) throws -> NetworkMember {
        guard let id = InstitutionID(institution), let member = members[id] else {
            throw NetworkFailure("no member \(institution)")
        }
        return member
    }

    package func sign(_ text: String) throws -> Data {
        var note = try SignedNote(text: text)
        try authority[0].sign(&note)
        try authority[1].sign(&note)
        return note.bytes
    }

    private func publishRegistry(_ write: (Data, URL) throws -> Void) throws {
        let note = try sign(contents.withLock { $0.text })
        registryNote.withLock { $0 = note }
        try write(note, hubFolder.registryFile)
    }

    /// Changes the registry and puts its next release in the hub's folder.
    package func release(
        writing write: (Data, URL) throws -> Void = { try $0.write(to: $1) },
        _ change: (inout RegistryContents) throws -> Void
    ) throws {
        var next = try RegistryContents.successor(
            of: registryNote.withLock { $0 },
            issued: WarsawTime.date(at: Node.systemTime())
        )
        try change(&next)
        contents.withLock { $0 = next }
        try publishRegistry(write)
    }
}

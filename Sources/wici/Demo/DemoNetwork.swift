// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The files of a demonstration network: authority keys, hub, one node for every institution, registry
// and policy signed two of three. Everything a real network has, in one folder.

import Foundation
import Glibc
import WiciCore
import WiciHub
import WiciNode

/// A network in one folder, made anew.
struct DemoNetwork: Sendable {
    /// A member with its node.
    struct Member: Sendable {
        let institution: Institution
        let node: NodeID
        let folder: NodeFolder
    }

    /// Where everything is.
    let location: URL
    /// The hub's folder.
    let hub: HubFolder
    /// The members, in the order of the registry.
    let members: [Member]
    /// The rules.
    let policy: Policy
    /// Teams of the registry.
    let teams: [Team]

    /// The texts that the network is made from: a folder with `institutions.yaml`, `policy.yaml` and
    /// `messages/`.
    struct Texts: Sendable {
        let location: URL
        var institutions: URL { location.appending(path: "institutions.yaml") }
        var policy: URL { location.appending(path: "policy.yaml") }
        var messages: URL { location.appending(path: "messages") }

        /// Finds the texts: as given, in the working folder's tree, or beside the program's build.
        init(given: String?) throws {
            let program = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            var places = given.map { [URL(filePath: $0)] } ?? []
            if given == nil {
                for start in [URL(filePath: "."), program] {
                    var folder = start.standardizedFileURL
                    while folder.path != "/" {
                        places.append(folder.appending(path: "Deploy/network"))
                        folder = folder.deletingLastPathComponent()
                    }
                }
            }
            let found = places.first {
                FileManager.default.fileExists(
                    atPath: $0.appending(path: "institutions.yaml").path
                )
            }
            guard let found else {
                throw CommandFailure(
                    .notFound,
                    "network-texts-missing",
                    "Nie znaleziono Deploy/network; podaj --network.",
                    "Deploy/network was not found; give --network."
                )
            }
            location = found
        }
    }

    /// Makes the network.
    init(at location: URL, from texts: Texts) throws {
        self.location = location
        let membership = try MembershipText(text: try Files.text(texts.institutions.path))
        // Before anything is made: a node that cannot listen is found out only when it starts.
        for institution in membership.institutions {
            let folder = Self.folder(of: institution, in: location)
            try NodeAPIServer.checkSocketPath(folder.location.appending(path: "api.sock").path)
        }
        let signers = try Self.makeAuthority(in: location.appending(path: "authority"))
        let authority = AuthorityTrust(threshold: 2, keys: signers.map(\.verifierKey))
        let exchange = "tcp://127.0.0.1:\(try FreePort.find())"
        hub = HubFolder(location.appending(path: "hub"))
        let identity = try hub.initialise(
            HubConfiguration(
                origin: "hub.demo.wici",
                exchange: exchange,
                feed: "tcp://127.0.0.1:\(try FreePort.find())",
                statusPort: try FreePort.find(),
                authority: authority
            )
        )
        guard let exchangeKey = RawPublicKey(hexadecimal: identity.exchangeKey) else {
            throw CommandFailure(
                RefusalCode.keyUnreadable,
                RefusalCode.keyUnreadable.sentence
            )
        }

        let today = CivilDate.today()
        var contents = RegistryContents(
            network: "wici-demo",
            release: 1,
            previous: nil,
            issued: today,
            expires: today.adding(days: 365),
            authority: authority,
            hub: HubIdentity(
                origin: "hub.demo.wici",
                exchangeKey: exchangeKey,
                ledgerKey: identity.ledgerKey
            ),
            teams: membership.teams,
            institutions: membership.institutions,
            nodes: []
        )
        var members: [Member] = []
        for institution in membership.institutions {
            guard let node = NodeID("\(institution.id).main") else { continue }
            let folder = Self.folder(of: institution, in: location)
            let configuration = try NodeConfiguration.made(
                node: node,
                hub: exchange,
                hubKey: identity.exchangeKey,
                authority: authority,
                api: .unixSocket(path: "api.sock")
            )
            let request = try folder.initialise(configuration, institution: institution.id)
            try contents.enrol(request, validity: Validity(from: today))
            members.append(Member(institution: institution, node: node, folder: folder))
        }
        self.members = members
        teams = contents.teams
        try Self.write(contents.text, named: "registry-1", to: hub.registryFile, signers, location)
        let text = Policy.text(try Files.text(texts.policy.path), issuedOn: today)
        policy = try Policy(text: text)
        try Self.write(text, named: "policy", to: hub.policyFile, signers, location)
    }

    private static func folder(of institution: Institution, in location: URL) -> NodeFolder {
        NodeFolder(location.appending(path: "nodes").appending(path: institution.id.text))
    }

    private static func makeAuthority(in folder: URL) throws -> [NoteSigner] {
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return try (1...3).map { number in
            let signer = try NoteSigner(name: "authority-\(number)", key: SigningKey())
            try Files.writeSecret(
                signer.privateText,
                to: folder.appending(path: "authority-\(number).key")
            )
            try Files.write(
                Data((signer.verifierKey.text + "\n").utf8),
                to: folder.appending(path: "authority-\(number).pub")
            )
            return signer
        }
    }

    /// Keeps the text as a draft beside the hub and gives the hub the note with two signatures.
    private static func write(
        _ text: String,
        named name: String,
        to file: URL,
        _ signers: [NoteSigner],
        _ location: URL
    ) throws {
        var note = try SignedNote(text: text)
        for signer in signers.prefix(2) { try signer.sign(&note) }
        try Files.write(
            Data(text.utf8),
            to: location.appending(path: "authority/\(name).yaml")
        )
        try Files.write(note.bytes, to: file)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A whole network on loopback: authority, hub and nodes with real keys, folders, sockets and the
// demonstration network's institutions and policy.

import Foundation
import Logging
import Synchronization
import Testing
import WiciCore
import ZeroMQ

@testable import WiciHub
@testable import WiciNode
@testable import wici

/// The folder of this repository.
let repositoryRoot = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

final class TestNetwork: Sendable {
    /// One institution's node: its folder, keys and, while it runs, the node itself.
    struct Member: Sendable {
        let id: NodeID
        let institution: InstitutionID
        let folder: NodeFolder
        let keys: NodeKeys
        let configuration: NodeConfiguration
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    let folder: URL
    let hubFolder: HubFolder
    let hubKey: CurvePublicKey
    let ledgerKey: VerifierKey
    let authority: [NoteSigner]
    let exchange: String
    let feed: String
    private let contents: Mutex<RegistryContents>
    private let registryNote = Mutex(Data())
    private let members: Mutex<[InstitutionID: Member]>
    private let hub = Mutex<HubDaemon?>(nil)

    static let quiet: Logger = {
        var logger = Logger(label: "wici.test")
        logger.logLevel =
            ProcessInfo.processInfo.environment["WICI_TEST_LOG"] == nil
            ? .critical : .info
        return logger
    }()

    /// Makes folders, keys, registry and policy for these institutions of Deploy/network.
    ///
    /// The policy is Deploy/network's unless another text is given.
    init(institutions: [String], policy policyText: String? = nil) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "wici-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        authority = try (1...3).map {
            try NoteSigner(name: "authority.example/\($0)", key: SigningKey())
        }
        let trust = AuthorityTrust(threshold: 2, keys: authority.map(\.verifierKey))
        exchange = "tcp://127.0.0.1:\(try FreePort.find())"
        feed = "tcp://127.0.0.1:\(try FreePort.find())"
        hubFolder = HubFolder(folder.appending(path: "hub"))
        let identity = try hubFolder.initialise(
            HubConfiguration(
                origin: "hub.example/test",
                exchange: exchange,
                feed: feed,
                statusPort: 0,
                authority: trust
            )
        )
        ledgerKey = identity.ledgerKey
        guard let hubKey = CurvePublicKey(hexadecimal: identity.exchangeKey),
            let rawHubKey = RawPublicKey(hexadecimal: identity.exchangeKey)
        else { throw Failure("hub key") }
        self.hubKey = hubKey
        let known = try Self.knownInstitutions()
        let today = WarsawTime.date(at: Node.systemTime())
        var contents = RegistryContents(
            network: "wici-test",
            release: 1,
            previous: nil,
            issued: today,
            expires: today.adding(days: 365),
            authority: trust,
            hub: HubIdentity(
                origin: "hub.example/test",
                exchangeKey: rawHubKey,
                ledgerKey: identity.ledgerKey
            ),
            teams: known.teams,
            institutions: known.institutions,
            nodes: []
        )
        var members: [InstitutionID: Member] = [:]
        for name in institutions {
            guard let institution = InstitutionID(name), let node = NodeID("\(name).main") else {
                throw Failure("institution \(name)")
            }
            let nodeFolder = NodeFolder(folder.appending(path: name))
            let configuration = NodeConfiguration(
                node: node,
                hubEndpoint: exchange,
                hubKey: hubKey,
                authority: trust
            )
            let request = try nodeFolder.initialise(configuration, institution: institution)
            try contents.enrol(request, validity: Validity(from: today))
            members[institution] = Member(
                id: node,
                institution: institution,
                folder: nodeFolder,
                keys: try nodeFolder.keys(),
                configuration: configuration
            )
        }
        self.contents = Mutex(contents)
        self.members = Mutex(members)
        try publishRegistry()
        let source =
            try policyText
            ?? String(
                contentsOf: repositoryRoot.appending(path: "Deploy/network/policy.yaml"),
                encoding: .utf8
            )
        let policy = source.replacing("policy: wici-demo", with: "policy: wici-test")
        try sign(Policy.text(policy, issuedOn: today)).write(to: hubFolder.policyFile)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    static func knownInstitutions() throws -> (teams: [Team], institutions: [Institution]) {
        let text = try String(
            contentsOf: repositoryRoot.appending(path: "Deploy/network/institutions.yaml"),
            encoding: .utf8
        )
        let membership = try MembershipText(text: text)
        return (membership.teams, membership.institutions)
    }

    // MARK: Documents

    func sign(_ text: String) throws -> Data {
        var note = try SignedNote(text: text)
        try authority[0].sign(&note)
        try authority[1].sign(&note)
        return note.bytes
    }

    private func publishRegistry() throws {
        let note = try sign(contents.withLock { $0.text })
        registryNote.withLock { $0 = note }
        try note.write(to: hubFolder.registryFile)
    }

    /// Changes the registry, signs the next release and gives it to the hub.
    func release(_ change: (inout RegistryContents) throws -> Void) throws {
        var next = try RegistryContents.successor(
            of: registryNote.withLock { $0 },
            issued: WarsawTime.date(at: Node.systemTime())
        )
        try change(&next)
        contents.withLock { $0 = next }
        try publishRegistry()
        try reloadHub()
    }

    /// Makes the hub read its registry and policy again.
    func reloadHub() throws {
        try hub.withLock { try $0?.reload() }
    }

    // MARK: Running

    func member(_ institution: String) throws -> Member {
        guard let id = InstitutionID(institution), let member = members.withLock({ $0[id] }) else {
            throw Failure("no member \(institution)")
        }
        return member
    }

    func startHub(clock: HubClock = .system) async throws {
        let daemon = try await HubDaemon(folder: hubFolder, logger: Self.quiet, clock: clock)
        hub.withLock { $0 = daemon }
    }

    func stopHub() async {
        let daemon = hub.withLock { daemon in
            defer { daemon = nil }
            return daemon
        }
        await daemon?.stop()
    }

    /// Opens a node of this network; `run` keeps it connected.
    func node(_ institution: String) throws -> Node {
        let member = try member(institution)
        return try Node(
            configuration: member.configuration,
            keys: member.keys,
            store: member.folder.resolve(member.configuration.store),
            logger: Self.quiet
        )
    }

    /// Runs nodes while the body runs, and stops them after it.
    func withNodes(
        _ institutions: [String],
        _ body: ([String: Node]) async throws -> Void
    ) async throws {
        var nodes: [String: Node] = [:]
        for institution in institutions { nodes[institution] = try node(institution) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes.values {
                group.addTask { try await node.run() }
            }
            for node in nodes.values {
                try await eventually("\(node.configuration.node) is connected") {
                    await node.status().isReady
                }
            }
            do {
                try await body(nodes)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
    }
}

/// Waits until something holds; fails the test when it does not within the time.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(20),
    _ holds: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: limit)
    while clock.now < deadline {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw TestNetwork.Failure("did not happen in time: \(what)")
}

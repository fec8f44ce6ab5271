// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A whole network on loopback: authority, hub and nodes with real keys, folders, sockets and the
// demonstration network's institutions and policy.

import Foundation
import Logging
import NetworkRig
import Synchronization
import Testing
import WiciCore
import ZeroMQ

@testable import WiciHub
@testable import WiciNode
@testable import wici

final class TestNetwork: Sendable {
    typealias Member = NetworkMember
    typealias Failure = NetworkFailure

    let folders: NetworkFolders
    let exchange: String
    let feed: String
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
    init(institutions: [String], policy: String? = nil) throws {
        exchange = "tcp://127.0.0.1:\(try FreePort.find())"
        feed = "tcp://127.0.0.1:\(try FreePort.find())"
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "wici-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        folders = try NetworkFolders(
            in: folder,
            institutions: institutions,
            exchange: exchange,
            feed: feed,
            policy: policy
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    var folder: URL { folders.folder }
    var hubFolder: HubFolder { folders.hubFolder }
    var hubKey: CurvePublicKey { folders.hubKey }
    var ledgerKey: VerifierKey { folders.ledgerKey }
    var authority: [NoteSigner] { folders.authority }

    static func knownInstitutions() throws -> (teams: [Team], institutions: [Institution]) {
        try NetworkFolders.knownInstitutions()
    }

    func sign(_ text: String) throws -> Data { try folders.sign(text) }

    /// Changes the registry, signs the next release and gives it to the hub.
    func release(_ change: (inout RegistryContents) throws -> Void) throws {
        try folders.release(change)
        try reloadHub()
    }

    /// Makes the hub read its registry and policy again.
    func reloadHub() throws {
        try hub.withLock { try $0?.reload() }
    }

    // MARK: Running

    func member(_ institution: String) throws -> Member { try folders.member(institution) }

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
    func node(_ institution: String) throws -> Node { try folders.node(institution) }

    /// Runs nodes while the body runs, and stops them after it.
    func withNodes(
        _ institutions: [String],
        _ body: ([String: Node]) async throws -> Void
    ) async throws {
        try await folders.withNodes(institutions, body)
    }
}

extension NetworkFolders {
    /// Opens a node of this network; `run` keeps it connected.
    func node(_ institution: String) throws -> Node {
        let member = try member(institution)
        return try Node(
            configuration: member.configuration,
            keys: member.keys,
            store: member.folder.resolve(member.configuration.store),
            logger: TestNetwork.quiet
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

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A network whose hub and nodes are processes of their own, so that they can be killed, stopped and
// started again as a power cut or a supervisor would do it.

package import Foundation
import Glibc
import Synchronization
import WiciCore
import WiciHub
package import WiciNode

/// A network of `wici hub run` and `wici node run` processes on loopback.
///
/// It signals the processes that it has started and no others. They end with the network, and also
/// when the test's own process is killed.
package final class ProcessNetwork: Sendable {
    /// Folders, keys, registry and policy.
    package let network: NetworkFolders
    private let prefix: @Sendable (String) -> [String]
    private let program: URL
    private let children = Mutex<[String: Process]>([:])
    private let guardian: Guardian

    /// The hub among the names of children; a node goes by its institution.
    package static let hub = "hub"

    private init(
        _ network: NetworkFolders,
        prefix: @escaping @Sendable (String) -> [String]
    ) throws {
        program = try Self.builtProgram()
        guardian = try Guardian()
        self.network = network
        self.prefix = prefix
    }

    deinit {
        for process in children.withLock({ $0.values }) where process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Lends a network and ends every process of it in every case.
    ///
    /// The words of `prefix` come before a child's command, for example `ip netns exec NAME`.
    package static func run<Value>(
        _ folders: NetworkFolders,
        prefix: @escaping @Sendable (String) -> [String] = { _ in [] },
        _ body: (ProcessNetwork) async throws -> Value
    ) async throws -> Value {
        let network = try ProcessNetwork(folders, prefix: prefix)
        do {
            let value = try await body(network)
            try await network.killAll()
            return value
        } catch {
            try await network.killAll()
            throw error
        }
    }

    /// Makes a network on loopback in a folder of its own, lends it and removes it.
    package static func run<Value>(
        institutions: [String],
        prefix: @escaping @Sendable (String) -> [String] = { _ in [] },
        _ body: (ProcessNetwork) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "wici-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let folders = try NetworkFolders(
            in: folder,
            institutions: institutions,
            exchange: NetworkFolders.freeEndpoint(),
            feed: NetworkFolders.freeEndpoint(),
            policy: NetworkFolders.openPolicy
        )
        return try await run(folders, prefix: prefix, body)
    }

    /// The program that was built with these tests.
    package static func builtProgram() throws -> URL {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let places = [
            bundle.deletingLastPathComponent(),
            repositoryRoot.appending(path: ".build/debug"),
        ].map { $0.appending(path: "wici") }
        guard
            let found = places.first(where: {
                FileManager.default.isExecutableFile(atPath: $0.path)
            })
        else { throw NetworkFailure("the program wici is not built") }
        return found
    }

    // MARK: Processes

    /// Starts the hub and does not wait for it.
    package func launchHub() throws {
        try? FileManager.default.removeItem(at: addressFile)
        try launch(Self.hub, arguments(Self.hub))
    }

    private func arguments(_ name: String) throws -> [String] {
        // As JSON, so that an error is told with its code.
        guard name != Self.hub else {
            return ["hub", "run", network.hubFolder.location.path, "--json"]
        }
        return ["node", "run", try network.member(name).folder.location.path, "--json"]
    }

    /// Starts a process for a folder that has one already, and gives the status with which it ends.
    package func secondOfItsKind(_ name: String) async throws -> Int32 {
        let second = "\(name)-second"
        try launch(second, arguments(name))
        guard let process = children.withLock({ $0[second] }) else { return 0 }
        try await eventually("a second \(name) ends") { !process.isRunning }
        try await end(second, SIGKILL)
        return process.terminationStatus
    }

    /// Runs another command of the program to its end and gives what it said.
    package func run(_ arguments: [String]) async throws -> String {
        let name = "command"
        forgetLog(of: name)
        try launch(name, arguments)
        let ending = try await awaitEnd(of: name)
        guard ending == .exited(0) else {
            throw NetworkFailure("\(arguments) ended with \(ending): \(log(of: name))")
        }
        return log(of: name)
    }

    /// Whether the hub that runs now has opened its sockets.
    package var isHubServing: Bool { FileManager.default.fileExists(atPath: addressFile.path) }

    private var addressFile: URL { network.hubFolder.location.appending(path: "hub.addresses") }

    /// Starts the hub and waits until it serves.
    package func startHub() async throws {
        try launchHub()
        try await eventually("the hub serves") {
            guard isRunning(Self.hub) else {
                throw NetworkFailure("the hub ended: \(log(of: Self.hub))")
            }
            return isHubServing
        }
    }

    /// Starts a node and does not wait for it.
    package func launchNode(_ institution: String) throws {
        try launch(institution, arguments(institution))
    }

    /// Starts a node and waits until it is connected.
    package func startNode(_ institution: String) async throws {
        try launchNode(institution)
        let client = try client(of: institution)
        try await eventually("\(institution) is connected") {
            guard isRunning(institution) else {
                throw NetworkFailure("the node ended: \(log(of: institution))")
            }
            return try await status(client)?.isReady ?? false
        }
    }

    /// What a node says of itself; nothing while it cannot be reached, for example because it starts.
    func status(_ client: NodeClient) async throws -> NodeStatus? {
        do {
            return try await client.status()
        } catch let error where error.kind == .unreachable {
            return nil
        }
    }

    /// A client of a node's API.
    package func client(of institution: String) throws -> NodeClient {
        try NodeClient(
            folder: network.member(institution).folder.location,
            timeout: .seconds(60)
        )
    }

    private func launch(_ name: String, _ arguments: [String]) throws {
        let logFile = logFile(of: name)
        if !FileManager.default.fileExists(atPath: logFile.path) {
            try Data().write(to: logFile)
        }
        let output = try FileHandle(forWritingTo: logFile)
        _ = try output.seekToEnd()
        let process = Process()
        let words = prefix(name) + [program.path] + arguments
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try children.withLock { children in
            guard children[name]?.isRunning != true else {
                throw NetworkFailure("\(name) runs already")
            }
            try process.run()
            children[name] = process
        }
        try guardian.watch(process.processIdentifier)
    }

    /// Whether a child runs.
    package func isRunning(_ name: String) -> Bool {
        children.withLock { $0[name]?.isRunning ?? false }
    }

    /// The process of a child.
    package func process(_ name: String) throws -> Int32 {
        guard let process = children.withLock({ $0[name] }), process.isRunning else {
            throw NetworkFailure("\(name) does not run: \(log(of: name))")
        }
        return process.processIdentifier
    }

    /// Sends a signal to a child.
    package func signal(_ name: String, _ signal: Int32) throws {
        kill(try process(name), signal)
    }

    /// Ends a child with a signal and waits until it is gone.
    package func end(_ name: String, _ signal: Int32) async throws {
        guard let process = children.withLock({ $0[name] }) else { return }
        if process.isRunning { kill(process.processIdentifier, signal) }
        try await awaitEnd(of: name)
    }

    /// How a process ended.
    package enum Ending: Equatable, Sendable {
        /// With this status.
        case exited(Int32)
        /// By this signal.
        case signalled(Int32)
    }

    /// Waits until a child is gone and says how it ended.
    @discardableResult
    package func awaitEnd(of name: String) async throws -> Ending {
        guard let process = children.withLock({ $0[name] }) else {
            throw NetworkFailure("\(name) was not started")
        }
        try await onThread { process.waitUntilExit() }
        try guardian.forget(process.processIdentifier)
        children.withLock { $0[name] = nil }
        let status = process.terminationStatus
        return process.terminationReason == .exit ? .exited(status) : .signalled(status)
    }

    private func killAll() async throws {
        for name in children.withLock({ Array($0.keys) }) { try await end(name, SIGKILL) }
    }

    /// The last that a child has said.
    package func log(of name: String) -> String {
        String(((try? String(contentsOf: logFile(of: name), encoding: .utf8)) ?? "").suffix(2_000))
    }

    /// Forgets what a child has said so far.
    package func forgetLog(of name: String) {
        try? FileManager.default.removeItem(at: logFile(of: name))
    }

    private func logFile(of name: String) -> URL {
        network.folder.appending(path: "\(name).log")
    }

    /// Memory of a child that is in use, bytes.
    package func residentBytes(of name: String) throws -> Int {
        let status = try String(
            contentsOfFile: "/proc/\(try process(name))/status",
            encoding: .utf8
        )
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
                Int($0)
            })
        else { throw NetworkFailure("no VmRSS") }
        return kilobytes * 1_024
    }
}

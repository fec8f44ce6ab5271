// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A network that the program itself has made, command by command, as an authority, an operator and
// the institutions make theirs. It has the layout of the demonstration's folder.

import Foundation
import Glibc
import NetworkRig
import Synchronization
import Testing
import WiciCore

/// Folders, keys and documents made by `wici`, and the processes of `wici hub run` and `node run`.
///
/// It signals the processes that it has started and no others; they also end when the test's own
/// process is killed.
final class CommandNetwork: Sendable {
    /// The network that the tests of a suite share.
    @TaskLocal static var shared: CommandNetwork?

    /// Which rules a network has.
    enum Rules {
        /// Those of the demonstration. A node walks all their cases when it takes them.
        case demonstration
        /// Good practices from everybody to everybody; support requests and acknowledgements, sealed.
        case few
    }

    let folder: URL
    let institutions: [String]
    private let daemons = Mutex<[String: Process]>([:])
    private let guardian: Guardian

    /// The hub among the daemons; a node goes by its institution.
    static let hub = "hub"

    private init(_ institutions: [String]) throws {
        // Unix sockets need a short path.
        folder = URL(filePath: "/tmp/wici-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        self.institutions = institutions
        guardian = try Guardian()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Makes a network, lends it, and ends every process of it in every case.
    static func run(
        _ institutions: [String],
        rules: Rules = .few,
        isStarted: Bool = true,
        _ body: (CommandNetwork) async throws -> Void
    ) async throws {
        let network = try CommandNetwork(institutions)
        do {
            try await network.make(rules)
            if isStarted { try await network.startAll() }
            try await body(network)
        } catch {
            try await network.killAll()
            throw error
        }
        try await network.killAll()
    }

    // MARK: Places

    func path(_ name: String) -> String { folder.appending(path: name).path }
    var hubFolder: String { path("hub") }
    func node(_ institution: String) -> String { path("nodes/\(institution)") }
    func key(_ number: Int) -> String { path("authority/authority-\(number).key") }
    var authority: [String] {
        (1...3).flatMap { ["--authority", path("authority/authority-\($0).pub")] }
            + ["--threshold", "2"]
    }
    var registry: String { path("hub/registry.note") }
    var policy: String { path("hub/policy.note") }

    static func sample(_ prefix: String) throws -> Data { Data(try sampleText(prefix).utf8) }

    /// A sample that any institution may send.
    static func sampleText(_ prefix: String) throws -> String {
        try DeliveryTests.sampleText(prefix).replacing(/\nfrom: .*\n/, with: "\n")
    }

    // MARK: Commands

    /// Runs a command to its end, whatever its status.
    @discardableResult
    func run(
        _ words: String...,
        input: Data? = nil,
        environment: [String: String] = [:]
    ) async throws -> ProgramRun {
        try await run(words, input: input, environment: environment)
    }

    @discardableResult
    func run(
        _ words: [String],
        input: Data? = nil,
        environment: [String: String] = [:]
    ) async throws -> ProgramRun {
        try await ProgramRun.run(words, in: folder, input: input, environment: environment)
    }

    /// Runs a command that must end with 0.
    @discardableResult
    func ok(
        _ words: String...,
        input: Data? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ProgramRun {
        try await ok(words, input: input, sourceLocation: sourceLocation)
    }

    @discardableResult
    func ok(
        _ words: [String],
        input: Data? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ProgramRun {
        let run = try await run(words, input: input)
        #expect(run.status == 0, "\(run)", sourceLocation: sourceLocation)
        return run
    }

    /// Sends a draft from an institution's node and gives the id of the accepted message.
    func send(_ draft: Data, from institution: String) async throws -> String {
        let run = try await ok(
            "message",
            "send",
            "-",
            "--json",
            "--to-node",
            node(institution),
            input: draft
        )
        guard let id = try run.json()["id"]?.word else {
            throw TestNetwork.Failure("no id from \(run)")
        }
        return id
    }

    // MARK: Daemons

    /// Starts hub and nodes and waits until every node is connected.
    func startAll() async throws {
        try await startHub()
        for institution in institutions { try launchNode(institution) }
        for institution in institutions { try await awaitReady(institution) }
    }

    /// Starts the hub and waits until it serves.
    func startHub() async throws {
        try launchHub()
        try await awaitHub()
    }

    /// Starts the hub; no file that it writes may grow beyond a size, where one is given.
    func launchHub(largestFileKiB: Int? = nil) throws {
        try? FileManager.default.removeItem(atPath: hubFolder + "/hub.addresses")
        try launch(Self.hub, ["hub", "run", hubFolder], largestFileKiB: largestFileKiB)
    }

    /// Waits until the hub serves.
    func awaitHub() async throws {
        try await eventually("the hub serves", within: .seconds(60)) {
            guard isRunning(Self.hub) else {
                throw TestNetwork.Failure("the hub ended: \(log(of: Self.hub))")
            }
            guard let port = statusPort else { return false }
            return try await Page.get("/readyz", port: port).status == 200
        }
    }

    func launchNode(_ institution: String) throws {
        try launch(institution, ["node", "run", node(institution)])
    }

    private func launch(_ name: String, _ words: [String], largestFileKiB: Int? = nil) throws {
        let file = folder.appending(path: "\(name).log")
        if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
        let output = try FileHandle(forWritingTo: file)
        _ = try output.seekToEnd()
        let process = Process()
        let program = try ProcessNetwork.builtProgram()
        if let largestFileKiB {
            // The signal for too large a file is ignored, so that the write fails instead.
            let script = "trap '' XFSZ; ulimit -f \(largestFileKiB); exec \"$0\" \"$@\""
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", script, program.path] + words
        } else {
            process.executableURL = program
            process.arguments = words
        }
        process.environment = ProgramRun.clean
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        daemons.withLock { $0[name] = process }
        try guardian.watch(process.processIdentifier)
    }

    func isRunning(_ name: String) -> Bool {
        daemons.withLock { $0[name]?.isRunning ?? false }
    }

    /// Sends a signal to a daemon.
    func signal(_ name: String, _ signal: Int32) throws {
        guard let process = daemons.withLock({ $0[name] }), process.isRunning else {
            throw TestNetwork.Failure("\(name) does not run: \(log(of: name))")
        }
        kill(process.processIdentifier, signal)
    }

    /// Ends a daemon with a signal and gives the status with which it ended.
    @discardableResult
    func end(_ name: String, _ signal: Int32 = SIGTERM) async throws -> Int32 {
        guard let process = daemons.withLock({ $0[name] }) else { return 0 }
        if process.isRunning { kill(process.processIdentifier, signal) }
        try await onThread { process.waitUntilExit() }
        try guardian.forget(process.processIdentifier)
        daemons.withLock { $0[name] = nil }
        return process.terminationStatus
    }

    private func killAll() async throws {
        for name in daemons.withLock({ Array($0.keys) }) { try await end(name, SIGKILL) }
    }

    /// The last that a daemon has said.
    func log(of name: String) -> String {
        let file = folder.appending(path: "\(name).log")
        return String(((try? String(contentsOf: file, encoding: .utf8)) ?? "").suffix(2_000))
    }
}

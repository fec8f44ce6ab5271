// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A network whose hub and nodes are processes of their own, so that they can be killed, stopped and
// started again as a power cut or a supervisor would do it.

import Foundation
import Glibc
import Synchronization
import Testing
import WiciCore

@testable import WiciHub
@testable import WiciNode

/// A network of `wici hub run` and `wici node run` processes on loopback.
///
/// It signals the processes that it has started and no others. They end with the network, and also
/// when the test's own process is killed.
final class ProcessNetwork: Sendable {
    /// Folders, keys, registry and policy.
    let network: TestNetwork
    private let program: URL
    private let children = Mutex<[String: Process]>([:])
    private let guardian: Guardian

    /// The hub among the names of children; a node goes by its institution.
    static let hub = "hub"

    /// Everybody shares good practices with everybody: small, so that a hub starts at once.
    private static let policy = """
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

    private init(institutions: [String]) throws {
        program = try Self.builtProgram()
        guardian = try Guardian()
        network = try TestNetwork(institutions: institutions, policy: Self.policy)
    }

    deinit {
        for process in children.withLock({ $0.values }) where process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Makes a network, lends it, and ends every process of it in every case.
    static func run(
        institutions: [String],
        _ body: (ProcessNetwork) async throws -> Void
    ) async throws {
        let network = try ProcessNetwork(institutions: institutions)
        do {
            try await body(network)
        } catch {
            try await network.killAll()
            throw error
        }
        try await network.killAll()
    }

    /// The program that was built with these tests.
    static func builtProgram() throws -> URL {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let places = [
            bundle.deletingLastPathComponent(),
            repositoryRoot.appending(path: ".build/debug"),
        ].map { $0.appending(path: "wici") }
        guard
            let found = places.first(where: {
                FileManager.default.isExecutableFile(atPath: $0.path)
            })
        else { throw TestNetwork.Failure("the program wici is not built") }
        return found
    }

    // MARK: Processes

    /// Starts the hub and does not wait for it.
    func launchHub() throws {
        try? FileManager.default.removeItem(at: addressFile)
        try launch(Self.hub, arguments(Self.hub))
    }

    private func arguments(_ name: String) throws -> [String] {
        guard name != Self.hub else { return ["hub", "run", network.hubFolder.location.path] }
        return ["node", "run", try network.member(name).folder.location.path]
    }

    /// Starts a process for a folder that has one already, and gives the status with which it ends.
    func secondOfItsKind(_ name: String) async throws -> Int32 {
        let second = "\(name)-second"
        try launch(second, arguments(name))
        guard let process = children.withLock({ $0[second] }) else { return 0 }
        try await eventually("a second \(name) ends") { !process.isRunning }
        try await end(second, SIGKILL)
        return process.terminationStatus
    }

    /// Whether the hub that runs now has opened its sockets.
    var isHubServing: Bool { FileManager.default.fileExists(atPath: addressFile.path) }

    private var addressFile: URL { network.hubFolder.location.appending(path: "hub.addresses") }

    /// Starts the hub and waits until it serves.
    func startHub() async throws {
        try launchHub()
        try await eventually("the hub serves") {
            guard isRunning(Self.hub) else {
                throw TestNetwork.Failure("the hub ended: \(log(of: Self.hub))")
            }
            return isHubServing
        }
    }

    /// Starts a node and does not wait for it.
    func launchNode(_ institution: String) throws {
        try launch(institution, arguments(institution))
    }

    /// Starts a node and waits until it is connected.
    func startNode(_ institution: String) async throws {
        try launchNode(institution)
        let client = try client(of: institution)
        try await eventually("\(institution) is connected") {
            guard isRunning(institution) else {
                throw TestNetwork.Failure("the node ended: \(log(of: institution))")
            }
            return try await isReady(client)
        }
    }

    private func isReady(_ client: NodeClient) async throws -> Bool {
        do {
            return try await client.status().isReady
        } catch let error where error.kind == .unreachable {
            return false
        }
    }

    /// A client of a node's API.
    func client(of institution: String) throws -> NodeClient {
        try NodeClient(
            folder: network.member(institution).folder.location,
            timeout: .seconds(60)
        )
    }

    private func launch(_ name: String, _ arguments: [String]) throws {
        let logFile = network.folder.appending(path: "\(name).log")
        if !FileManager.default.fileExists(atPath: logFile.path) {
            try Data().write(to: logFile)
        }
        let output = try FileHandle(forWritingTo: logFile)
        _ = try output.seekToEnd()
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try children.withLock { children in
            guard children[name]?.isRunning != true else {
                throw TestNetwork.Failure("\(name) runs already")
            }
            try process.run()
            children[name] = process
        }
        try guardian.watch(process.processIdentifier)
    }

    /// Whether a child runs.
    func isRunning(_ name: String) -> Bool {
        children.withLock { $0[name]?.isRunning ?? false }
    }

    /// The process of a child.
    func process(_ name: String) throws -> Int32 {
        guard let process = children.withLock({ $0[name] }), process.isRunning else {
            throw TestNetwork.Failure("\(name) does not run: \(log(of: name))")
        }
        return process.processIdentifier
    }

    /// Sends a signal to a child.
    func signal(_ name: String, _ signal: Int32) throws {
        kill(try process(name), signal)
    }

    /// Ends a child with a signal and waits until it is gone.
    func end(_ name: String, _ signal: Int32) async throws {
        guard let process = children.withLock({ $0[name] }) else { return }
        if process.isRunning { kill(process.processIdentifier, signal) }
        try await onThread { process.waitUntilExit() }
        try guardian.forget(process.processIdentifier)
        children.withLock { $0[name] = nil }
    }

    private func killAll() async throws {
        for name in children.withLock({ Array($0.keys) }) { try await end(name, SIGKILL) }
    }

    /// The last that a child has said.
    func log(of name: String) -> String {
        let file = network.folder.appending(path: "\(name).log")
        return String(((try? String(contentsOf: file, encoding: .utf8)) ?? "").suffix(2_000))
    }

    /// Memory of a child that is in use, bytes.
    func residentBytes(of name: String) throws -> Int {
        let status = try String(
            contentsOfFile: "/proc/\(try process(name))/status",
            encoding: .utf8
        )
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
                Int($0)
            })
        else { throw TestNetwork.Failure("no VmRSS") }
        return kilobytes * 1_024
    }
}

/// A shell beside the test that kills the children when the test's own process has gone without
/// doing so: its input ends then.
final class Guardian: Sendable {
    private let process: Process
    private let input: FileHandle

    private static let script = """
        live=' '
        while read -r sign id; do
            case $sign in
            +) live="$live$id " ;;
            -) live="${live%% $id *} ${live#* $id }" ;;
            esac
        done
        for id in $live; do kill -KILL "$id"; done
        """

    init() throws {
        process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", Self.script]
        let pipe = Pipe()
        process.standardInput = pipe
        input = pipe.fileHandleForWriting
        try process.run()
    }

    deinit { try? input.close() }

    func watch(_ process: Int32) throws { try write("+ \(process)\n") }

    func forget(_ process: Int32) throws { try write("- \(process)\n") }

    private func write(_ line: String) throws { try input.write(contentsOf: Data(line.utf8)) }
}

/// SplitMix64: the same seed gives the same course of a test.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The seed of `WICI_TEST_SEED`, or a new one; it is printed, so that a failure can be repeated.
    static func seed(for test: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["WICI_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 1...UInt64(UInt32.max))
        print("\(test): WICI_TEST_SEED=\(seed)")
        return seed
    }
}

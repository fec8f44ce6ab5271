// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What an operator does to a running hub: new documents by `wici hub reload` and SIGHUP, the end by
// SIGTERM. The hub is a process; its nodes stay connected through all of it.

import Foundation
import Glibc
import NetworkRig
import Testing
import WiciCore
import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct HubSignalTests {
    private static let police = "kwp-lublin"
    private static let inspection = "oip-lublin"

    /// A good practice to the police alone, by name.
    private static func practice() throws -> Data {
        let text = try CommandNetwork.sampleText("19")
            .replacing("regions: [PL]", with: "institutions: [kwp-lublin]")
        return Data(text.utf8)
    }

    @Test
    func
        `a reload takes what is in order, refuses what is not, and a change of policy bites at once`()
        async throws
    {
        try await CommandNetwork.run([Self.police, Self.inspection]) { network in
            let connected = try await since(network)
            try await refusedRegistry(network)
            try await takenRegistry(network)
            try await refusedPolicy(network)
            try await takenPolicy(network)
            // Nobody was disturbed: the connections are those of the beginning.
            #expect(try await since(network) == connected)
        }
    }

    /// Since when each node is connected.
    private func since(_ network: CommandNetwork) async throws -> [Moment?] {
        var moments: [Moment?] = []
        for institution in network.institutions {
            moments.append(try await network.client(institution).status().since)
        }
        return moments
    }

    private func reload(_ network: CommandNetwork) async throws -> ProgramRun {
        try await network.run("hub", "reload", network.hubFolder, "--json")
    }

    private func put(_ bytes: Data, _ file: String) throws {
        try bytes.write(to: URL(filePath: file))
    }

    private func refusedRegistry(_ network: CommandNetwork) async throws {
        let good = try Data(contentsOf: URL(filePath: network.registry))
        let changed = String(decoding: good, as: UTF8.self)
            .replacing("registry: \"wici-demo\"", with: "registry: \"wici-other\"")
        #expect(Data(changed.utf8) != good)
        try put(Data(changed.utf8), network.registry)
        let run = try await reload(network)
        try CommandTests.expectRefusal(run, status: 1, name: "registry-refused")
        let text = try await network.run("hub", "reload", network.hubFolder)
        #expect(text.status == 1, "\(text)")
        #expect(text.remarks.hasPrefix("Error: "), "\(text)")
        let status = try await network.ok("hub", "status", network.hubFolder, "--json").json()
        #expect(status["reloadProblem"]?["code"]?.word == "registry-refused")
        #expect(status["registryRelease"]?.whole == 1)
        try put(good, network.registry)
        _ = try await network.send(Self.practice(), from: Self.inspection)
    }

    private func takenRegistry(_ network: CommandNetwork) async throws {
        let draft = network.path("authority/registry-2.yaml")
        try await network.ok(
            [
                "registry", "revoke", "\(Self.inspection).main", "--reason", "withdrawn", "--on",
                "2099-01-01", "--registry", network.registry, "--output", draft,
            ]
        )
        try await network.sign("registry", draft, to: network.registry)
        let run = try await reload(network)
        #expect(run.status == 0, "\(run)")
        #expect(try run.json()["registryRelease"]?.whole == 2, "\(run)")
        #expect(try run.json()["reloadProblem"] == nil, "\(run)")
        try await network.awaitStatus("holds the new registry", of: Self.police) {
            $0.registry?.release == 2
        }
    }

    private func refusedPolicy(_ network: CommandNetwork) async throws {
        let good = try Data(contentsOf: URL(filePath: network.policy))
        let draft = try await network.nextPolicy { $0 }
        // One signature where two are needed.
        try await network.ok(
            "policy",
            "sign",
            draft,
            "--key",
            network.key(2),
            "--output",
            network.policy
        )
        try CommandTests.expectRefusal(try await reload(network), status: 1, name: "policy-refused")
        let status = try await network.ok("hub", "status", network.hubFolder, "--json").json()
        #expect(status["policyRelease"]?.whole == 1)
        #expect(status["ready"]?.isTrue == true)
        try put(good, network.policy)
    }

    /// Good practices are shared from TLP:CLEAR down alone; the signal suffices, without a command.
    private func takenPolicy(_ network: CommandNetwork) async throws {
        let draft = try await network.nextPolicy { text in
            text.replacing(
                #/(types: \[good-practice\]\n    to: any\n    region: any\n.*): TLP:GREEN/#,
                with: { "\($0.1): TLP:CLEAR" }
            ).replacing("TLP:GREEN = allowed by G1", with: "TLP:CLEAR = allowed by G1")
        }
        let check = try await network.run(
            "policy",
            "check",
            draft,
            "--against",
            network.policy,
            "--json"
        )
        #expect(try check.json()["lost"]?.whole ?? 0 > 0, "\(check)")
        try await network.sign("policy", draft, to: network.policy)
        try network.signal(CommandNetwork.hub, SIGHUP)
        try await network.awaitStatus("holds the new policy", of: Self.inspection) {
            $0.policy?.release == 2
        }
        let run = try await network.run(
            ["message", "send", "-", "--json", "--to-node", network.node(Self.inspection)],
            input: try Self.practice()
        )
        try CommandTests.expectRefusal(run, status: 3, name: "marking-above-ceiling")
    }

    @Test
    func `a hub that is told to end ends with 0, its last checkpoint covers all, and mail waits`()
        async throws
    {
        try await CommandNetwork.run([Self.police, Self.inspection]) { network in
            let id = try await network.send(Self.practice(), from: Self.inspection)
            try await network.awaitMail(id, at: Self.police)
            let addresses = network.hubFolder + "/hub.addresses"
            #expect(FileManager.default.fileExists(atPath: addresses))
            #expect(try await network.end(CommandNetwork.hub, SIGTERM) == 0)
            #expect(!FileManager.default.fileExists(atPath: addresses))
            #expect(!FileManager.default.fileExists(atPath: network.hubFolder + "/hub.pid"))
            let report = try await network.ok("audit", "verify", network.hubFolder, "--json").json()
            #expect(report["checkpointSize"] == report["entries"])
            #expect(report["messages"]?.whole == 1)
            try await mailWaits(network)
        }
    }

    /// Without a hub: 6 for who waits for the receipt, 0 for who does not; both messages leave once.
    private func mailWaits(_ network: CommandNetwork) async throws {
        let words = ["message", "send", "-", "--to-node", network.node(Self.inspection)]
        try CommandTests.expectRefusal(
            try await network.run("hub", "reload", network.hubFolder, "--json"),
            status: 5,
            name: "hub-not-running"
        )
        let first = try await network.run(words + ["--wait", "1"], input: try Self.practice())
        #expect(first.status == 6, "\(first)")
        #expect(first.remarks.contains("On the node's disk"), "\(first)")
        let json = try await network.run(
            words + ["--wait", "1", "--json"],
            input: try Self.practice()
        )
        #expect(json.status == 6, "\(json)")
        #expect(["queued", "submitted"].contains(try json.json()["state"]?.word))
        let second = try await network.ok(words + ["--wait", "0"], input: try Self.practice())
        #expect(second.remarks.contains("On the node's disk"), "\(second)")
        let node = try await network.run("node", "status", network.node(Self.inspection), "--json")
        #expect(node.status == 1, "\(node)")
        #expect(try node.json()["pending"]?.whole == 3)

        try await network.startHub()
        try await network.awaitStatus("has the three messages", of: Self.police) {
            $0.storedThrough.value == 4
        }
    }

    // MARK: Crashes

    private static let isBacktraceWanted =
        ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] != nil

    @Test(.enabled(if: !isBacktraceWanted))
    func `a hub that crashes ends at once, tells no registers, and leaves its ports to the next`()
        async throws
    {
        try await CommandNetwork.run([Self.police]) { network in
            let addresses = try PlainValue(
                json: Data(contentsOf: URL(filePath: network.hubFolder + "/hub.addresses"))
            )
            let ports = try ["exchange", "feed"].map { name in
                let port = addresses[name]?.word?.split(separator: ":").last
                return try #require(port.flatMap { UInt16($0) })
            }
            for port in ports { #expect(!Self.isFree(port)) }
            try network.signal(CommandNetwork.hub, SIGABRT)
            try await eventually("the hub has ended", within: .seconds(5)) {
                !network.isRunning(CommandNetwork.hub)
            }
            let status = try await network.end(CommandNetwork.hub)
            #expect(status == SIGABRT)
            for port in ports { #expect(Self.isFree(port)) }
            // "*** Program crashed", and after it the registers of every thread.
            #expect(!network.log(of: CommandNetwork.hub).contains("***"))
            try await network.startHub()
        }
    }

    /// Whether another process may listen on a port of this machine.
    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return bound == 0 && listen(descriptor, 1) == 0
    }
}

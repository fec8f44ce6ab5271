// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The command line as scripts use it: every command as a process of its own against one running
// network, with its exit status, its text and its JSON. This file holds what is common to all:
// errors, statuses, language. The nouns follow in files of their own.

import Foundation
import NetworkRig
import Testing
import WiciCore

@Suite(
    .commandNetwork("kwp-lublin", "oip-lublin", "fundacja-przyklad", "audyt-wojewody"),
    .timeLimit(.minutes(8))
)
struct CommandTests {
    static let police = "kwp-lublin"
    static let inspection = "oip-lublin"
    static let foundation = "fundacja-przyklad"
    static let audit = "audyt-wojewody"

    /// The network of the suite.
    static func network() throws -> CommandNetwork {
        try #require(CommandNetwork.shared)
    }

    /// The name and both sentences of an error on standard error.
    static func expectRefusal(
        _ run: ProgramRun,
        status: Int32,
        name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(run.status == status, "\(run)", sourceLocation: sourceLocation)
        let refusal = try run.refusal()
        #expect(refusal["name"]?.word == name, "\(run)", sourceLocation: sourceLocation)
        let help = refusal["help"]
        #expect(help?["pl"]?.word?.isEmpty == false, "\(run)", sourceLocation: sourceLocation)
        #expect(help?["en"]?.word?.isEmpty == false, "\(run)", sourceLocation: sourceLocation)
    }

    /// Words of commands, the status they end with, and the name of the error.
    static let failures: [(words: [String], status: Int32, name: String)] = [
        (["inbox", "--nonsense"], 2, "usage"),
        (["message", "send", "--wait", "soon", "x"], 2, "usage"),
        (["schema", "show"], 2, "usage"),
        (["acknowledge", "not-an-id", "--to-node", "nodes/kwp-lublin"], 2, "usage"),
        (["inbox", "--limit", "0", "--to-node", "nodes/kwp-lublin"], 2, "usage"),
        (["inbox", "--to-node", "http://example.org:80"], 2, "usage"),
        (["audit", "flow"], 2, "usage"),
        (["message", "check", "nowhere.yaml"], 5, "file-not-found"),
        (["inbox", "--to-node", "nowhere"], 5, "file-not-found"),
        (["hub", "status", "nowhere"], 5, "file-not-found"),
        (["hub", "run", "nowhere"], 5, "file-not-found"),
        (["node", "run", "nowhere"], 5, "file-not-found"),
        (["node", "rotate", "nowhere"], 5, "file-not-found"),
        (["doctor", "--hub", "nowhere"], 5, "file-not-found"),
        (["audit", "verify", "nowhere"], 5, "file-not-found"),
        (["schema", "show", "nonsense"], 5, "type-unknown"),
        (["message", "new", "nonsense"], 5, "type-unknown"),
        (["schema", "list", "nonsense"], 5, "list-unknown"),
        (["hub", "run", "hub"], 1, "already-running"),
        (["node", "run", "nodes/kwp-lublin"], 1, "already-running"),
        (["hub", "status", "nodes"], 5, "hub-not-running"),
        (["audit", "verify", "nodes"], 5, "ledger-not-found"),
        (["inbox", "--to-node", "hub"], 1, "file-unreadable"),
        (["acknowlege", "x"], 2, "usage"),
    ]

    @Test(arguments: failures)
    func `a failure ends with its documented status and says so in JSON in both languages`(
        words: [String],
        status: Int32,
        name: String
    ) async throws {
        let network = try Self.network()
        let run = try await network.run(words + ["--json"])
        try Self.expectRefusal(run, status: status, name: name)
        #expect(run.output.isEmpty, "\(run)")
        let text = try await network.run(words)
        #expect(text.status == status, "\(text)")
        #expect(text.remarks.hasPrefix("Error: "), "\(text)")
        #expect(text.output.isEmpty, "\(text)")
    }

    @Test
    func
        `the language of a person at the terminal is Polish where WICI_LANG or the locale says so`()
        async throws
    {
        let network = try Self.network()
        let words = ["audit", "verify", "nowhere"]
        for environment in [["WICI_LANG": "pl"], ["WICI_LANG": "", "LANG": "pl_PL.UTF-8"]] {
            let run = try await network.run(words, environment: environment)
            #expect(run.remarks.hasPrefix("Błąd: "), "\(run)")
            #expect(run.remarks.contains("nie ma takiego pliku"), "\(run)")
            #expect(run.status == 5)
        }
    }

    @Test
    func `an error names the file or the address that it is about`() async throws {
        let network = try Self.network()
        let folder = try await network.run("inbox", "--to-node", network.hubFolder)
        #expect(folder.remarks.contains(network.hubFolder + "/node.yaml: "), "\(folder)")
        let file = network.path("malformed.token")
        try Data("no key".utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let socket = network.node(Self.police) + "/api.sock"
        for path in [file, network.path("nowhere.token")] {
            let run = try await network.run("inbox", "--to-node", socket, "--token-file", path)
            #expect(run.remarks.contains("Error: \(path): "), "\(run)")
            #expect(!run.remarks.contains("no key"), "\(run)")
        }

        // A second hub on the ports of the first.
        let other = network.path("second")
        try FileManager.default.copyItem(atPath: network.hubFolder, toPath: other)
        let addresses = try PlainValue(
            json: Data(contentsOf: URL(filePath: network.hubFolder + "/hub.addresses"))
        )
        let exchange = try #require(addresses["exchange"]?.word)
        let yaml = URL(filePath: other + "/hub.yaml")
        let text = try String(contentsOf: yaml, encoding: .utf8)
            .replacing(/exchange: .*/, with: "exchange: \"\(exchange)\"")
        try Data(text.utf8).write(to: yaml)
        let hub = try await network.run("hub", "run", other)
        #expect(hub.status == 1, "\(hub)")
        #expect(hub.remarks.contains("Error: \(exchange), "), "\(hub)")
    }

    @Test
    func `a wrong command line is explained in Polish to whoever wants Polish`() async throws {
        let network = try Self.network()
        let run = try await network.run(["acknowledge"], environment: ["WICI_LANG": "pl"])
        #expect(run.status == 2, "\(run)")
        #expect(run.remarks.hasPrefix("Błąd: Brak argumentu „<id>”.\n"), "\(run)")
        #expect(run.remarks.contains("\nUżycie: wici acknowledge "), "\(run)")
        let json = try await network.run(["inbox", "--nonsense", "--json"])
        let help = try json.refusal()["help"]?["pl"]?.word
        #expect(help == "Złe użycie polecenia: Nieznana opcja „--nonsense”.", "\(json)")
    }

    @Test
    func `help ends with 0 on standard output and names the statuses`() async throws {
        let run = try await Self.network().run("--help")
        #expect(run.status == 0)
        #expect(run.output.contains("8 integrity"))
        #expect(run.remarks.isEmpty)
    }

    @Test
    func `a token that is not the node's ends with 4`() async throws {
        let network = try Self.network()
        let file = network.folder.appending(path: "other.token")
        try Data(String(repeating: "ab", count: 32).utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        let run = try await network.run(
            "inbox",
            "--json",
            "--to-node",
            network.node(Self.police) + "/api.sock",
            "--token-file",
            file.path
        )
        try Self.expectRefusal(run, status: 4, name: "token-wrong")
    }

    @Test
    func `a reader that goes away ends a command quietly`() async throws {
        let network = try Self.network()
        let run = try await ProgramRun.run(
            ["-c", "\"$0\" schema list --json | true; exit ${PIPESTATUS[0]}"]
                + [ProcessNetwork.builtProgram().path],
            in: network.folder,
            program: URL(filePath: "/bin/bash")
        )
        #expect(run.status == 0, "\(run)")
        #expect(run.remarks.isEmpty, "\(run)")
    }

    // MARK: States

    @Test
    func `a running hub shows its releases, its nodes and its ledger`() async throws {
        let network = try Self.network()
        let status = try await network.ok("hub", "status", network.hubFolder, "--json").json()
        #expect(status["ready"]?.isTrue == true)
        #expect(status["failed"] == .boolean(false))
        #expect(status["registryRelease"]?.whole == 1)
        #expect(status["policyRelease"]?.whole == 1)
        #expect(status["connectedNodes"]?.whole == network.institutions.count)
        let text = try await network.ok("hub", "status", network.hubFolder)
        #expect(!text.output.contains("kwp-lublin.main"), "names are not shown: \(text)")
        #expect(text.output.contains("tcp://127.0.0.1:"), "\(text)")
    }

    @Test
    func `a running node shows its connection, its mailbox and its releases`() async throws {
        let network = try Self.network()
        let folder = network.node(Self.police)
        let status = try await network.ok("node", "status", folder, "--json").json()
        #expect(status["node"]?.word == "kwp-lublin.main")
        #expect(status["institution"]?.word == "kwp-lublin")
        #expect(status["connection"]?.word == "connected")
        #expect(status["registry"]?["release"]?.whole == 1)
        #expect(status["suspect"]?.whole == 0)
        // The same by the socket, the token beside it.
        let text = try await network.ok("node", "status", "--to-node", folder + "/api.sock")
        #expect(text.output.contains("connected"), "\(text)")
        let polish = try await network.run(
            ["node", "status", folder],
            environment: ["WICI_LANG": "pl"]
        )
        #expect(polish.output.contains("połączony"), "\(polish)")
        #expect(!polish.output.contains("connected"), "\(polish)")
    }

    @Test
    func `the doctor finds nothing wrong with a running hub and node, and an open folder wrong`()
        async throws
    {
        let network = try Self.network()
        let words = [
            "doctor", "--hub", network.hubFolder, "--node", network.node(Self.inspection), "--json",
        ]
        let findings = try await network.ok(words).json()
        #expect(findings.column("state").allSatisfy { $0 == "ok" }, "\(findings.json())")
        #expect(findings.items.count > 12)

        // A ledger that was overwritten; the running hub's own stays as it is.
        let broken = network.path("broken")
        try FileManager.default.copyItem(atPath: network.hubFolder, toPath: broken)
        try Data(repeating: 7, count: 1 << 16)
            .write(to: URL(filePath: broken + "/ledger.sqlite"))
        let ledger = try await network.run("doctor", "--hub", broken, "--json")
        #expect(ledger.status == 1, "\(ledger)")
        let failed = try ledger.json().items.filter { $0["state"]?.word == "failed" }
        #expect(failed.compactMap { $0["subject"]?.word } == ["ledger"], "\(ledger)")

        let folder = network.path("open")
        try await network.ok(
            [
                "node", "init", folder, "--id", "kgp.main", "--institution", "kgp", "--hub",
                "tcp://127.0.0.1:1", "--registry", network.registry,
            ]
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        let run = try await network.run("doctor", "--node", folder)
        #expect(run.status == 1, "\(run)")
        #expect(run.output.contains("chmod 700 \(folder)"), "\(run)")
        #expect(run.output.contains("does not answer"), "\(run)")
    }
}

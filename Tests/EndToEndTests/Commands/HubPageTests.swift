// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub's pages for the operator's monitoring, as a process serves them on loopback: health,
// readiness and metrics, while it serves and when it cannot any more.

import Foundation
import NetworkRig
import Testing
import WiciCore
import WiciNode

@testable import WiciHub

@Suite(.timeLimit(.minutes(8)))
struct HubPageTests {
    private static let police = "kwp-lublin"
    private static let inspection = "oip-lublin"

    @Test
    func `a hub that serves is alive, ready and healthy, and its metrics parse`() async throws {
        try await CommandNetwork.run([Self.police, Self.inspection]) { network in
            let port = try #require(network.statusPort)
            // The system's table may skip or repeat a line while others come and go.
            try await eventually("the pages are served on loopback alone") {
                try Set(Page.listeners(port: port)) == ["0100007F"]
            }
            for (path, body) in [("/livez", "ok\n"), ("/readyz", "ready\n")] {
                let page = try await Page.get(path, port: port)
                #expect(page.status == 200)
                #expect(page.body == body)
            }
            let health = try await Page.get("/healthz", port: port)
            #expect(health.status == 200)
            #expect(health.headers["content-type"] == "application/json")
            #expect(try PlainValue(json: Data(health.body.utf8))["ready"]?.isTrue == true)
            #expect(try await Page.get("/nonsense", port: port).status == 404)

            // A refusal and an acceptance, so that there is something to count.
            let practice = try CommandNetwork.sampleText("19")
                .replacing("regions: [PL]", with: "institutions: [kwp-lublin]")
            let id = try await network.send(Data(practice.utf8), from: Self.inspection)
            try await network.awaitMail(id, at: Self.police)
            let refused = try await network.run(
                "audit",
                "export",
                "--to-node",
                network.node(Self.police),
                "--purpose",
                "review",
                "--output",
                network.path("none")
            )
            #expect(refused.status == 3, "\(refused)")
            try await eventually("the hub has counted the refusal") {
                try await Page.get("/metrics", port: port).body.contains("not-an-auditor")
            }
            let metrics = try await Page.get("/metrics", port: port)
            #expect(metrics.status == 200)
            #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            let samples = try Exposition(metrics.body).samples
            #expect(samples["wici_hub_ready"] == 1)
            #expect(samples["wici_messages_accepted_total"] == 1)
            #expect(samples["wici_connected_nodes"] == 2)
            #expect(samples["wici_refusals_total{code=\"not-an-auditor\"}"] == 1)
            #expect(samples["wici_ledger_entries"] ?? 0 > 3)
            #expect(!metrics.body.contains("kwp-lublin"))
        }
    }

    @Test
    func `a hub that is not ready yet, or whose ledger has failed, says 503 and stays alive`()
        async throws
    {
        let board = HubStatusBoard()
        let server = try await StatusServer(port: 0, board: board)
        let port = try #require(Int(server.address.split(separator: ":").last ?? ""))
        #expect(try await Page.get("/readyz", port: port).status == 503)
        #expect(try await Page.get("/livez", port: port).status == 200)
        #expect(
            try Exposition(await Page.get("/metrics", port: port).body).samples["wici_hub_ready"]
                == 0
        )
        board.update(HubStatusBoard.Snapshot(isReady: true))
        #expect(try await Page.get("/readyz", port: port).status == 200)
        // For a while, as on a full disk, or for good, as with a damaged ledger.
        let problem = HubHealth.Problem(.ledgerDiskFull, RefusalCode.ledgerDiskFull.sentence)
        for isLost in [false, true] {
            board.fail(problem, isLost: isLost)
            #expect(try await Page.get("/readyz", port: port).status == 503)
            #expect(try await Page.get("/livez", port: port).status == 200)
            let page = try await Page.get("/healthz", port: port)
            let health = try PlainValue(json: Data(page.body.utf8))
            #expect(health["failed"]?.isTrue == isLost)
            #expect(health["problem"]?["code"]?.word == "ledger-disk-full")
        }
        await server.stop()
        await #expect(throws: TestNetwork.Failure.self) {
            try await Page.get("/livez", port: port)
        }
    }

    @Test
    func
        `a hub whose disk takes nothing more says so, acknowledges nothing and does not fall over`()
        async throws
    {
        let institutions = [Self.police, Self.inspection]
        try await CommandNetwork.run(institutions, isStarted: false) { network in
            // A ledger of 400 KiB at most: the system refuses every byte beyond.
            try network.launchHub(largestFileKiB: 400)
            try await network.awaitHub()
            for institution in institutions { try network.launchNode(institution) }
            for institution in institutions { try await network.awaitReady(institution) }
            let port = try #require(network.statusPort)
            let practice = try CommandNetwork.sampleText("19")
                .replacing("regions: [PL]", with: "institutions: [kwp-lublin]")
            var accepted = 0
            try await eventually("the disk is full", within: .seconds(60)) {
                let run = try await network.run(
                    [
                        "message", "send", "-", "--wait", "1", "--json", "--to-node",
                        network.node(Self.inspection),
                    ],
                    input: Data(practice.utf8)
                )
                if run.status == 0 { accepted += 1 }
                return try await Page.get("/readyz", port: port).status == 503
            }
            #expect(network.isRunning(CommandNetwork.hub))
            #expect(try await Page.get("/livez", port: port).status == 200)
            let status = try await network.run("hub", "status", network.hubFolder, "--json")
            #expect(status.status == 1, "\(status)")
            #expect(try status.json()["failed"]?.isTrue == true)
            // What was acknowledged is there when the hub starts again with room on its disk.
            try await network.end(CommandNetwork.hub)
            try await network.startHub()
            let report = try await network.ok("audit", "verify", network.hubFolder, "--json").json()
            #expect(report["messages"]?.whole ?? 0 >= accepted)
            try await network.awaitStatus("has sent every message", of: Self.inspection) {
                $0.isReady && $0.pending == 0
            }
        }
    }
}

/// The Prometheus text format 0.0.4, read strictly: every sample belongs to a metric that was
/// described and given a type before it.
private struct Exposition {
    private(set) var samples: [String: Double] = [:]

    init(_ text: String) throws {
        func fault(_ line: Substring) -> TestNetwork.Failure {
            TestNetwork.Failure("metrics line: \(line)")
        }
        guard text.hasSuffix("\n") else { throw TestNetwork.Failure("no last newline") }
        var described: Set<Substring> = []
        var typed: Set<Substring> = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if let help = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) .+/) {
                guard described.insert(help.1).inserted else { throw fault(line) }
            } else if let type = line.wholeMatch(of: /# TYPE ([a-zA-Z_:]+) (counter|gauge)/) {
                guard described.contains(type.1), typed.insert(type.1).inserted,
                    (type.2 == "counter") == type.1.hasSuffix("_total")
                else { throw fault(line) }
            } else if let sample = line.wholeMatch(
                of: /(([a-zA-Z_:]+)(?:\{[a-z]+="[a-z0-9-]*"\})?) ([0-9.]+)/
            ) {
                guard typed.contains(sample.2), let value = Double(sample.3),
                    samples.updateValue(value, forKey: String(sample.1)) == nil
                else { throw fault(line) }
            } else {
                throw fault(line)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici bench runs to its end and measures everything it promises; how fast is not asked here.

import Foundation
import Testing
import WiciCore

@testable import WiciHub
@testable import wici

@Suite(.timeLimit(.minutes(8)))
struct BenchCommandTests {
    @Test
    func `a small run measures every figure`() async throws {
        let folder = FileManager.default.temporaryDirectory
        let run = try await ProgramRun.run(
            ["bench", "--messages", "16", "--restart-entries", "100", "--json"],
            in: folder
        )
        #expect(run.status == 0, "\(run)")
        let figures = try #require(try run.json()["figures"])
        let names = figures.column("name")
        #expect(
            names == [
                "hub memory per idle node", "durable publishes, 1 sender",
                "durable publishes, 16 senders", "publish to receipt, p50",
                "publish to receipt, p99", "deliveries to 20 nodes", "deliveries to 200 nodes",
                "publish to last of 200, p50", "publish to last of 200, p99",
                "catch-up of one node", "audit verify", "restart at 100 entries",
            ]
        )
        for figure in figures.items {
            #expect(figure["value"]?.real ?? 0 > 0, "\(figure.json())")
            #expect(figure["unit"]?.word?.isEmpty == false, "\(figure.json())")
        }
        let wrong = try await ProgramRun.run(["bench", "--messages", "0", "--json"], in: folder)
        try CommandTests.expectRefusal(wrong, status: 2, name: "usage")
    }

    @Test
    func `a new hub's ledger is filled with what an audit accepts, and no other's`() async throws {
        let network = try TestNetwork(institutions: ["oip-lublin"])
        let hub = network.hubFolder.location.path
        let receivers = (1...7).flatMap { ["--to", "fundacja-\($0).main"] }
        let words = ["bench", "fill", hub, "--entries", "200", "--from", "kgp.main", "--json"]
        let run = try await ProgramRun.run(words + receivers, in: network.folder)
        #expect(run.status == 0, "\(run)")
        #expect(try run.json()["messages"]?.whole == 175, "\(run)")
        let audit = try await ProgramRun.run(
            ["audit", "verify", hub, "--json"],
            in: network.folder
        )
        #expect(audit.status == 0, "\(audit)")
        #expect(try audit.json()["messages"]?.whole == 175, "\(audit)")
        try CommandTests.expectRefusal(
            try await ProgramRun.run(words + receivers, in: network.folder),
            status: 1,
            name: "ledger-not-new"
        )
        let few = try await ProgramRun.run(words + ["--to", "kgp.main"], in: network.folder)
        try CommandTests.expectRefusal(few, status: 2, name: "usage")
    }

    @Test
    func `a race without peers measures Wici and writes its files`() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "wici-race-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let figures = folder.appending(path: "race.json")
        let tables = folder.appending(path: "race.md")
        let run = try await ProgramRun.run(
            [
                "bench", "race", "--bodies", "1024", "--only", "publish-1,fan-out-20,catch-up",
                "--rounds", "1", "--seconds", "0.1", "--catch-up", "64", "--ledger-entries", "0",
                "--json", figures.path, "--markdown", tables.path,
            ],
            in: folder
        )
        #expect(run.status == 0, "\(run)")
        let markdown = try String(contentsOf: tables, encoding: .utf8)
        for title in ["publish, 1 sender", "to 20 receivers", "catch-up"] {
            #expect(markdown.contains(title))
        }
        struct Document: Decodable { let results: RaceResults }
        let document = try JSONDecoder()
            .decode(Document.self, from: Data(contentsOf: figures))
        let rates = document.results.lines.flatMap(\.rounds).compactMap { $0["rate"] }
        #expect(rates.count == 3)
        #expect(rates.allSatisfy { $0 > 0 })
        let wrong = try await ProgramRun.run(["bench", "race", "--only", "marathon"], in: folder)
        #expect(wrong.status == 2)
    }
}

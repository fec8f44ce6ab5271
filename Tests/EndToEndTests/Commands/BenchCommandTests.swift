// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici bench runs to its end and measures everything it promises; how fast is not asked here.

import Foundation
import Testing
import WiciCore

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

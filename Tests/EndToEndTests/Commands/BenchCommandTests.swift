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
    func `a new hub's ledger is filled with what an audit accepts, and no other's`() async throws {
        let charities = (1...7).map { "fundacja-\($0)" }
        let network = try TestNetwork(institutions: ["kwp-lublin"] + charities)
        let hub = network.hubFolder.location.path
        let receivers = charities.flatMap { ["--to", "\($0).main"] }
        let sender = "kwp-lublin.main"
        let words = ["bench", "fill", hub, "--entries", "200", "--from", sender, "--json"]
        let run = try await ProgramRun.run(words + receivers, in: network.folder)
        #expect(run.status == 0, "\(run)")
        #expect(try run.json()["messages"]?.whole == 175, "\(run)")
        let audit = try await ProgramRun.run(
            ["audit", "verify", hub, "--json"],
            in: network.folder
        )
        #expect(audit.status == 0, "\(audit)")
        #expect(try audit.json()["messages"]?.whole == 175, "\(audit)")
        #expect(try audit.json()["decisionsReplayed"]?.whole == 175, "\(audit)")
        try CommandTests.expectRefusal(
            try await ProgramRun.run(words + receivers, in: network.folder),
            status: 1,
            name: "ledger-not-new"
        )
        let few = try await ProgramRun.run(words + ["--to", sender], in: network.folder)
        try CommandTests.expectRefusal(few, status: 2, name: "usage")
    }

    @Test
    func `a race without peers measures Wici in everything and writes its files`() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "wici-race-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let figures = folder.appending(path: "race.json")
        let tables = folder.appending(path: "race.md")
        let run = try await ProgramRun.run(
            [
                "bench", "--bodies", "1024", "--rounds", "1", "--seconds", "0.1",
                "--catch-up", "64", "--connected", "32", "--ledger-entries", "100",
                "--json", figures.path, "--markdown", tables.path,
            ],
            in: folder
        )
        #expect(run.status == 0, "\(run)")
        let markdown = try String(contentsOf: tables, encoding: .utf8)
        struct Document: Decodable { let results: RaceResults }
        let results = try JSONDecoder()
            .decode(Document.self, from: Data(contentsOf: figures)).results
        for workload in RaceWorkload.allCases {
            #expect(markdown.contains(workload.title), "\(workload)")
            let cell = RaceCell(workload: workload, bodyBytes: 1_024)
            let line = try #require(results.lines.first { $0.cell == cell }, "\(workload)")
            for figure in workload.figures {
                let value = line.rounds.first?[figure.rawValue] ?? 0
                #expect(value > 0, "\(workload) \(figure)")
            }
        }
        for limit in ["audit-verify", "growth", "ready"] {
            #expect(results.limit(limit).map { $0.median > 0 } == true, "\(limit)")
        }
        let wrong = try await ProgramRun.run(["bench", "race", "--only", "marathon"], in: folder)
        #expect(wrong.status == 2)
    }
}

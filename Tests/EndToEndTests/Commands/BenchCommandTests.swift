// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici bench runs to its end and measures everything it promises; how fast is not asked here.

import Foundation
import Testing
import WiciCore

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
}

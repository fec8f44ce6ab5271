// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The scripts that take long: whoever asks for help or mistypes is answered at once, and nothing is
// installed, built or started before what is wrong with the options has been said.

import Foundation
import NetworkRig
import Testing

struct ScriptTests {
    /// Runs a script from a folder of the test's own; with this setting none of them can build.
    private func run(_ script: String, _ words: String..., in folder: URL) async throws
        -> ProgramRun
    {
        try await ProgramRun.run(
            words,
            in: folder,
            environment: ["WICI_BUILD": "nonsense"],
            program: repositoryRoot.appending(path: script)
        )
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = URL(filePath: "/tmp/wici-script-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    @Test(arguments: ["Deploy/quickstart", "Deploy/race/run", "Tests/run"])
    func `help is printed at once, and a misspelt option is refused`(script: String) async throws {
        try await withFolder { folder in
            let help = try await run(script, "--help", in: folder)
            #expect(help.status == 0, "\(help)")
            #expect(help.output.contains(script), "\(help)")
            #expect(!help.output.contains("set -"), "\(help)")
            let wrong = try await run(script, "--nonsense", in: folder)
            #expect(wrong.status != 0, "\(wrong)")
            #expect(wrong.remarks.contains("Unknown option: --nonsense"), "\(wrong)")
        }
    }

    @Test
    func `a folder that the quickstart cannot use is refused before anything is built`()
        async throws
    {
        try await withFolder { folder in
            // A relative path starts where it was typed.
            let full = try await run("Deploy/quickstart", "--folder", ".", in: folder)
            #expect(full.status == 1, "\(full)")
            #expect(full.remarks.contains("\(folder.path)/.: the folder is not empty"), "\(full)")
            let name = String(repeating: "n", count: 80)
            let long = try await run("Deploy/quickstart", "--folder", name, in: folder)
            #expect(long.status == 1, "\(long)")
            #expect(long.remarks.contains("may have 107"), "\(long)")
            // Nothing is wrong with this one: what follows is the check of the build's name.
            let good = try await run("Deploy/quickstart", "--folder=net", in: folder)
            #expect(good.remarks.contains("WICI_BUILD"), "\(good)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the programs of Tests/Interop/client say of themselves, before they meet a real hub.

import Foundation
import NetworkRig
import Testing
import WiciCore

@Suite(.timeLimit(.minutes(2)))
struct ForeignClientTests {
    @Test
    func `the foreign client passes its own tests, vectors and a small hub of its own included`()
        async throws
    {
        let (status, output) = try await InteropProgram("client/selftest.py").finish()
        let text = String(decoding: output, as: UTF8.self)
        #expect(status == 0, "\(text)")
        #expect(text.hasSuffix(" passed, 0 failed\n"))
    }

    @Test
    func `the naive evaluation decides every check of the policy as it says`() async throws {
        let policy = repositoryRoot.appending(path: "Deploy/network/policy.yaml").path
        let checks = try Policy(text: String(contentsOfFile: policy, encoding: .utf8)).checks.count
        let (status, output) = try await InteropProgram(
            "client/naive_audience.py",
            ["--checks", policy]
        ).finish()
        let text = String(decoding: output, as: UTF8.self)
        #expect(status == 0, "\(text)")
        #expect(text == "\(checks) of \(checks) checks agree\n")
    }
}

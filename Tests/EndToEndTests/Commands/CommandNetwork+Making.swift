// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How a network comes to be by command: the authority's keys, the hub, the nodes' requests, registry
// and policy signed two of three.

import Foundation
import NetworkRig
import Testing
import WiciCore
import WiciNode

@testable import wici

extension CommandNetwork {
    static let origin = "hub.example/command"

    /// Makes every folder, key and document.
    func make(_ rules: Rules) async throws {
        for number in 1...3 {
            try FileManager.default.createDirectory(
                atPath: path("authority"),
                withIntermediateDirectories: true
            )
            try await ok("registry", "key", "authority-\(number)", "--folder", path("authority"))
        }
        let exchange = "tcp://127.0.0.1:\(try FreePort.find())"
        let made = try await ok(
            [
                "hub", "init", hubFolder, "--origin", Self.origin, "--exchange", exchange,
                "--feed", "tcp://127.0.0.1:\(try FreePort.find())", "--status-port", "0",
                "--json",
            ] + authority
        ).json()
        guard let hubKey = made["exchangeKey"]?.word, let ledgerKey = made["ledgerKey"]?.word
        else { throw TestNetwork.Failure("wici hub init told no keys") }
        try Data(ledgerKey.utf8).write(to: folder.appending(path: "ledger.pub"))
        try await enrol(hubKey: hubKey, ledgerKey: ledgerKey, exchange: exchange)
        try await makePolicy(rules)
    }

    private func enrol(hubKey: String, ledgerKey: String, exchange: String) async throws {
        let draft = path("authority/registry-1.yaml")
        let members = repositoryRoot.appending(path: "Deploy/network/institutions.yaml").path
        try await ok(
            [
                "registry", "init", members, "--network", "wici-demo", "--origin", Self.origin,
                "--hub-key", hubKey, "--ledger-key", ledgerKey, "--output", draft,
            ] + authority
        )
        var requests: [String] = []
        for institution in institutions {
            let made = try await ok(
                [
                    "node", "init", node(institution), "--id", "\(institution).main",
                    "--institution", institution, "--hub", exchange, "--hub-key", hubKey,
                    "--json",
                ] + authority
            ).json()
            guard let request = made["request"]?.word else {
                throw TestNetwork.Failure("wici node init told no request")
            }
            requests.append(request)
        }
        try await ok(["registry", "add"] + requests + ["--registry", draft])
        try await sign("registry", draft, to: registry)
    }

    private static let fewRules = """
        policy: wici-demo
        release: 1
        previous: none
        issued: 2026-01-01
        expires: \(WarsawTime.date(at: Node.systemTime()).adding(days: 30))
        community: {pl: próba, en: trial}
        seal: {marking-from: TLP:AMBER+STRICT, data-level-from: personal}
        public: []
        grants:
          - id: G1
            says: {pl: Dobrą praktyką dzieli się każdy., en: Everybody shares good practices.}
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
          - id: G2
            says: {pl: Każdy prosi o pomoc i potwierdza., en: Everybody asks and acknowledges.}
            from: any
            types: [support-request, acknowledgement]
            to: any
            region: any
            marking-at-most: TLP:AMBER+STRICT
            data-level-at-most: special
            data-about: any
            purpose: any
            regime: any
            status: any
            sealed: required
            basis: próba
        nevers: []
        checks:
          - police -> ngo, good-practice, same, TLP:GREEN = allowed by G1
          - police -> ngo, support-request, both, TLP:AMBER, support, sealed = allowed by G2
        promises: []

        """

    private func makePolicy(_ rules: Rules) async throws {
        let today = WarsawTime.date(at: Node.systemTime())
        let source =
            switch rules {
            case .few: Self.fewRules
            case .demonstration:
                try String(
                    contentsOf: repositoryRoot.appending(path: "Deploy/network/policy.yaml"),
                    encoding: .utf8
                )
            }
        let draft = path("authority/policy.yaml")
        let dated = source.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("issued: ") ? "issued: \(today)" : $0 }
            .joined(separator: "\n")
        try Data(dated.utf8).write(to: URL(filePath: draft))
        try await sign("policy", draft, to: policy)
    }

    /// Signs a draft with two of the three keys.
    func sign(_ noun: String, _ draft: String, to note: String) async throws {
        try await ok(noun, "sign", draft, "--key", key(1), "--key", key(3), "--output", note)
    }

    /// A draft of the release after the policy that the hub has in force, with a change in its text.
    func nextPolicy(_ change: (String) -> String) async throws -> String {
        let status = try await ok("hub", "status", hubFolder, "--json").json()
        let digest = status["policyDigest"]?.word ?? ""
        let text = try SignedNote(bytes: Data(contentsOf: URL(filePath: policy))).text
        let next = text.replacing("release: 1\n", with: "release: 2\n")
            .replacing("previous: none", with: "previous: \"\(digest)\"")
        let draft = path("authority/policy-2.yaml")
        try Data(change(next).utf8).write(to: URL(filePath: draft))
        return draft
    }
}

/// Gives the tests of a suite one network of processes to share.
struct CommandNetworkTrait: SuiteTrait, TestScoping {
    let institutions: [String]

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing body: @Sendable () async throws -> Void
    ) async throws {
        try await CommandNetwork.run(institutions, rules: .demonstration) { network in
            try await CommandNetwork.$shared.withValue(network) { try await body() }
        }
    }
}

extension Trait where Self == CommandNetworkTrait {
    /// One running network of these institutions for the whole suite.
    static func commandNetwork(_ institutions: String...) -> CommandNetworkTrait {
        CommandNetworkTrait(institutions: institutions)
    }
}

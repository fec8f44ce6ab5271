// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Registry, policy and schema by command: what needs no running network.

import Foundation
import NetworkRig
import Testing
import WiciCore

extension CommandTests {
    @Suite
    struct Documents {
        // MARK: Registry

        @Test
        func `the members and their nodes are shown, with their keys in JSON`() async throws {
            let network = try CommandTests.network()
            let members = try await network.ok("registry", "show", network.registry, "--json")
                .json()
            #expect(members.items.count == 19)
            let police = try #require(members.items.first { $0["id"]?.word == CommandTests.police })
            #expect(police["kind"]?.word == "IK-POL")
            let node = try #require(police["nodes"]?.items.first)
            #expect(node["state"]?.word == "valid")
            for key in ["exchangeKey", "signingKey", "sealingKey"] {
                #expect(node[key]?.word?.count == 64)
            }
            let text = try await network.ok("registry", "show", network.registry)
            #expect(text.output.contains("kwp-lublin.main"), "\(text)")
            #expect(text.output.contains("release 1"), "\(text)")
        }

        @Test
        func `the seven teams are listed with their dates, a disputed one marked`() async throws {
            let network = try CommandTests.network()
            let teams = try await network.ok("registry", "teams", network.registry, "--json").json()
            #expect(teams.items.count == 7)
            #expect(teams.items.filter { $0["disputed"]?.isTrue == true }.count == 1)
            let lublin = try #require(teams.items.first { $0["id"]?.word == "team-06" })
            #expect(lublin["since"]?.word == "2014-10-07")
            #expect(lublin["members"]?.words.contains(CommandTests.police) == true)
            let text = try await network.ok("registry", "teams", network.registry)
            #expect(text.output.contains("2014-01-26*"), "\(text)")
        }

        @Test
        func `a registry verifies against the authority's keys, and not with one signature`()
            async throws
        {
            let network = try CommandTests.network()
            let words = ["registry", "verify", network.registry, "--json"] + network.authority
            let report = try await network.ok(words).json()
            #expect(report["network"]?.word == "wici-demo")
            #expect(report["pinned"]?.isTrue == true)
            let unpinned = try await network.ok("registry", "verify", network.registry)
            #expect(unpinned.remarks.contains("--authority"), "\(unpinned)")

            let note = network.path("one.note")
            let signed = try await network.ok(
                [
                    "registry", "sign", network.path("authority/registry-1.yaml"), "--key",
                    network.key(2), "--output", note,
                ]
            )
            #expect(signed.output.contains("Signatures still missing: 1."), "\(signed)")
            let run = try await network.run(
                ["registry", "verify", note, "--json"] + network.authority
            )
            try CommandTests.expectRefusal(run, status: 4, name: "note-signatures-missing")
        }

        @Test
        func `a revocation is a draft of the next release, which two keys make valid`()
            async throws
        {
            let network = try CommandTests.network()
            let draft = network.path("revoked.yaml")
            func revoke(_ node: String, _ reason: String) async throws -> ProgramRun {
                try await network.run(
                    [
                        "registry", "revoke", node, "--reason", reason, "--registry",
                        network.registry, "--output", draft, "--json",
                    ]
                )
            }
            let made = try await revoke("kwp-lublin.main", "key-compromised")
            #expect(try made.json()["release"]?.whole == 2, "\(made)")
            try await network.sign("registry", draft, to: network.path("revoked.note"))
            let verified = try await network.ok(
                [
                    "registry", "verify", network.path("revoked.note"), "--after",
                    network.registry, "--json",
                ]
            )
            #expect(try verified.json()["release"]?.whole == 2)
            let shown = try await network.ok("registry", "show", network.path("revoked.note"))
            #expect(shown.output.contains("kwp-lublin.main (revoked "), "\(shown)")
            try CommandTests.expectRefusal(
                try await revoke("nobody.main", "withdrawn"),
                status: 5,
                name: "document-reference-unknown"
            )
            try CommandTests.expectRefusal(
                try await revoke("kwp-lublin.main", "boredom"),
                status: 2,
                name: "usage"
            )
        }

        @Test
        func `a node is enrolled once`() async throws {
            let network = try CommandTests.network()
            let run = try await network.run(
                [
                    "registry", "add", network.node(CommandTests.police) + "/enrolment.request",
                    "--registry", network.registry, "--output", network.path("twice.yaml"),
                    "--json",
                ]
            )
            try CommandTests.expectRefusal(run, status: 1, name: "document-id-twice")
            #expect(!FileManager.default.fileExists(atPath: network.path("twice.yaml")))
        }

        // MARK: Policy

        @Test
        func `a policy in order is found in order and compared with another release`()
            async throws
        {
            let network = try CommandTests.network()
            let report = try await network.ok(
                "policy",
                "check",
                network.policy,
                "--against",
                network.policy,
                "--json"
            ).json()
            #expect(report["errors"] == .array([]))
            #expect(report["gained"]?.whole == 0)
            #expect(report["lost"]?.whole == 0)
            #expect(report["checks"]?.whole ?? 0 >= 40)
            let text = try await network.ok("policy", "check", network.policy)
            #expect(text.output.contains("All checks and promises hold."), "\(text)")
        }

        @Test
        func `a policy whose checks fail is neither found in order nor signed`() async throws {
            let network = try CommandTests.network()
            let text = try String(
                contentsOfFile: network.path("authority/policy.yaml"),
                encoding: .utf8
            )
            let wrong = text.replacing(
                "warning, other, TLP:CLEAR = allowed by G5",
                with: "warning, other, TLP:CLEAR = refused, no grant"
            )
            #expect(wrong != text)
            let draft = network.path("wrong.yaml")
            try Data(wrong.utf8).write(to: URL(filePath: draft))
            let check = try await network.run("policy", "check", draft, "--json")
            #expect(check.status == 1, "\(check)")
            #expect(try check.json()["errors"]?.items.count == 1, "\(check)")
            let sign = try await network.run(
                ["policy", "sign", draft, "--key", network.key(1), "--json"]
            )
            try CommandTests.expectRefusal(sign, status: 1, name: "policy-check-fails")
            #expect(!FileManager.default.fileExists(atPath: network.path("wrong.note")))
        }

        @Test
        func `a decision is explained by its rule, and a refusal ends with 3`() async throws {
            let network = try CommandTests.network()
            func explain(_ words: [String]) async throws -> ProgramRun {
                try await network.run(["policy", "explain", "--policy", network.policy] + words)
            }
            let allowed = try await explain([
                "--from", "ngo", "--to", "police", "--type", "case-alert", "--marking",
                "TLP:AMBER", "--json",
            ])
            #expect(allowed.status == 0, "\(allowed)")
            #expect(try allowed.json()["rules"]?.words == ["G1"], "\(allowed)")
            let refused = try await explain([
                "--from", "ngo", "--to", "police", "--type", "meeting-notice", "--json",
            ])
            #expect(refused.status == 3, "\(refused)")
            #expect(try refused.json()["allowed"] == .boolean(false))
            #expect(try refused.json()["differences"]?.items.isEmpty == false)
            let wrong = try await explain([
                "--from", "ngo", "--to", "pirates", "--type", "meeting-notice", "--json",
            ])
            try CommandTests.expectRefusal(wrong, status: 2, name: "usage")
        }

        @Test
        func `who may see a message is listed by kind, with the rules`() async throws {
            let network = try CommandTests.network()
            let words = [
                "policy", "who-sees", "--policy", network.policy, "--from", "police", "--type",
                "warning", "--marking", "TLP:GREEN",
            ]
            let rows = try await network.ok(words + ["--json"]).json()
            #expect(rows.column("to").contains("ngo"))
            #expect(rows.items.allSatisfy { $0["rules"]?.words.contains("G5") == true })
            let text = try await network.ok(words)
            #expect(text.output.contains("G5"), "\(text)")
        }

        // MARK: Schema

        @Test
        func `types, code lists and codes are listed`() async throws {
            let network = try CommandTests.network()
            let types = try await network.ok("schema", "list", "--json").json()
            #expect(types.items.count == 18)
            let lists = try await network.ok("schema", "list", "--codes", "--json").json()
            #expect(lists.column("name").contains("exploitation"))
            let codes = try await network.ok("schema", "list", "exploitation", "--json").json()
            #expect(codes.column("name").contains("EX-LAB"))
            #expect(codes.column("pl").count == codes.items.count)
            let text = try await network.ok("schema", "list")
            #expect(text.output.contains("case-alert"), "\(text)")
        }

        @Test
        func `a type is shown field by field and exported as JSON Schema`() async throws {
            let network = try CommandTests.network()
            let fields = try await network.ok("schema", "show", "case-alert", "--json").json()
            let title = try #require(
                fields.items.first { $0["path"]?.word == "common.title" }
            )
            #expect(title["required"]?.isTrue == true)
            let text = try await network.ok("schema", "show", "case-alert")
            #expect(text.output.contains("common.title"), "\(text)")
            let schema = try await network.ok("schema", "json-schema", "case-alert").json()
            #expect(schema["$schema"]?.word == "https://json-schema.org/draft/2020-12/schema")
        }

        @Test
        func
            `every type is exported at once, and what cannot be expressed is told in two languages`()
            async throws
        {
            let network = try CommandTests.network()
            let written = try await network.ok(
                ["schema", "json-schema", "--all", "--output", network.path("schemas"), "--json"]
            ).json()
            #expect(written.items.count == 18)
            for file in written.column("file") {
                _ = try PlainValue(json: Data(contentsOf: URL(filePath: file)))
            }
            let text = try await network.ok(
                ["schema", "json-schema", "--all", "--output", network.path("schemas")]
            )
            #expect(text.output.split(separator: "\n").count == 18, "\(text)")
            let omissions = try await network.ok("schema", "json-schema", "--omissions", "--json")
                .json()
            #expect(!omissions.items.isEmpty)
            for language in ["rule", "pl", "en"] {
                #expect(omissions.column(language).count == omissions.items.count)
            }
        }
    }
}

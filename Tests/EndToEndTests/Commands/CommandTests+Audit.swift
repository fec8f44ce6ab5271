// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger by command: verified, followed, counted, proven, exported from the hub's disk and
// through an auditor's node; and both exports verified by a program that shares no code with ours.

import Foundation
import NetworkRig
import Testing
import WiciCore

extension CommandTests {
    @Suite
    struct Audit {
        /// A message of its own whose entry the signed checkpoint covers.
        private func message(_ network: CommandNetwork) async throws -> String {
            let text = try CommandNetwork.sampleText("19").replacing(
                "regions: [PL]",
                with: "institutions: [kwp-lublin]"
            )
            let id = try await network.send(Data(text.utf8), from: CommandTests.inspection)
            try await network.awaitMail(id, at: CommandTests.police)
            try await network.awaitCheckpoint(covering: id, from: CommandTests.inspection)
            return id
        }

        private func export(_ network: CommandNetwork, _ words: [String]) async throws -> String {
            let folder = network.path("export-\(UUID().uuidString)")
            let report = try await network.ok(
                ["audit", "export", "--json", "--output", folder] + words
            ).json()
            #expect(report["folder"]?.word == folder)
            #expect(report["entries"]?.whole ?? 0 > 2)
            return folder
        }

        /// What Tests/Interop/audit/verify.py says of an export.
        private func independentVerdict(
            _ folder: String,
            key: String
        ) async throws -> (Int32, PlainValue) {
            let (status, output) = try await InteropProgram(
                "audit/verify.py",
                [folder + "/ledger.jsonl", folder + "/checkpoint", key]
            ).finish()
            return (status, try PlainValue(json: output))
        }

        private func ledgerKey(_ network: CommandNetwork) throws -> String {
            try String(contentsOfFile: network.path("ledger.pub"), encoding: .utf8)
        }

        @Test
        func `an export from the hub's disk verifies here and independently`() async throws {
            let network = try CommandTests.network()
            _ = try await message(network)
            let folder = try await export(network, ["--hub", network.hubFolder])
            let report = try await network.ok(
                "audit",
                "verify",
                folder,
                "--key",
                network.registry,
                "--json"
            ).json()
            #expect(report["sound"]?.isTrue == true)
            #expect(report["keyPinned"]?.isTrue == true)
            let (status, verdict) = try await independentVerdict(folder, key: ledgerKey(network))
            #expect(status == 0, "\(verdict.json())")
            #expect(verdict["sound"]?.isTrue == true)
            #expect(verdict["entries"]?.whole == report["entries"]?.whole)
            #expect(verdict["messages"]?.whole == report["messages"]?.whole)
        }

        @Test
        func `an export through the auditor's node verifies here and independently`() async throws {
            let network = try CommandTests.network()
            let id = try await message(network)
            let folder = try await export(
                network,
                ["--to-node", network.node(CommandTests.audit), "--purpose", "review"]
            )
            let text = try await network.ok("audit", "verify", folder, "--key", network.registry)
            #expect(text.output.contains("The ledger is complete and signed."), "\(text)")
            #expect(text.output.contains("Whether the rules allowed"), "\(text)")
            let (status, verdict) = try await independentVerdict(folder, key: ledgerKey(network))
            #expect(status == 0, "\(verdict.json())")
            #expect(verdict["signed"]?.whole == verdict["entries"]?.whole)
            let trail = try await network.ok("audit", "trail", id, "--ledger", folder, "--json")
            #expect(try trail.json().column("event").contains("accepted"))
        }

        @Test
        func `an export that fails leaves an earlier one as it was and nothing beside it`()
            async throws
        {
            let network = try CommandTests.network()
            _ = try await message(network)
            let place = network.path("exports-\(UUID().uuidString)")
            let folder = place + "/export"
            let words = ["audit", "export", "--json", "--output", folder]
            func bytes() throws -> [Data] {
                try ["ledger.jsonl", "checkpoint", "ledger-key"].map {
                    try Data(contentsOf: URL(filePath: folder + "/" + $0))
                }
            }
            func others() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: place).filter { $0 != "export" }
            }
            let police = ["--to-node", network.node(CommandTests.police), "--purpose", "review"]
            #expect(try await network.run(words + police).status == 3)
            #expect(!FileManager.default.fileExists(atPath: folder))
            try await network.ok(words + ["--hub", network.hubFolder])
            let before = try bytes()
            #expect(try await network.run(words + police).status == 3)
            #expect(try await network.run(words + police.dropLast(2)).status == 2)
            #expect(try bytes() == before)
            _ = try await message(network)
            try await network.ok(words + ["--hub", network.hubFolder])
            #expect(try bytes()[0].count > before[0].count)
            #expect(try others() == [])

            try Data("notes".utf8).write(to: URL(filePath: folder + "/notes.txt"))
            try CommandTests.expectRefusal(
                try await network.run(words + ["--hub", network.hubFolder]),
                status: 1,
                name: "export-place-taken"
            )
            #expect(try String(contentsOfFile: folder + "/notes.txt", encoding: .utf8) == "notes")
        }

        @Test
        func `an export in which one digit was changed ends with 8`() async throws {
            let network = try CommandTests.network()
            _ = try await message(network)
            let folder = try await export(network, ["--hub", network.hubFolder])
            let file = URL(filePath: folder + "/ledger.jsonl")
            let text = try String(contentsOf: file, encoding: .utf8)
            let changed = text.replacing("kwp-lublin.main", with: "kwp-lublin.mail")
            #expect(changed != text)
            try Data(changed.utf8).write(to: file)
            let words = ["audit", "verify", folder, "--key", network.registry]
            let run = try await network.run(words + ["--json"])
            #expect(run.status == 8, "\(run)")
            let report = try run.json()
            #expect(report["sound"] == .boolean(false))
            #expect(report["faults"]?.column("name").isEmpty == false)
            let shown = try await network.run(words)
            #expect(shown.status == 8, "\(shown)")
            #expect(shown.output.contains("Mismatches: "), "\(shown)")
            let (status, verdict) = try await independentVerdict(folder, key: ledgerKey(network))
            #expect(status == 8, "\(verdict.json())")
        }

        @Test
        func `nothing is shown of an altered export but how to see what is wrong`() async throws {
            let network = try CommandTests.network()
            let id = try await message(network)
            let folder = try await export(network, ["--hub", network.hubFolder])
            let file = URL(filePath: folder + "/ledger.jsonl")
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(text.replacing("kwp-lublin.main", with: "kwp-lublin.mail").utf8).write(
                to: file
            )
            for words in [["flow"], ["trail", id], ["checkpoint"]] {
                let command = ["audit"] + words + ["--ledger", folder]
                let run = try await network.run(command)
                #expect(run.status == 8, "\(run)")
                #expect(run.output.isEmpty, "\(run)")
                #expect(run.remarks.contains("wici audit verify \(folder)"), "\(run)")
                try CommandTests.expectRefusal(
                    try await network.run(command + ["--json"]),
                    status: 8,
                    name: "audit-line-unreadable"
                )
            }
        }

        @Test
        func `an export is for whoever made it alone`() async throws {
            let network = try CommandTests.network()
            _ = try await message(network)
            let auditor = ["--to-node", network.node(CommandTests.audit), "--purpose", "review"]
            for words in [["--hub", network.hubFolder], auditor] {
                let folder = try await export(network, words)
                for name in ["", "/ledger.jsonl", "/checkpoint", "/ledger-key"] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: folder + name)
                    let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue
                    #expect(mode == (name.isEmpty ? 0o700 : 0o600), "\(name)")
                }
            }
        }

        @Test
        func `a registry that nobody signed vouches for no ledger`() async throws {
            let network = try CommandTests.network()
            _ = try await message(network)
            let folder = try await export(network, ["--hub", network.hubFolder])
            let note = try String(contentsOfFile: network.registry, encoding: .utf8)
            let unsigned = network.path("unsigned-\(UUID().uuidString).yaml")
            let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.hasPrefix("\u{2014}") }
            try lines.joined(separator: "\n").write(
                toFile: unsigned,
                atomically: true,
                encoding: .utf8
            )
            for words in [["verify", folder], ["flow", "--ledger", folder]] {
                let run = try await network.run(["audit"] + words + ["--key", unsigned, "--json"])
                try CommandTests.expectRefusal(run, status: 4, name: "note-signatures-missing")
            }
            let words = ["audit", "verify", folder, "--key", network.registry, "--json"]
            _ = try await network.ok(words + network.authority)
        }

        @Test
        func `an export that goes on after its checkpoint ends with 8 and shows no trail`()
            async throws
        {
            let network = try CommandTests.network()
            let id = try await message(network)
            let folder = try await export(network, ["--hub", network.hubFolder])
            let file = URL(filePath: folder + "/ledger.jsonl")
            let text = try Data(contentsOf: file)
            let last = try #require(text.dropLast().lastIndex(of: UInt8(ascii: "\n")))
            try (text + text[(last + 1)...]).write(to: file)
            let run = try await network.run(
                ["audit", "verify", folder, "--key", network.registry, "--json"]
            )
            #expect(run.status == 8, "\(run)")
            let report = try run.json()
            #expect(report["sound"] == .boolean(false))
            #expect(report["unproven"]?.whole == 1)
            #expect(report["faults"]?.column("name") == ["audit-size-differs"])
            let (status, verdict) = try await independentVerdict(folder, key: ledgerKey(network))
            #expect(status == 8, "\(verdict.json())")
            let trail = try await network.run(["audit", "trail", id, "--ledger", folder, "--json"])
            try CommandTests.expectRefusal(trail, status: 8, name: "audit-size-differs")
        }

        @Test
        func `the hub's own ledger is verified while the hub writes it`() async throws {
            let network = try CommandTests.network()
            _ = try await message(network)
            for path in [network.hubFolder, network.hubFolder + "/ledger.sqlite"] {
                let run = try await network.ok("audit", "verify", path)
                #expect(run.output.contains("The ledger is sound and signed, and "), "\(run)")
                #expect(run.remarks.contains("--key"), "\(run)")
            }
        }

        @Test
        func `the trail of a message tells who had it by which rule, and is 5 for a stranger`()
            async throws
        {
            let network = try CommandTests.network()
            let id = try await message(network)
            let words = ["audit", "trail", id, "--ledger", network.hubFolder]
            try await eventually("the delivery is on record") {
                try await network.ok(words + ["--json"]).json().column("event")
                    == ["accepted", "recipient", "delivered"]
            }
            let steps = try await network.ok(words + ["--json"]).json()
            #expect(
                steps.column("node") == ["oip-lublin.main", "kwp-lublin.main", "kwp-lublin.main"]
            )
            #expect(steps.items[1]["rules"]?.words == ["G15"])
            let text = try await network.ok(words)
            #expect(text.output.contains("accepted from"), "\(text)")
            let unknown = try await network.run(
                "audit",
                "trail",
                "0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f",
                "--ledger",
                network.hubFolder,
                "--json"
            )
            try CommandTests.expectRefusal(unknown, status: 5, name: "message-unknown")
        }

        @Test
        func `the flow counts messages by sender, recipient and type`() async throws {
            let network = try CommandTests.network()
            _ = try await message(network)
            let words = ["audit", "flow", "--ledger", network.hubFolder]
            let rows = try await network.ok(words + ["--json"]).json()
            let row = try #require(
                rows.items.first {
                    $0["sender"]?.word == "oip-lublin.main" && $0["type"]?.word == "good-practice"
                        && $0["recipient"]?.word == "kwp-lublin.main"
                }
            )
            #expect(row["count"]?.whole ?? 0 >= 1)
            let text = try await network.ok(words)
            #expect(text.output.contains("good-practice"), "\(text)")
        }

        @Test
        func `long work shows how far it has come, to a person and to nobody else`() async throws {
            let network = try CommandTests.network()
            let id = try await message(network)
            let folder = try await export(network, ["--hub", network.hubFolder])
            for words in [
                ["audit", "flow", "--ledger", network.hubFolder],
                ["audit", "flow", "--ledger", folder, "--key", network.registry],
                ["audit", "trail", id, "--ledger", folder, "--key", network.registry],
                ["audit", "verify", folder, "--key", network.registry],
            ] {
                // At a terminal, which shows standard output and standard error alike.
                let spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode("
                let run = try await ProgramRun.run(
                    ["python3", "-c", spawn + "pty.spawn(sys.argv[1:])))"]
                        + [ProcessNetwork.builtProgram().path] + words,
                    in: network.folder,
                    program: URL(filePath: "/usr/bin/env")
                )
                #expect(run.status == 0, "\(run)")
                #expect(run.output.contains("[##############################]"), "\(run)")
                #expect(try await network.ok(words).remarks.isEmpty)
            }
        }

        @Test
        func `a proof is a file that verifies against the ledger's key`() async throws {
            let network = try CommandTests.network()
            let id = try await message(network)
            let words = ["audit", "proof", id, "--to-node", network.node(CommandTests.police)]
            let text = try await network.ok(words)
            let file = try ProofFile(bytes: Data(text.output.utf8))
            let key = try VerifierKey(text: ledgerKey(network))
            _ = try Checkpoint(note: file.checkpoint, ledgerKey: key)
            let json = try await network.ok(words + ["--json"]).json()
            #expect(json["entry"]?["index"]?.whole == Int(file.index))
            let foreign = try await network.run(
                words.dropLast() + [network.node(CommandTests.foundation), "--json"]
            )
            try CommandTests.expectRefusal(foreign, status: 3, name: "opening-not-yours")
        }

        @Test
        func `the last checkpoint is a note signed by the ledger's key`() async throws {
            let network = try CommandTests.network()
            let words = ["audit", "checkpoint", "--ledger", network.hubFolder]
            let json = try await network.ok(words + ["--json"]).json()
            #expect(json["origin"]?.word == CommandNetwork.origin)
            let text = try await network.ok(words)
            let note = try SignedNote(bytes: Data(text.output.utf8), limits: .checkpoint)
            let key = try VerifierKey(text: ledgerKey(network))
            let checkpoint = try Checkpoint(note: note, ledgerKey: key)
            #expect(Int(checkpoint.size) >= json["size"]?.whole ?? 0)
        }

        @Test
        func `only an auditor exports through a node, and only for a purpose`() async throws {
            let network = try CommandTests.network()
            let words = ["audit", "export", "--json", "--output", network.path("none")]
            let police = ["--to-node", network.node(CommandTests.police)]
            let auditor = ["--to-node", network.node(CommandTests.audit)]
            try CommandTests.expectRefusal(
                try await network.run(words + police + ["--purpose", "review"]),
                status: 3,
                name: "not-an-auditor"
            )
            try CommandTests.expectRefusal(
                try await network.run(words + auditor),
                status: 2,
                name: "usage"
            )
            try CommandTests.expectRefusal(
                try await network.run(words + auditor + ["--purpose", "curiosity"]),
                status: 1,
                name: "audit-purpose-unknown"
            )
        }
    }
}

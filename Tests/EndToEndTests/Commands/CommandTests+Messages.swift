// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Messages by command, from the template to the acknowledgement, between nodes that run.

import Foundation
import NetworkRig
import Testing
import WiciCore

extension CommandTests {
    @Suite
    struct Messages {
        /// A meeting notice to the police: only a voivodeship office may send one.
        static func notice() throws -> Data {
            let text = try CommandNetwork.sampleText("34")
                .replacing("teams: [team-06]", with: "institutions: [kwp-lublin]")
                .replacing("  quorum: 8\n", with: "")
            return Data(text.utf8)
        }

        @Test
        func `a template is commented, speaks both languages and shows its gaps when checked`()
            async throws
        {
            let network = try CommandTests.network()
            let polish = try await network.ok("message", "new", "case-alert")
            let english = try await network.ok("message", "new", "case-alert", "--english")
            #expect(polish.output.contains("#"))
            #expect(polish.output != english.output)
            let json = try await network.ok("message", "new", "case-alert", "--json").json()
            #expect(json["type"]?.word == "case-alert")
            let words = ["message", "check", "-", "--json"]
            let check = try await network.run(words, input: Data(english.output.utf8))
            #expect(check.status == 1, "\(check)")
            let faults = try check.json().items.first?["faults"]
            #expect(faults?.items.count ?? 0 > 3, "\(check)")
            #expect(faults?.column("code").contains("missing") == true, "\(check)")
        }

        @Test
        func `every sample passes the check, all in one command`() async throws {
            let network = try CommandTests.network()
            let folder = repositoryRoot.appending(path: "Deploy/network/messages")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let paths = files.map { folder.appending(path: $0).path }
            let reports = try await network.ok(["message", "check", "--json"] + paths).json()
            #expect(reports.items.count == files.count)
            // Those that answer another say so: whoever sends them fills in the id.
            let answering = try paths.filter {
                try String(contentsOfFile: $0, encoding: .utf8).contains("\nanswers: ")
            }
            #expect(reports.column("answers").count == answering.count)
            let answer = try #require(paths.first { $0.contains("/10-") })
            let text = try await network.ok("message", "check", answer)
            #expect(text.output.contains("in order; answers sample 7"), "\(text)")
        }

        @Test
        func `a draft of another institution is not sent, whoever's node is asked`() async throws {
            let network = try CommandTests.network()
            let words = [
                "message", "send", "-", "--json", "--to-node", network.node(CommandTests.police),
            ]
            let own = try DeliveryTests.sampleText("04")
            let other = own.replacing("from: kwp-lublin", with: "from: oip-lublin")
            #expect(other != own)
            let run = try await network.run(words, input: Data(other.utf8))
            try CommandTests.expectRefusal(run, status: 1, name: "sender-differs")
            try await network.ok(words + ["--dry-run"], input: Data(own.utf8))
        }

        @Test
        func `a message is previewed, sent, received, shown and acknowledged`() async throws {
            let network = try CommandTests.network()
            let (sender, receiver) = (
                network.node(CommandTests.inspection), network.node(CommandTests.police)
            )
            try await network.ok("subscribe", "--type", "case-alert", "--to-node", receiver)
            let draft = network.path("alert.yaml")
            try CommandNetwork.sample("01").write(to: URL(filePath: draft))

            let words = ["message", "send", draft, "--to-node", sender]
            let preview = try await network.ok(words + ["--dry-run", "--json"]).json()
            let eligible = ["audyt-wojewody.main", "kwp-lublin.main"]
            #expect(preview["eligible"]?.column("node") == eligible)
            #expect(preview["sealed"] == .boolean(false))
            let text = try await network.ok(words + ["--dry-run"])
            #expect(text.output.contains("Eligible (2)"), "\(text)")
            #expect(!text.output.contains("Accepted"), "\(text)")
            let before = try await network.ok("node", "status", receiver, "--json").json()

            let sent = try await network.ok(words)
            #expect(sent.output.contains("Accepted: ledger entry"), "\(sent)")
            #expect(sent.output.contains("1 recipients of 2 eligible"), "\(sent)")
            let entry = try await network.ok(words + ["--json"]).json()
            #expect(entry["state"]?.word == "accepted")
            #expect(entry["receipt"]?["audience"]?.column("node") == ["kwp-lublin.main"])
            let id = try #require(entry["id"]?.word)
            try await network.awaitMail(id, at: CommandTests.police)
            // The two that were sent and not the two that were only previewed.
            let after = try await network.ok("node", "status", receiver, "--json").json()
            let grown =
                try #require(after["mailboxHead"]?.whole)
                - #require(before["mailboxHead"]?.whole)
            #expect(grown >= 2)

            let shown = try await network.ok("message", "show", id, "--to-node", receiver)
            #expect(shown.output.contains("EX-LAB"), "\(shown)")
            #expect(shown.output.contains("oip-lublin"), "\(shown)")
            let own = try await network.ok("message", "show", id, "--to-node", sender)
            #expect(own.output.contains(#/\nto +PL-06; /#), "\(own)")
            #expect(own.output.contains(#/\nrecipients +kwp-lublin\n/#), "\(own)")
            try await acknowledge(id, by: CommandTests.police, to: CommandTests.inspection)
        }

        private func acknowledge(
            _ id: String,
            by reader: String,
            to sender: String
        ) async throws {
            let network = try CommandTests.network()
            let list = ["inbox", "--json", "--unacknowledged", "--to-node", network.node(reader)]
            #expect(try await network.ok(list).json().column("id").contains(id))
            let answer = try await network.ok(
                [
                    "acknowledge", id, "--note", "Przyjęto.", "--json", "--to-node",
                    network.node(reader),
                ]
            ).json()
            #expect(answer["state"]?.word == "accepted")
            #expect(try await !network.ok(list).json().column("id").contains(id))
            try await network.awaitMail(try #require(answer["id"]?.word), at: sender)
            let inbox = try await network.ok("inbox", "--to-node", network.node(sender))
            let line = inbox.output.split(separator: "\n").last { $0.hasSuffix("  re \(id)") }
            #expect(line?.contains("acknowledgement") == true, "\(inbox)")
        }

        @Test
        func `a draft from standard input is sealed where the policy demands it, and opens`()
            async throws
        {
            let network = try CommandTests.network()
            let text = try CommandNetwork.sampleText("26")
                .replacing("[fundacja-przyklad, kcik]", with: "[fundacja-przyklad]")
            let preview = try await network.ok(
                [
                    "message", "send", "-", "--dry-run", "--to-node",
                    network.node(CommandTests.inspection),
                ],
                input: Data(text.utf8)
            )
            #expect(preview.output.contains("sealed"), "\(preview)")
            let id = try await network.send(Data(text.utf8), from: CommandTests.inspection)
            try await network.awaitMail(id, at: CommandTests.foundation)
            let view = try await network.ok(
                "message",
                "show",
                id,
                "--json",
                "--to-node",
                network.node(CommandTests.foundation)
            ).json()
            #expect(view["labels"]?["sealed"]?.isTrue == true)
            #expect(view["body"]?["adults"]?.whole == 3)
            #expect(view["inbox"]?["suspect"] == nil)
        }

        @Test
        func `a meeting notice gets replies, by code and by draft`() async throws {
            let network = try CommandTests.network()
            let id = try await network.send(Self.notice(), from: CommandTests.audit)
            try await network.awaitMail(id, at: CommandTests.police)
            let reply = ["reply", id, "--json", "--to-node", network.node(CommandTests.police)]
            let byCode = try await network.ok(
                reply + ["--answer", "RS-YES", "--note", "PRZYKŁAD: Będziemy."]
            ).json()
            #expect(byCode["state"]?.word == "accepted")
            let draft = Data("{\"type\":\"meeting-reply\",\"body\":{\"answer\":\"RS-ONL\"}}".utf8)
            let codes = try await network.ok("schema", "list", "rsvp", "--json").json()
            let code = try #require(codes.column("name").last)
            let byDraft = try await network.ok(
                reply + ["-"],
                input: Data(
                    String(decoding: draft, as: UTF8.self).replacing("RS-ONL", with: code).utf8
                )
            ).json()
            for answer in [byCode, byDraft] {
                let answerID = try #require(answer["id"]?.word)
                #expect(answer["labels"]?["references"]?.words == [id])
                try await network.awaitMail(answerID, at: CommandTests.audit)
            }
            let both = try await network.run(reply + ["-", "--answer", "RS-YES"])
            try CommandTests.expectRefusal(both, status: 2, name: "usage")
        }

        @Test
        func `a message that no rule grants is refused with 3, before and at sending`()
            async throws
        {
            let network = try CommandTests.network()
            let words = [
                "message", "send", "-", "--json", "--to-node",
                network.node(CommandTests.foundation),
            ]
            let sent = try await network.run(words, input: try Self.notice())
            try CommandTests.expectRefusal(sent, status: 3, name: "not-granted")
            #expect(sent.output.isEmpty, "\(sent)")
            let preview = try await network.run(words + ["--dry-run"], input: try Self.notice())
            #expect(preview.status == 3, "\(preview)")
            #expect(try preview.json()["refusal"]?["name"]?.word == "not-granted")
        }

        @Test
        func `a draft with faults is not sent, and every fault is named`() async throws {
            let network = try CommandTests.network()
            let text = try DeliveryTests.sampleText("01").replacing("[EX-LAB]", with: "[EX-NONE]")
                .replacing("place: '06'", with: "place: '99'")
            let run = try await network.run(
                [
                    "message", "send", "-", "--json", "--to-node",
                    network.node(CommandTests.inspection),
                ],
                input: Data(text.utf8)
            )
            try CommandTests.expectRefusal(run, status: 1, name: "schema-fault")
            #expect(try run.refusal()["faults"]?.items.count == 2, "\(run)")
        }

        @Test
        func `an answer that is in no list is the only fault of the reply`() async throws {
            let network = try CommandTests.network()
            let id = try await network.send(Self.notice(), from: CommandTests.audit)
            try await network.awaitMail(id, at: CommandTests.police)
            let run = try await network.run(
                "reply",
                id,
                "--answer",
                "RS-NOPE",
                "--json",
                "--to-node",
                network.node(CommandTests.police)
            )
            try CommandTests.expectRefusal(run, status: 1, name: "schema-fault")
            #expect(try run.refusal()["faults"]?.column("field") == ["body.answer"], "\(run)")
        }

        @Test
        func `the newest of the inbox are listed, and how many are left out`() async throws {
            let network = try CommandTests.network()
            let node = ["--to-node", network.node(CommandTests.police)]
            for _ in 1...3 {
                let text = try CommandNetwork.sampleText("19").replacing(
                    "regions: [PL]",
                    with: "institutions: [kwp-lublin]"
                )
                let id = try await network.send(Data(text.utf8), from: CommandTests.inspection)
                try await network.awaitMail(id, at: CommandTests.police)
            }
            let whole = try await network.ok(["inbox", "--json"] + node)
            let numbers = try whole.json().items.compactMap { $0["number"]?.whole }
            #expect(numbers == Array(1...numbers.count))
            #expect(whole.remarks.isEmpty, "\(whole)")
            let two = try await network.ok(["inbox", "--limit", "2", "--json"] + node)
            let last = try two.json().items.compactMap { $0["number"]?.whole }
            #expect(last.count == 2)
            #expect(last[0] + 1 == last[1])
            #expect(last[1] >= numbers.count)
            #expect(two.remarks.contains("Left out: \(last[0] - 1) older"), "\(two)")
            let page = try await network.ok(
                ["inbox", "--after", "1", "--limit", "1", "--json"] + node
            )
            #expect(try page.json().items.compactMap { $0["number"]?.whole } == [2])
            #expect(page.remarks.contains("--after 2"), "\(page)")
        }

        @Test(arguments: ["show", "acknowledge", "reply"])
        func `a message that the node does not have ends with 5`(verb: String) async throws {
            let network = try CommandTests.network()
            let id = "0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f"
            let words =
                switch verb {
                case "show": ["message", "show", id]
                case "reply": ["reply", id, "--answer", "RS-YES"]
                default: ["acknowledge", id]
                }
            let run = try await network.run(
                words + ["--json", "--to-node", network.node(CommandTests.police)]
            )
            try CommandTests.expectRefusal(run, status: 5, name: "message-unknown")
        }

        @Test
        func `subscriptions add up, are replaced and are removed`() async throws {
            let network = try CommandTests.network()
            let node = ["--json", "--to-node", network.node(CommandTests.foundation)]
            func types(_ words: [String]) async throws -> [[String]] {
                try await network.ok(words + node).json().items.map { $0["types"]?.words ?? [] }
            }
            let one = ["subscribe", "--type", "warning", "--region", "PL-06", "--replace"]
            #expect(try await types(one) == [["warning"]])
            let two = ["subscribe", "--type", "good-practice", "--urgency-from", "UR-2"]
            #expect(try await types(two) == [["warning"], ["good-practice"]])
            #expect(try await types(["subscriptions"]) == [["warning"], ["good-practice"]])
            let text = try await network.ok(["subscriptions"] + node.suffix(2))
            #expect(text.output.contains("regions: PL-06"), "\(text)")
            #expect(text.output.contains("urgency from: UR-2"), "\(text)")
            #expect(try await types(["subscribe", "--none"]) == [])

            let refused = try await network.run(
                ["subscribe", "--type", "meeting-notice", "--sender-kind", "IK-NGO"] + node
            )
            try CommandTests.expectRefusal(refused, status: 3, name: "subscription-not-granted")
            let unknown = try await network.run(["subscribe", "--type", "nonsense"] + node)
            try CommandTests.expectRefusal(unknown, status: 1, name: "subscription-fault")
        }

        @Test
        func `a subscription that contradicts itself, or says nothing, changes nothing`()
            async throws
        {
            let network = try CommandTests.network()
            let node = ["--json", "--to-node", network.node(CommandTests.audit)]
            let before = try await network.ok(
                ["subscribe", "--type", "warning", "--replace"] + node
            ).json()
            for words in [
                ["--none", "--type", "warning"], ["--all", "--none"],
                ["--all", "--topic", "EX-LAB"], ["--replace"],
            ] {
                let run = try await network.run(["subscribe"] + words + node)
                try CommandTests.expectRefusal(run, status: 2, name: "usage")
            }
            for words in [
                ["--topic", "XX"], ["--region", "PL-99"], ["--urgency-from", "UR-9"],
                ["--sender-kind", "IK-NONE"], ["--status", "real"],
            ] {
                let run = try await network.run(["subscribe"] + words + node)
                try CommandTests.expectRefusal(run, status: 1, name: "subscription-fault")
                let text = try await network.run(["subscribe"] + words + node.dropFirst())
                #expect(text.remarks.contains("\(words[0]): \"\(words[1])\""), "\(text)")
            }
            let shown = try await network.ok(["subscribe"] + node)
            #expect(try shown.json() == before)
            #expect(shown.remarks.contains("Nothing was changed"), "\(shown)")
            #expect(try await network.ok(["subscriptions"] + node).json() == before)
            let all = try await network.ok(["subscribe", "--all"] + node).json()
            #expect(all.items.count == 2)
        }

        @Test
        func `an inbox that is followed lists what arrives, a line of JSON each`() async throws {
            let network = try CommandTests.network()
            // The follower ends by itself once its reader has seen one line.
            let program = try ProcessNetwork.builtProgram().path
            async let following = ProgramRun.run(
                [
                    "-c", "\"$0\" inbox --follow --json --to-node \"$1\" | head -n 1", program,
                    network.node(CommandTests.audit),
                ],
                in: network.folder,
                program: URL(filePath: "/bin/sh")
            )
            let text = try CommandNetwork.sampleText("19").replacing(
                "regions: [PL]",
                with: "institutions: [audyt-wojewody]"
            )
            for _ in 1...2 {
                _ = try await network.send(Data(text.utf8), from: CommandTests.inspection)
            }
            let line = try await following
            #expect(try line.json()["number"]?.whole == 1, "\(line)")
        }
    }
}

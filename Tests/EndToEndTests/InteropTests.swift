// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The foreign client of Tests/Interop at a real hub, beside nodes of this library. It is written
// from Schemas/PROTOCOL.md alone, so what passes here is what that page says.

import Foundation
import NetworkRig
import Testing
import WiciCore

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct InteropTests {
    private static let goodPractice = """
        {"type": "good-practice", "marking": "TLP:GREEN", "to": {"regions": ["PL"]},
         "body": {"common": {"title": "PRZYKŁAD: lista pytań po wietnamsku"}, "domain": "GP-IDE",
         "problem": "Brak tłumacza w nocy.", "steps": "1. Druk. 2. Nagranie.",
         "result": "Dwie rozmowy.", "cost": "KO-LOW", "contact": "koordynator"}}
        """

    /// A support request of the shelter to the national centre, sealed by its eligible set.
    private static let supportRequest = """
        {"type": "support-request", "marking": "TLP:AMBER+STRICT", "urgency": "UR-3",
         "purpose": "support", "data-level": "special", "data-subject": "victim",
         "to": {"institutions": ["kcik"]}, "seal-to": ["kcik.main"],
         "body": {"common": {"title": "PRZYKŁAD: nocleg", "legalGround": "Zgoda osoby",
         "caseKey": "HL-14-2026-0011"}, "needs": ["NE-SHF"], "languages": ["vi"], "adults": 1,
         "children": 0, "profile": "PF-WOM", "neededFrom": "2026-12-01T20:00:00+01:00",
         "consent": "CO-YES"}}
        """

    /// What only a voivode or a national body may send.
    private static let meetingNotice = """
        {"type": "meeting-notice", "marking": "TLP:GREEN", "urgency": "UR-2",
         "to": {"regions": ["PL-06"]}, "body": {"common": {"title": "PRZYKŁAD: posiedzenie"},
         "kind": "MK-ORD", "windowStart": "2027-04-15T10:00:00+02:00",
         "windowEnd": "2027-04-15T12:30:00+02:00", "place": "Sala 204", "agenda": "1. Protokół.",
         "replyBy": "2027-04-08T16:00:00+02:00"}}
        """

    /// A step from a draft: the draft's members and these.
    private func step(_ kind: String, _ draft: String, _ more: String = "") -> String {
        "{\"do\": \"\(kind)\", \(more)" + draft.drop(while: { $0.isWhitespace }).dropFirst()
    }

    @Test
    func `a foreign client enrols, sends, opens what is sealed to it, acknowledges and proves`()
        async throws
    {
        let institutions = ["nosg-chelm", "oip-lublin", "kcik"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        let made = try await ForeignNode.make(for: ["fundacja-przyklad"], in: network)
        let client = try InteropProgram.client(try #require(made.first), in: network)
        try await client.step("{\"do\": \"connect\", \"expect\": \"refused 400\"}")
        try network.enrol(made)
        try await client.step("{\"do\": \"reconnect\"}")
        try await network.withNodes(institutions) { nodes in
            let inspection = try #require(nodes["oip-lublin"])
            let guards = try #require(nodes["nosg-chelm"])
            try await inspection.subscribe([SubscriptionModel(types: ["good-practice"])])
            let welcome = try await client.step("{\"do\": \"hello\"}")
            #expect(
                welcome["nodes"]?.items.compactMap(\.word)
                    == (institutions + ["fundacja-przyklad"]).map { "\($0).main" }.sorted()
            )

            let sent = try await client.step(step("send", Self.goodPractice))
            let receipt = try #require(sent["receipts"]?.items.first)
            #expect(receipt["audience"]?.names == ["oip-lublin.main"])
            #expect(
                receipt["eligible"]?.names == ["kcik.main", "nosg-chelm.main", "oip-lublin.main"]
            )
            let practice = try #require(receipt["message"]?.word.flatMap { MessageID($0) })
            try await eventually("the inspection has the foreign client's message") {
                try await inspection.wholeInbox().map(\.id) == [practice]
            }
            let arrived = try #require(try await inspection.wholeInbox().first)
            #expect(arrived.suspect == nil)
            #expect(arrived.title == "PRZYKŁAD: lista pytań po wietnamsku")

            let request = try await guards.send(draft: DeliveryTests.sample("26"))
            #expect(try await guards.outcome(of: request, wait: .seconds(10)).state == .accepted)
            let received = try await client.step("{\"do\": \"receive\", \"count\": 1}")
            let opened = try #require(received["messages"]?.items.first)
            #expect(opened["message"]?.word == "\(request)")
            #expect(opened["sealed"]?.isTrue == true)
            #expect(opened["sender"]?.word == "nosg-chelm.main")
            let body = try #require(opened["body"])
            #expect(body["needs"]?.items.compactMap(\.word) == ["NE-EMG", "NE-INT", "NE-PAY"])
            #expect(
                body["common"]?["title"]?.word == "PRZYKŁAD: nocleg doraźny dla trzech mężczyzn"
            )
            try await client.step("{\"do\": \"acknowledge\"}")

            let answered = try await client.step(
                """
                {"do": "send", "type": "acknowledgement", "marking": "TLP:AMBER+STRICT",
                 "urgency": "UR-3", "purpose": "support", "to": {"institutions": ["nosg-chelm"]},
                 "references": "last", "thread": "last", "seal-to": "audience",
                 "body": {"note": "PRZYKŁAD: Mamy trzy miejsca."}}
                """
            )
            let answer = answered["receipts"]?.items.first?["message"]?.word
            try await eventually("the border guard has the acknowledgement") {
                try await guards.wholeInbox().count == 1
            }
            let acknowledgement = try #require(try await guards.wholeInbox().first)
            #expect(acknowledgement.id?.description == answer)
            #expect(acknowledgement.suspect == nil)
            #expect(acknowledgement.labels?.sealed == true)
            #expect(acknowledgement.labels?.references == [request])

            let proof = try await client.step("{\"do\": \"prove\", \"message\": \"\(practice)\"}")
            #expect(proof["event"]?.word == "accepted")
            try await client.step(
                """
                {"do": "read-ledger", "purpose": "review", "expect-refused": "not-an-auditor"}
                """
            )
        }
        try await eventually("the foreign client's confirmation is on record") {
            try network.deliveredThrough()["fundacja-przyklad.main"] == 1
        }
        #expect(try await client.finish().status == 0)
        await network.stopHub()
    }

    @Test
    func `the feed carries open bulletins, checkpoints and heartbeats to members and nothing else`()
        async throws
    {
        let network = try TestNetwork(institutions: ["nosg-chelm", "oip-lublin", "kcik"])
        try await network.startHub()
        let client = try await InteropProgram.member("fundacja-przyklad", in: network)
        try await client.step("{\"do\": \"hello\"}")
        try await client.step("{\"do\": \"feed-open\"}")
        // The socket hears once the hub has its subscription: the first heartbeat says so.
        try await client.step(
            "{\"do\": \"feed-read\", \"seconds\": 20, \"expect\": [\"heartbeat/\"]}"
        )
        var open: MessageID?
        try await network.withNodes(["nosg-chelm", "oip-lublin"]) { nodes in
            let guards = try #require(nodes["nosg-chelm"])
            let inspection = try #require(nodes["oip-lublin"])
            let sealed = try await guards.send(draft: DeliveryTests.sample("26"))
            let green = try await inspection.send(draft: DeliveryTests.sample("19"))
            let amber = try await inspection.send(draft: DeliveryTests.sample("01"))
            let clear = try await inspection.send(draft: DeliveryTests.clearPractice())
            for (node, id) in [
                (guards, sealed), (inspection, green), (inspection, amber), (inspection, clear),
            ] {
                let entry = try await node.outcome(of: id, wait: .seconds(10))
                #expect(entry.state == .accepted, "\(String(describing: entry.refusal))")
            }
            open = clear
        }
        // All of them were published before the next heartbeat, if at all.
        var heard: [PlainValue] = []
        for topics in ["\"good-practice/PL/\", \"checkpoint/\"", "\"heartbeat/\""] {
            let result = try await client.step(
                "{\"do\": \"feed-read\", \"seconds\": 20, \"expect\": [\(topics)]}"
            )
            heard += result["heard"]?.items ?? []
        }
        let topics = heard.compactMap { $0["topic"]?.word }
        #expect(Set(topics) == ["good-practice/PL/", "checkpoint/", "heartbeat/"])
        let bulletins = heard.filter { $0["topic"]?.word == "good-practice/PL/" }
        #expect(bulletins.map { $0["message"]?.word } == [open?.description])
        #expect(bulletins.map { $0["marking"]?.word } == ["TLP:CLEAR"])
        // A key that is not in the registry hears nothing in a time in which a heartbeat is due.
        try await client.step("{\"do\": \"feed\", \"stranger\": true, \"seconds\": 6}")
        #expect(try await client.finish().status == 0)
        await network.stopHub()
    }

    @Test
    func `what the hub cannot see in a sealed message its recipient finds and never shows`()
        async throws
    {
        let network = try TestNetwork(institutions: ["kcik"])
        try await network.startHub()
        let client = try await InteropProgram.member("fundacja-przyklad", in: network)
        try await network.withNodes(["kcik"]) { nodes in
            let centre = try #require(nodes["kcik"])
            try await client.step("{\"do\": \"hello\"}")
            let honest = try await client.step(step("send", Self.supportRequest))
            let result = try await client.step(
                "{\"do\": \"send-hidden-faults\", \"draft\": \(Self.supportRequest)}"
            )
            let sent = result["sent"]?.items ?? []
            let expected = sent.map { $0["expect"]?.word ?? "" }
            #expect(expected.contains("key-commitment-wrong"))
            #expect(Set(expected).count == 5)
            try await eventually("everything has arrived") {
                try await centre.wholeInbox().count == sent.count + 1
            }
            let inbox = try await centre.wholeInbox()
            #expect(inbox.first?.suspect == nil)
            let honestID = honest["receipts"]?.items.first?["message"]?.word
            #expect(inbox.first?.id?.description == honestID)
            #expect(inbox.dropFirst().map { $0.suspect?.name ?? "nothing" } == expected)
            #expect(inbox.dropFirst().map { $0.title } == sent.map { _ in nil })
            for entry in inbox.dropFirst() {
                let id = try #require(entry.id)
                #expect(try await centre.message(id)?.body == nil)
                let error = await #expect(throws: NodeError.self) {
                    try await centre.acknowledge(id, note: "")
                }
                #expect(error?.report.name == "message-suspect")
            }
            #expect(await centre.status().suspect == sent.count)
        }
        #expect(try await client.finish().status == 0)
        await network.stopHub()
    }

    @Test
    func `every hostile packet of the foreign client gets the refusal that the protocol names`()
        async throws
    {
        let network = try TestNetwork(institutions: ["kcik", "oip-lublin", "kwp-lublin"])
        try await network.startHub()
        let client = try await InteropProgram.member("fundacja-przyklad", in: network)
        try await client.step("{\"do\": \"hello\"}")
        func draft(_ change: (String, String)...) -> String {
            change.reduce(Self.goodPractice) { $0.replacing($1.0, with: $1.1) }
        }
        let personal = "\"data-level\": \"personal\", \"data-subject\": \"victim\", \"to\""
        let grounded = "\"legalGround\": \"RODO art. 6\", \"title\""
        let everybody = "\"regions\": [\"PL\"]"
        let result = try await client.ask(
            """
            {"do": "hostile", "plain": \(Self.goodPractice), "sealed": \(Self.supportRequest),
             "other-node": "oip-lublin.main",
             "not-granted": \(Self.meetingNotice),
             "forbidden": \(draft(("\"to\"", personal), ("\"title\"", grounded))),
             "marking-above-ceiling": \(draft(("TLP:GREEN", "TLP:AMBER"))),
             "roles-required": \(draft(("TLP:GREEN", "TLP:RED"))),
             "nobody-eligible": \(draft((everybody, "\"regions\": [\"PL-32\"]"))),
             "recipient-unknown": \(draft((everybody, "\"institutions\": [\"nikt-taki\"]"))),
             "role-unknown": \(draft((everybody, "\"roles\": [\"kwp-lublin/secretary\"]"))),
             "subscription-not-granted": {"types": ["meeting-reply"]}}
            """
        )
        let cases = result["cases"]?.items ?? []
        #expect(cases.count > 90)
        for each in cases {
            #expect(each["ok"]?.isTrue == true, "\(each.json())")
        }
        let flipped = try await client.ask(
            "{\"do\": \"flip-every-bit\", \"draft\": \(Self.goodPractice)}"
        )
        #expect(flipped["ok"]?.isTrue == true, "\(flipped.json())")
        #expect(flipped["answers"]?["bad-signature"] != nil)
        #expect(flipped["answers"]?["accepted"] == nil)
        _ = try await client.finish()
        await network.stopHub()
    }
}

extension Node {
    /// Every number of the mailbox.
    func wholeInbox() async throws -> [InboxEntry] {
        try await inbox(after: .none, limit: 1_000, unacknowledgedOnly: false)
    }
}

extension DeliveryTests {
    /// A good practice for the public.
    static func clearPractice() throws -> MessageDraft {
        try MessageDraft(
            yaml: sampleText("19").replacing("marking: TLP:GREEN", with: "marking: TLP:CLEAR")
        )
    }
}

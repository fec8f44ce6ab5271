// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The local API through real sockets: what the client asks reaches the node, and what the node
// answers or throws comes back unchanged.

import Foundation
import NIOHTTP1
import Testing
import WiciCore

@testable import WiciNode

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct LocalAPITests {
    @Test(arguments: [false, true])
    func `every operation reaches the node and its answer comes back`(loopback: Bool) async throws {
        let node = try FakeNode()
        try await withServer(node, loopback: loopback) { api in
            let client = api.client
            let id = Fixture.id
            #expect(try await client.status() == node.status())
            #expect(try await client.preview(draft: Fixture.draft) == Fixture.preview)
            let entry = Fixture.outboxEntry(.accepted)
            #expect(try await client.send(draft: Fixture.draft, wait: 5) == entry)
            #expect(try await client.message(id) == Fixture.message)
            #expect(
                try await client.inbox(
                    after: MailboxNumber(2),
                    limit: 10,
                    unacknowledgedOnly: true
                )
                    == [Fixture.inboxEntry]
            )
            #expect(
                try await client.latestInbox(limit: 9, unacknowledgedOnly: true)
                    == InboxPage(entries: [Fixture.inboxEntry], omitted: 2)
            )
            #expect(try await client.outbox(limit: 4) == [Fixture.outboxEntry(.queued)])
            #expect(try await client.acknowledge(id, note: "Przyjęto \"ok\"") == entry)
            #expect(try await client.reply(to: id, draft: Fixture.draft, wait: 1) == entry)
            let wanted = [SubscriptionModel(types: ["warning"], regions: ["PL-06"])]
            #expect(try await client.subscribe(wanted) == wanted)
            #expect(try await client.subscriptions() == wanted)
            let page = try await client.readLedger(
                from: LedgerIndex(7),
                limit: 3,
                purpose: "AP & co"
            )
            #expect(page.entries == [Fixture.ledgerEntry] && page.checkpoint == "checkpoint\n")
            #expect(try await client.prove(id) == Fixture.proof)
            #expect(try await client.registryText() == Fixture.note)
            #expect(try await client.policyText() == Fixture.note)
        }
        #expect(
            node.calls == [
                "preview warning", "send warning", "outcome 5", "message \(Fixture.id)",
                "inbox 2 10 true", "latest 9 true", "outbox 4",
                "acknowledge \(Fixture.id) Przyjęto \"ok\"",
                "outcome 0", "reply \(Fixture.id) warning", "outcome 1", "subscribe 1",
                "subscriptions", "subscriptions", "ledger 7 3 AP & co", "prove \(Fixture.id)",
            ]
        )
    }

    @Test func `an error of the node comes back whole`() async throws {
        let node = try FakeNode()
        let refusal = Refusal(
            .notGranted,
            field: "selector.regions[0]",
            rule: "N1",
            help: Bilingual(polish: "Żadna reguła.", english: "No rule.")
        )
        let fault = Fault(
            path: "common.title",
            code: .missing,
            sentence: Bilingual(polish: "Brak.", english: "Missing.")
        )
        let errors =
            NodeError.Kind.allCases.map { NodeError(refusal, kind: $0) }
            + [NodeError(faults: [fault])]
        try await withServer(node) { api in
            for error in errors {
                node.change { $0.error = error }
                let caught = await problem { () throws(NodeError) in
                    _ = try await api.client.outbox()
                }
                #expect(caught == error)
            }
        }
    }

    @Test func `a refused message is an error that names the message`() async throws {
        let node = try FakeNode()
        node.change {
            $0.state = .refused
            $0.refusal = RefusalReport(Refusal(.forbidden, rule: "N2"))
        }
        try await withServer(node) { api in
            let error = await problem { () throws(NodeError) in
                _ = try await api.client.send(draft: Fixture.draft, wait: 1)
            }
            #expect(error?.kind == .refused && error?.report.rule == "N2")
            #expect(error?.report.name == "forbidden" && error?.report.message == Fixture.id)
        }
    }

    @Test func `a draft that cannot be read is invalid and never reaches the node`() async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            for draft in ["{\"type\": ", "type: [", "&a b: *a"] {
                let error = await problem { () throws(NodeError) in
                    _ = try await api.client.preview(draft: Data(draft.utf8))
                }
                #expect(error?.kind == .invalid && error?.report.faults.isEmpty == false)
            }
        }
        #expect(node.calls.isEmpty)
    }

    @Test func `without the token nothing is told`() async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            let given = api.token.authorization
            let wrong = [
                "", "Bearer", "Bearer ", given + "0", String(given.dropLast()),
                APIToken.generate().authorization,
                given.replacingOccurrences(of: "Bearer", with: "Basic"),
            ]
            for authorization in wrong {
                for path in ["/v1/status", "/v1/outbox", "/nowhere"] {
                    let error = await problem { () throws(NodeError) in
                        _ = try await api.exchange(authorization: authorization).send(.GET, path)
                    }
                    #expect(error == NodeError(.tokenWrong))
                }
            }
        }
        #expect(node.calls.isEmpty)
    }

    @Test func `supervision needs no token and tells the truth`() async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            let open = api.exchange(authorization: "")
            #expect(try await open.send(.GET, "/livez") == Data("alive\n".utf8))
            let early = await problem { () throws(NodeError) in
                _ = try await open.send(.GET, "/readyz")
            }
            #expect(early != nil)
            node.change {
                $0.status.connection = .connected
                $0.status.registry = ReleaseStatus(release: 4, digest: "", validUntil: "")
                $0.status.policy = ReleaseStatus(release: 6, digest: "", validUntil: "")
                $0.status.mailboxHead = MailboxNumber(19)
                $0.status.pending = 2
            }
            #expect(try await open.send(.GET, "/readyz") == Data("ready\n".utf8))
            let metrics = String(decoding: try await open.send(.GET, "/metrics"), as: UTF8.self)
            let lines = metrics.split(separator: "\n")
            for line in [
                "wici_node_ready 1", "wici_node_connected 1", "wici_node_mailbox_head 19",
                "wici_node_outbox_pending 2", "wici_node_registry_release 4",
                "wici_node_policy_release 6",
                "wici_node_api_requests_total{status=\"2xx\"} 2",
                "wici_node_api_requests_total{status=\"5xx\"} 1",
            ] {
                #expect(lines.contains(line[...]))
            }
        }
    }

    @Test(arguments: [
        ("/v1/messages/nonsense", "id"),
        ("/v1/messages/00000000-0000-0000-0000-000000000000", "id"),
        ("/v1/inbox?limit=0", "limit"), ("/v1/inbox?limit=1001", "limit"),
        ("/v1/inbox?limit=", "limit"), ("/v1/inbox?limit=1&limit=2", "limit"),
        ("/v1/inbox?after=-1", "after"), ("/v1/inbox?after=99999999999999999999", "after"),
        ("/v1/inbox?unacknowledged=yes", "unacknowledged"),
        ("/v1/inbox?latest=true&after=3", "after"), ("/v1/inbox?latest=1", "latest"),
        ("/v1/inbox?unaknowledged=true", "unaknowledged"), ("/v1/outbox?limit=x", "limit"),
        ("/v1/ledger?from=0", "purpose"), ("/v1/ledger?purpose=", "purpose"),
        ("/v1/status?verbose=1", "verbose"),
    ])
    func `a wrong part of a request is named`(path: String, field: String) async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            let error = await problem { () throws(NodeError) in
                _ = try await api.exchange().send(.GET, path)
            }
            #expect(error == NodeError(.requestMalformed, field: field))
        }
        #expect(node.calls.isEmpty)
    }

    @Test func `a wait over a minute is refused before anything is sent`() async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            let error = await problem { () throws(NodeError) in
                _ = try await api.client.send(draft: Fixture.draft, wait: 61)
            }
            #expect(error == NodeError(.requestMalformed, field: "wait"))
        }
        #expect(node.calls.isEmpty)
    }

    @Test(arguments: [
        ("{\"subscriptions\": [{\"region\": [\"PL-06\"]}]}", "subscriptions[0].region"),
        ("{\"subscriptions\": [{}, {\"types\": \"warning\"}]}", "subscriptions[1].types"),
        ("{}", "subscriptions"), ("[]", ""), ("", ""),
    ])
    func `a misspelt subscription is refused with its place`(
        body: String,
        field: String
    ) async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            let error = await problem { () throws(NodeError) in
                _ = try await api.exchange().send(
                    .PUT,
                    "/v1/subscriptions",
                    body: Data(body.utf8)
                )
            }
            #expect(error == NodeError(.requestMalformed, field: field))
        }
        #expect(node.calls.isEmpty)
    }

    @Test func `an acknowledgement needs no body and refuses a wrong one`() async throws {
        let node = try FakeNode()
        let path = "/v1/messages/\(Fixture.id)/acknowledge"
        try await withServer(node) { api in
            _ = try await api.exchange().send(.POST, path)
            let error = await problem { () throws(NodeError) in
                _ = try await api.exchange().send(.POST, path, body: Data("{\"note\": 1}".utf8))
            }
            #expect(error == NodeError(.requestMalformed, field: "note"))
        }
        #expect(node.calls == ["acknowledge \(Fixture.id) ", "outcome 0"])
    }

    @Test func `unknown paths and methods are refused`() async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            for (method, path) in [
                (HTTPMethod.GET, "/"), (.GET, "/v1/nothing"), (.GET, "/v2/status"),
            ] {
                let error = await problem { () throws(NodeError) in
                    _ = try await api.exchange().send(method, path)
                }
                #expect(error == NodeError(.pathUnknown))
            }
            for (method, path) in [
                (HTTPMethod.DELETE, "/v1/outbox"), (.POST, "/v1/status"), (.PATCH, "/v1/inbox"),
                (.GET, "/v1/messages"), (.PUT, "/v1/messages/\(Fixture.id)/reply"),
            ] {
                let error = await problem { () throws(NodeError) in
                    _ = try await api.exchange().send(method, path)
                }
                #expect(error == NodeError(.methodUnknown))
            }
        }
        #expect(node.calls.isEmpty)
    }

    @Test func `a method that a path does not have is answered with those that it has`()
        async throws
    {
        try await withServer(try FakeNode(), loopback: true) { api in
            guard case .loopback(let port) = api.address,
                let url = URL(string: "http://127.0.0.1:\(port)/v1/subscriptions")
            else {
                Issue.record("no port")
                return
            }
            var request = URLRequest(url: url)
            request.httpMethod = "DELETE"
            request.setValue(api.token.authorization, forHTTPHeaderField: "Authorization")
            let (_, response) = try await URLSession.shared.data(for: request)
            let answer = try #require(response as? HTTPURLResponse)
            #expect(answer.statusCode == 405)
            #expect(answer.value(forHTTPHeaderField: "Allow") == "GET, PUT")
        }
    }

    @Test func `what the node does not have is not found`() async throws {
        let node = try FakeNode()
        node.change { $0.known = false }
        try await withServer(node) { api in
            let missing = await problem { () throws(NodeError) in
                _ = try await api.client.message(Fixture.id)
            }
            #expect(missing?.kind == .notFound && missing?.report.name == "message-unknown")
            let early = await problem { () throws(NodeError) in
                _ = try await api.client.policyText()
            }
            #expect(early?.kind == .offline)
        }
    }

    @Test func `a body over the limit is refused and one at the limit is read`() async throws {
        let node = try FakeNode()
        try await withServer(node) { api in
            let head = "type: warning\n#"
            let fits = head + String(repeating: "x", count: RequestBody.limit - head.count)
            _ = try await api.client.preview(draft: Data(fits.utf8))
            let error = await problem { () throws(NodeError) in
                _ = try await api.client.preview(draft: Data((fits + "x").utf8))
            }
            #expect(error == NodeError(.requestTooLarge))
        }
        #expect(node.calls == ["preview warning"])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The routes of the local API, version 1: each reads its request, asks the node and shows the
// answer. Nothing is decided here.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import WiciCore

/// The routes.
struct APIRoutes: Sendable {
    let node: any NodeOperations
    let requests: RequestCounter

    func register(on router: Router<BasicRequestContext>) {
        supervision(router)
        let group = router.group("v1")
        messages(group)
        lists(group)
        ledger(group)
        refuseOthers(group)
    }

    /// The paths of the version and the methods that each has.
    private static let paths: [(path: RouterPath, methods: [HTTPRequest.Method])] = [
        ("preview", [.post]), ("messages", [.post]), ("messages/:id", [.get]),
        ("messages/:id/acknowledge", [.post]), ("messages/:id/reply", [.post]),
        ("messages/:id/proof", [.get]), ("status", [.get]), ("inbox", [.get]), ("outbox", [.get]),
        ("subscriptions", [.get, .put]), ("ledger", [.get]), ("registry", [.get]),
        ("policy", [.get]),
    ]

    /// Answers every other method of a path with those that it has, as RFC 9110 asks.
    private func refuseOthers(_ group: RouterGroup<BasicRequestContext>) {
        let all: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        for (path, methods) in Self.paths {
            let allowed = methods.map(\.rawValue).joined(separator: ", ")
            for method in all where !methods.contains(method) {
                group.on(path, method: method) { _, _ in
                    var response = APIResponses.error(NodeError(.methodUnknown))
                    response.headers[.allow] = allowed
                    return method == .head ? response.createHeadResponse() : response
                }
            }
        }
    }

    private func supervision(_ router: Router<BasicRequestContext>) {
        router.get("livez") { _, _ in APIResponses.text("alive\n") }
        router.get("readyz") { _, _ in
            let status = await node.status()
            return status.isReady
                ? APIResponses.text("ready\n")
                : APIResponses.text(
                    "not ready: \(status.connection.rawValue)\n",
                    status: .serviceUnavailable
                )
        }
        router.get("metrics") { _, _ in
            APIResponses.text(NodeMetrics.text(await node.status(), requests: requests))
        }
    }

    private func messages(_ group: RouterGroup<BasicRequestContext>) {
        group.post("preview") { request, _ in
            try request.allow()
            return try APIResponses.json(await node.preview(draft: draft(of: request)))
        }
        group.post("messages") { request, _ in
            try request.allow("wait")
            let wait = try request.wait()
            return try await outcome(of: node.send(draft: draft(of: request)), wait: wait)
        }
        group.get("messages/:id") { request, context in
            try request.allow()
            guard let message = try await node.message(context.messageID()) else {
                throw NodeError(Refusal(.messageUnknown), kind: .notFound)
            }
            return try APIResponses.json(message)
        }
        group.post("messages/:id/acknowledge") { request, context in
            try request.allow("wait")
            let wait = try request.wait()
            let message = try context.messageID()
            let body = try await body(of: request, limit: RequestBody.noteLimit)
            let note = try RequestBody.note(body)
            return try await outcome(of: node.acknowledge(message, note: note), wait: wait)
        }
        group.post("messages/:id/reply") { request, context in
            try request.allow("wait")
            let wait = try request.wait()
            let message = try context.messageID()
            let draft = try await draft(of: request)
            return try await outcome(of: node.reply(to: message, draft: draft), wait: wait)
        }
        group.get("messages/:id/proof") { request, context in
            try request.allow()
            return try APIResponses.json(await node.prove(context.messageID()))
        }
    }

    private func lists(_ group: RouterGroup<BasicRequestContext>) {
        group.get("status") { request, _ in
            try request.allow()
            return try APIResponses.json(await node.status())
        }
        group.get("inbox") { request, _ in
            try request.allow("after", "latest", "limit", "unacknowledged")
            let after = try request.number("after", in: 0...UInt64(Int64.max), otherwise: 0)
            let limit = try request.number("limit", in: 1...1000, otherwise: 100)
            let waiting = try request.flag("unacknowledged")
            guard try request.flag("latest") else {
                let entries = try await node.inbox(
                    after: MailboxNumber(after),
                    limit: limit,
                    unacknowledgedOnly: waiting
                )
                return try APIResponses.json(InboxPage(entries: entries))
            }
            // From the end and from a number are two questions.
            guard after == 0 else { throw NodeError(.requestMalformed, field: "after") }
            return try APIResponses.json(
                await node.latestInbox(limit: limit, unacknowledgedOnly: waiting)
            )
        }
        group.get("outbox") { request, _ in
            try request.allow("limit")
            let limit = try request.number("limit", in: 1...1000, otherwise: 100)
            return try APIResponses.json(OutboxPage(entries: await node.outbox(limit: limit)))
        }
        group.get("subscriptions") { request, _ in
            try request.allow()
            return try APIResponses.json(SubscriptionList(await node.subscriptions()))
        }
        group.put("subscriptions") { request, _ in
            try request.allow()
            let list = try await RequestBody.subscriptions(body(of: request))
            try await node.subscribe(list.subscriptions)
            return try APIResponses.json(SubscriptionList(await node.subscriptions()))
        }
    }

    private func ledger(_ group: RouterGroup<BasicRequestContext>) {
        group.get("ledger") { request, _ in
            try request.allow("from", "limit", "purpose")
            let page = try await node.readLedger(
                from: LedgerIndex(
                    request.number("from", in: 0...UInt64(Int64.max), otherwise: 0)
                ),
                limit: request.number("limit", in: 1...1000, otherwise: 100),
                purpose: request.text("purpose")
            )
            return try APIResponses.json(page)
        }
        group.get("registry") { request, _ in
            try request.allow()
            return try signedNote(await node.registryText())
        }
        group.get("policy") { request, _ in
            try request.allow()
            return try signedNote(await node.policyText())
        }
    }

    /// A signed note, byte for byte, so that it can be verified.
    private func signedNote(_ text: String?) throws(NodeError) -> Response {
        guard let text else {
            throw NodeError(Refusal(.nodeWithoutRegistry), kind: .offline)
        }
        return APIResponses.text(text)
    }

    /// The answer to whatever sends a message: its outbox entry, or its refusal as an error.
    private func outcome(of message: MessageID, wait: Duration) async throws -> Response {
        let entry = try await node.outcome(of: message, wait: wait)
        switch entry.state {
        case .accepted: return try APIResponses.json(entry, status: .created)
        case .queued, .submitted: return try APIResponses.json(entry, status: .accepted)
        case .refused:
            throw NodeError(
                .refused,
                (entry.refusal ?? APIProblem.unexpected.report()).about(message)
            )
        case .failed:
            throw NodeError(
                .failed,
                (entry.refusal ?? APIProblem.unexpected.report()).about(message)
            )
        }
    }

    private func draft(of request: Request) async throws -> MessageDraft {
        try await RequestBody.draft(body(of: request))
    }

    private func body(
        of request: Request,
        limit: Int = RequestBody.limit
    ) async throws -> Data {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw NodeError(.requestTooLarge)
        }
        do {
            return Data(try await request.body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw NodeError(.requestTooLarge)
        }
    }
}

/// The latest of the outbox.
struct OutboxPage: Codable, Sendable {
    var entries: [OutboxEntry]
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A node whose answers the test decides, and a server for it in a folder of its own.

import Foundation
import Logging
import Synchronization
import Testing
import WiciCore

@testable import WiciNode

/// Answers from fixed values and writes down what it was asked.
final class FakeNode: NodeOperations {
    struct Script: Sendable {
        var status: NodeStatus
        var error: NodeError?
        var state = OutboxEntry.State.accepted
        var refusal: RefusalReport?
        var known = true
        var silent = false
        var note: String?
        var subscriptions: [SubscriptionModel] = []
        var calls: [String] = []
    }

    let script: Mutex<Script>

    init() throws {
        script = Mutex(Script(status: NodeStatus(node: try Fixture.node)))
    }

    var calls: [String] { script.withLock { $0.calls } }

    func change(_ body: (inout Script) -> Void) { script.withLock { body(&$0) } }

    private func called(_ call: String) throws(NodeError) {
        let error = script.withLock { script in
            script.calls.append(call)
            return script.error
        }
        if let error { throw error }
    }

    func status() async -> NodeStatus { script.withLock { $0.status } }

    func preview(draft: MessageDraft) async throws(NodeError) -> Preview {
        try called("preview \(draft.type)")
        return Fixture.preview
    }

    func send(draft: MessageDraft) async throws(NodeError) -> MessageID {
        try called("send \(draft.type)")
        return Fixture.id
    }

    func outcome(of message: MessageID, wait: Duration) async throws(NodeError) -> OutboxEntry {
        try called("outcome \(wait.components.seconds)")
        if script.withLock({ $0.silent }) {
            // Ends only when the request is cancelled.
            for await _ in AsyncStream<Never>(unfolding: nil) {}
        }
        return script.withLock { Fixture.outboxEntry($0.state, refusal: $0.refusal) }
    }

    func outbox(limit: Int) async throws(NodeError) -> [OutboxEntry] {
        try called("outbox \(limit)")
        return [Fixture.outboxEntry(.queued)]
    }

    func inbox(
        after: MailboxNumber,
        limit: Int,
        unacknowledgedOnly: Bool
    ) async throws(NodeError) -> [InboxEntry] {
        try called("inbox \(after) \(limit) \(unacknowledgedOnly)")
        return [Fixture.inboxEntry]
    }

    func latestInbox(
        limit: Int,
        unacknowledgedOnly: Bool
    ) async throws(NodeError) -> InboxPage {
        try called("latest \(limit) \(unacknowledgedOnly)")
        return InboxPage(entries: [Fixture.inboxEntry], omitted: 2)
    }

    func message(_ id: MessageID) async throws(NodeError) -> MessageView? {
        try called("message \(id)")
        return script.withLock { $0.known } ? Fixture.message : nil
    }

    func acknowledge(_ id: MessageID, note: String) async throws(NodeError) -> MessageID {
        try called("acknowledge \(id) \(note)")
        return Fixture.id
    }

    func reply(to id: MessageID, draft: MessageDraft) async throws(NodeError) -> MessageID {
        try called("reply \(id) \(draft.type)")
        return Fixture.id
    }

    func subscriptions() async throws(NodeError) -> [SubscriptionModel] {
        try called("subscriptions")
        return script.withLock { $0.subscriptions }
    }

    func subscribe(_ subscriptions: [SubscriptionModel]) async throws(NodeError) {
        try called("subscribe \(subscriptions.count)")
        script.withLock { $0.subscriptions = subscriptions }
    }

    func readLedger(
        from: LedgerIndex,
        limit: Int,
        purpose: String
    ) async throws(NodeError) -> LedgerPageModel {
        try called("ledger \(from) \(limit) \(purpose)")
        return LedgerPageModel(entries: [Fixture.ledgerEntry], checkpoint: "checkpoint\n")
    }

    func prove(_ id: MessageID) async throws(NodeError) -> ProofModel {
        try called("prove \(id)")
        return Fixture.proof
    }

    func registryText() async -> String? { script.withLock { $0.known } ? Fixture.note : nil }

    func policyText() async -> String? { script.withLock { $0.known } ? Fixture.note : nil }
}

extension AsyncStream where Element == Never {
    /// A stream that never gives anything and ends with its task.
    fileprivate init(unfolding: Void?) {
        self.init { _ in }
    }
}

/// The values that the fake node answers with.
enum Fixture {
    static let id = MessageID(milliseconds: 1_795_478_400_000, random: (1, 2))
    static let note = "wici/registry\nżółw: \"1\"\n\n— authority AAAA\n"
    static let draft = Data("type: warning\nmarking: \"TLP:GREEN\"\n".utf8)

    static var node: NodeID {
        get throws { try #require(NodeID("kwp-lublin.main")) }
    }

    static var labels: MessageLabels {
        var header = WireHeader()
        header.messageID = id.data
        header.type = "warning"
        header.schema = 1
        header.sender = "kwp-lublin.main"
        header.sentAt = 1_795_478_400_123
        header.tlp = "TLP:GREEN"
        header.urgency = "UR-3"
        header.selector.regions = ["PL-06"]
        header.topics = ["EX-LAB"]
        guard let labels = MessageLabels(header, institution: "kwp-lublin") else {
            preconditionFailure("the fixture's message id is one")
        }
        return labels
    }

    static let recipient = RecipientModel(
        node: "oip-lublin.main",
        institution: "oip-lublin",
        rules: ["G1", "G7"],
        named: true
    )

    static var preview: Preview {
        Preview(labels: labels, eligible: [recipient], sealed: true, size: 321)
    }

    static func outboxEntry(
        _ state: OutboxEntry.State,
        refusal: RefusalReport? = nil
    ) -> OutboxEntry {
        OutboxEntry(
            id: id,
            labels: labels,
            title: "Tytuł",
            writtenAt: Moment(milliseconds: 1),
            state: state,
            receipt: state == .accepted
                ? ReceiptModel(
                    index: LedgerIndex(7),
                    acceptedAt: Moment(milliseconds: 1_795_478_401_999),
                    audience: [recipient],
                    eligible: [recipient]
                )
                : nil,
            refusal: refusal
        )
    }

    static var inboxEntry: InboxEntry {
        InboxEntry(
            number: MailboxNumber(3),
            index: LedgerIndex(7),
            id: id,
            labels: labels,
            title: "Tytuł",
            receivedAt: Moment(milliseconds: 1_795_478_402_001),
            suspect: RefusalReport(Refusal(.badSignature))
        )
    }

    static var message: MessageView {
        MessageView(
            labels: labels,
            body: .object(["common": .object(["title": .text("Tytuł")]), "count": .integer(5)]),
            inbox: inboxEntry
        )
    }

    static let ledgerEntry = LedgerEntryModel(
        index: LedgerIndex(7),
        leaf: Data(repeating: 1, count: 33),
        salt: Data(repeating: 2, count: 32),
        record: Data([1, 2, 3]),
        content: .object(["accepted": .boolean(true)])
    )

    static let proof = ProofModel(
        entry: ledgerEntry,
        size: 9,
        path: [Data(repeating: 3, count: 32)],
        checkpoint: "checkpoint\n"
    )
}

/// A folder that only its owner may enter, removed at the end.
func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = URL(fileURLWithPath: NSTemporaryDirectory())
        .appendingPathComponent("wici-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(
        at: folder,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

/// Where the test's server listens.
struct ServedAPI: Sendable {
    let address: NodeConfiguration.APIAddress
    let token: APIToken

    var client: NodeClient { NodeClient(address: address, token: token) }

    /// For requests that the client would never make.
    func exchange(authorization: String? = nil, timeout: Duration = .seconds(30)) -> HTTPExchange {
        HTTPExchange(
            address: address,
            authorization: authorization ?? token.authorization,
            timeout: timeout
        )
    }
}

/// Serves a node over a unix socket, or a port of the system's choice, while the body runs.
func withServer(
    _ node: some NodeOperations,
    loopback: Bool = false,
    _ body: @escaping @Sendable (ServedAPI) async throws -> Void
) async throws {
    try await withFolder { folder in
        let socket = folder.appendingPathComponent("api.sock").path
        let token = APIToken.generate()
        let server = NodeAPIServer(
            node: node,
            address: loopback ? .loopback(port: 0) : .unixSocket(path: socket),
            token: token,
            logger: Logger(label: "test")
        )
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run { port in listening.yield(port) }
                listening.finish()
            }
            for await port in ports {
                let address: NodeConfiguration.APIAddress =
                    loopback ? .loopback(port: port) : .unixSocket(path: socket)
                try await body(ServedAPI(address: address, token: token))
                break
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(!FileManager.default.fileExists(atPath: socket))
    }
}

/// The error that a request ends with.
func problem(_ body: () async throws(NodeError) -> Void) async -> NodeError? {
    do throws(NodeError) {
        try await body()
        return nil
    } catch {
        return error
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The client of a node's local API, for the command line and for an institution's own programs.

public import Foundation
import NIOHTTP1
import PrivateFiles
public import WiciCore

/// Talks to a node on the same machine.
///
/// Every call is one HTTP request over its own connection. Errors are the node's own `NodeError`,
/// or one of the kinds `unreachable` and `timeout` when there is no answer.
public struct NodeClient: Sendable {
    private let exchange: HTTPExchange

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - address: Where the node listens; the path of a unix socket must be absolute, or relative
    ///     to the working folder.
    ///   - token: The node's token.
    ///   - timeout: The longest wait for an answer, besides what a call asks the node to wait.
    public init(
        address: NodeConfiguration.APIAddress,
        token: APIToken,
        timeout: Duration = .seconds(30)
    ) {
        exchange = HTTPExchange(
            address: address,
            authorization: token.authorization,
            timeout: timeout
        )
    }

    /// Makes a client for the node whose folder this is, from its configuration and token files.
    public init(folder: URL, timeout: Duration = .seconds(30)) throws(NodeError) {
        let file = folder.appendingPathComponent("node.yaml")
        let text = String(decoding: try PrivateFile.read(file, limit: 64 << 10), as: UTF8.self)
        let address: NodeConfiguration.APIAddress
        switch try NodeConfiguration(text: text).api {
        case .unixSocket(let path):
            let isAbsolute = path.hasPrefix("/")
            address = .unixSocket(
                path: isAbsolute ? path : folder.appendingPathComponent(path).path
            )
        case .loopback(let port): address = .loopback(port: port)
        }
        let token = try APIToken.load(from: folder.appendingPathComponent(APIToken.fileName))
        self.init(address: address, token: token, timeout: timeout)
    }

    /// The node's state.
    public func status() async throws(NodeError) -> NodeStatus {
        try await get("/v1/status")
    }

    /// Says what would happen to a draft (YAML or JSON), without sending anything.
    public func preview(draft: Data) async throws(NodeError) -> Preview {
        try await decode(exchange.send(.POST, "/v1/preview", body: draft))
    }

    /// Sends a draft (YAML or JSON).
    ///
    /// - Parameter wait: Whole seconds, at most 60, to wait for the hub's receipt.
    /// - Returns: The outbox entry; a refusal within the wait is thrown.
    public func send(draft: Data, wait: Int = 0) async throws(NodeError) -> OutboxEntry {
        try await post("/v1/messages", body: draft, wait: wait)
    }

    /// A message with its content.
    public func message(_ id: MessageID) async throws(NodeError) -> MessageView {
        try await get("/v1/messages/\(id)")
    }

    /// Entries of the inbox after a number, in order.
    ///
    /// - Parameter limit: From 1 to 1,000.
    public func inbox(
        after: MailboxNumber = .none,
        limit: Int = 100,
        unacknowledgedOnly: Bool = false
    ) async throws(NodeError) -> [InboxEntry] {
        let page: InboxPage = try await get(
            "/v1/inbox?after=\(after)&limit=\(limit)&unacknowledged=\(unacknowledgedOnly)"
        )
        return page.entries
    }

    /// The last entries of the inbox, in order.
    ///
    /// - Parameter limit: From 1 to 1,000.
    public func latestInbox(
        limit: Int = 100,
        unacknowledgedOnly: Bool = false
    ) async throws(NodeError) -> InboxPage {
        try await get("/v1/inbox?latest=true&limit=\(limit)&unacknowledged=\(unacknowledgedOnly)")
    }

    /// The latest entries of the outbox, newest first.
    ///
    /// - Parameter limit: From 1 to 1,000.
    public func outbox(limit: Int = 100) async throws(NodeError) -> [OutboxEntry] {
        let page: OutboxPage = try await get("/v1/outbox?limit=\(limit)")
        return page.entries
    }

    /// Acknowledges a received message.
    public func acknowledge(
        _ id: MessageID,
        note: String = "",
        wait: Int = 0
    ) async throws(NodeError) -> OutboxEntry {
        let body = try encode(AcknowledgeRequest(note: note))
        return try await post("/v1/messages/\(id)/acknowledge", body: body, wait: wait)
    }

    /// Sends a draft (YAML or JSON) in the thread of a message.
    public func reply(
        to id: MessageID,
        draft: Data,
        wait: Int = 0
    ) async throws(NodeError) -> OutboxEntry {
        try await post("/v1/messages/\(id)/reply", body: draft, wait: wait)
    }

    /// The subscriptions that the hub has confirmed.
    public func subscriptions() async throws(NodeError) -> [SubscriptionModel] {
        let list: SubscriptionList = try await get("/v1/subscriptions")
        return list.subscriptions
    }

    /// Replaces the subscriptions and returns what the hub has confirmed.
    @discardableResult
    public func subscribe(
        _ subscriptions: [SubscriptionModel]
    ) async throws(NodeError) -> [SubscriptionModel] {
        let body = try encode(SubscriptionList(subscriptions))
        let list: SubscriptionList = try await decode(
            exchange.send(.PUT, "/v1/subscriptions", body: body)
        )
        return list.subscriptions
    }

    /// Reads the ledger; auditors only.
    ///
    /// - Parameters:
    ///   - limit: From 1 to 1,000.
    ///   - purpose: Why it is read: a code of the list "audit-purpose".
    public func readLedger(
        from: LedgerIndex,
        limit: Int = 100,
        purpose: String
    ) async throws(NodeError) -> LedgerPageModel {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        let purpose = purpose.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return try await get("/v1/ledger?from=\(from)&limit=\(limit)&purpose=\(purpose)")
    }

    /// The proof that a message which this node sent or received is in the ledger.
    public func prove(_ id: MessageID) async throws(NodeError) -> ProofModel {
        try await get("/v1/messages/\(id)/proof")
    }

    /// The registry in force, the signed note as it is.
    public func registryText() async throws(NodeError) -> String {
        String(decoding: try await exchange.send(.GET, "/v1/registry"), as: UTF8.self)
    }

    /// The policy in force, the signed note as it is.
    public func policyText() async throws(NodeError) -> String {
        String(decoding: try await exchange.send(.GET, "/v1/policy"), as: UTF8.self)
    }

    /// The node's numbers in Prometheus text form.
    public func metricsText() async throws(NodeError) -> String {
        String(decoding: try await exchange.send(.GET, "/metrics"), as: UTF8.self)
    }

    private func get<Value: Decodable>(_ path: String) async throws(NodeError) -> Value {
        try await decode(exchange.send(.GET, path))
    }

    private func post<Value: Decodable>(
        _ path: String,
        body: Data,
        wait: Int
    ) async throws(NodeError) -> Value {
        let extra = Duration.seconds(min(60, max(0, wait)))
        return try await decode(
            exchange.send(.POST, "\(path)?wait=\(wait)", body: body, extraTime: extra)
        )
    }

    private func decode<Value: Decodable>(_ bytes: Data) throws(NodeError) -> Value {
        do {
            return try NodeJSON.decoder().decode(Value.self, from: bytes)
        } catch {
            throw NodeError(
                .answerUnreadable,
                field: (error as? DecodingError)?.fieldPath ?? ""
            )
        }
    }

    private func encode(_ value: some Encodable) throws(NodeError) -> Data {
        do {
            return try NodeJSON.encoder().encode(value)
        } catch {
            throw NodeError(.requestMalformed)
        }
    }
}

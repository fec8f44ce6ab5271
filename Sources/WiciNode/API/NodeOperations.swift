// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a node can be asked to do. `Node` does it in the daemon, and the HTTP API serves anything
// that does.

public import WiciCore

/// The operations of a node.
public protocol NodeOperations: Sendable {
    /// The node's state now.
    func status() async -> NodeStatus

    /// Says what would happen to a draft, without sending anything.
    ///
    /// - Throws: `NodeError` with every fault of the draft, or because no registry or policy is in
    ///   force. A refusal by the policy is part of the preview.
    func preview(draft: MessageDraft) async throws(NodeError) -> Preview

    /// Writes a message to the outbox, durably; it leaves when the hub is there.
    func send(draft: MessageDraft) async throws(NodeError) -> MessageID

    /// The outbox entry of a message, waiting up to a time for its final state.
    func outcome(of message: MessageID, wait: Duration) async throws(NodeError) -> OutboxEntry

    /// The latest entries of the outbox, newest first.
    func outbox(limit: Int) async throws(NodeError) -> [OutboxEntry]

    /// Entries of the inbox after a number, in order.
    func inbox(
        after: MailboxNumber,
        limit: Int,
        unacknowledgedOnly: Bool
    ) async throws(NodeError) -> [InboxEntry]

    /// The last entries of the inbox, in order.
    func latestInbox(limit: Int, unacknowledgedOnly: Bool) async throws(NodeError) -> InboxPage

    /// A message with its content; `nil` when neither inbox nor outbox has it.
    func message(_ id: MessageID) async throws(NodeError) -> MessageView?

    /// Sends the acknowledgement of a received message.
    ///
    /// - Returns: The id of the acknowledgement.
    func acknowledge(_ id: MessageID, note: String) async throws(NodeError) -> MessageID

    /// Sends a draft in the thread of a message, to its sender where the draft names nobody.
    ///
    /// - Returns: The id of the reply.
    func reply(to id: MessageID, draft: MessageDraft) async throws(NodeError) -> MessageID

    /// The subscriptions that the hub has confirmed.
    func subscriptions() async throws(NodeError) -> [SubscriptionModel]

    /// Replaces the subscriptions, and returns once the hub has confirmed.
    func subscribe(_ subscriptions: [SubscriptionModel]) async throws(NodeError)

    /// Reads the ledger; auditors only, and the reading is itself recorded.
    func readLedger(
        from: LedgerIndex,
        limit: Int,
        purpose: String
    ) async throws(NodeError) -> LedgerPageModel

    /// The proof that a message which this node sent or received is in the ledger.
    func prove(_ id: MessageID) async throws(NodeError) -> ProofModel

    /// The registry in force as the signed note that it is; `nil` when there is none.
    func registryText() async -> String?

    /// The policy in force as the signed note that it is; `nil` when there is none.
    func policyText() async -> String?
}

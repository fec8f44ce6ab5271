// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The steps behind the operations: composing, writing to the outbox, asking the hub.

import Foundation
import Synchronization
import WiciCore

extension Node {
    /// A writer under the documents in force.
    func writer(at now: Moment) throws(NodeError) -> MessageWriter {
        let documents = state.withLock { $0.documents }
        return try MessageWriter(node: configuration.node, documents: documents, now: now)
    }

    func newID(at now: Moment) -> MessageID {
        var generator = SystemRandomNumberGenerator()
        return MessageID(
            milliseconds: now.milliseconds,
            random: (generator.next(), generator.next())
        )
    }

    /// Composes, checks, seals where needed and writes to the outbox.
    func send(
        _ draft: MessageDraft,
        answering answered: WireHeader?,
        acknowledging acknowledged: MessageID?
    ) async throws(NodeError) -> MessageID {
        let now = clock()
        let id = newID(at: now)
        let writer = try writer(at: now)
        let message = try writer.compose(
            draft,
            operator: configuration.operatorPseudonym,
            id: id,
            now: now,
            answering: answered
        )
        let prepared = try writer.prepare(try writer.preview(message, now: now))
        let row = NewOutboxRow(
            messageID: id,
            writtenAt: now,
            prepared: prepared.bytes,
            body: message.body,
            draft: Data(draft.body.json().utf8)
        )
        do throws(NodeStoreError) {
            _ = try store.enqueue(row, acknowledging: acknowledged)
        } catch {
            throw NodeError(error)
        }
        commands.noteOutboxChange()
        return id
    }

    /// Asks the hub; needs a connection.
    func ask(_ question: NodeRequest.Question) async throws(NodeError) -> NodeAnswer {
        let answer = await withCheckedContinuation {
            (continuation: CheckedContinuation<NodeAnswer, Never>) in
            if !commands.offer(.ask(question, continuation)) {
                continuation.resume(returning: .disconnected)
            }
        }
        switch answer {
        case .disconnected: throw NodeError(.nodeDisconnected)
        case .refused(let refusal): throw NodeError(refusal)
        case .subscribed, .proof, .page: return answer
        }
    }

    func outboxRow(_ id: MessageID) throws(NodeError) -> OutboxRow {
        do throws(NodeStoreError) {
            guard let row = try store.outboxRow(id) else {
                throw NodeStoreError(.missing, "no such message")
            }
            return row
        } catch {
            throw error.code == .missing ? NodeError(.messageUnknown) : NodeError(error)
        }
    }

    /// The header of a received message that may be answered.
    func receivedHeader(_ id: MessageID) throws(NodeError) -> WireHeader {
        let row: InboxRow?
        do throws(NodeStoreError) {
            row = try store.inboxRow(id)
        } catch {
            throw NodeError(error)
        }
        guard let row, row.tombstone.isEmpty else { throw NodeError(.messageUnknown) }
        guard row.suspicion == nil, let header = try? WireHeader(headerBytes: row.header) else {
            throw NodeError(.messageSuspect)
        }
        return header
    }

    /// A draft to the sender of a message, under the message's own marking.
    func answerDraft(type: String, body: PlainValue, to header: WireHeader) -> MessageDraft {
        let sender = NodeID(header.sender)
        let institution = sender.flatMap { sender in
            state.withLock { $0.documents.registry?.institution(of: sender) }
        }
        let id = institution?.id.text ?? ""
        // TLP:RED goes to named roles and to nobody else.
        let recipients: PlainValue =
            if header.tlp == "TLP:RED", let role = institution?.roles.first {
                .object([.init("roles", .array([.string("\(id)/\(role)")]))])
            } else {
                .object([.init("institutions", .array([.string(id)]))])
            }
        return MessageDraft(
            .object([
                .init("type", .string(type)), .init("marking", .string(header.tlp)),
                .init("urgency", .string(header.urgency)), .init("status", .string(header.status)),
                .init("purpose", .string(header.purpose)), .init("to", recipients),
                .init("body", body),
            ])
        )
    }
}

extension Int {
    func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Rows of the store and packets of the hub in the words of the node's interface.

import Foundation
import SwiftProtobuf
import Synchronization
import WiciCore

extension Node {
    /// A header in words, with the sender's institution where the registry knows it.
    func labels(_ header: WireHeader) -> MessageLabels? {
        MessageLabels(header, institution: institution(ofNode: header.sender))
    }

    private func institution(ofNode text: String) -> String? {
        guard let id = NodeID(text) else { return nil }
        return state.withLock { $0.documents.registry?.institution(of: id)?.id.text }
    }

    func entry(_ row: InboxRow) -> InboxEntry {
        let header = row.header.isEmpty ? nil : try? WireHeader(headerBytes: row.header)
        let code = row.suspicion.map { RefusalCode.numbered($0) ?? .refusalUnknown }
        return InboxEntry(
            number: row.number,
            index: row.index,
            id: row.messageID,
            labels: header.flatMap { labels($0) },
            title: header.flatMap { JSONValue(type: $0.type, body: row.body)?.title },
            receivedAt: row.receivedAt,
            acknowledgedAt: row.acknowledgedAt,
            tombstone: row.tombstone.isEmpty ? nil : row.tombstone,
            suspect: code.map { RefusalReport(Refusal($0)) }
        )
    }

    func entry(_ row: OutboxRow) -> OutboxEntry {
        let header = row.header ?? WireHeader()
        var entry = OutboxEntry(
            id: row.messageID,
            labels: labels(header) ?? Self.unreadable(row.messageID),
            title: JSONValue(type: header.type, body: row.body)?.title,
            writtenAt: row.writtenAt,
            state: OutboxEntry.State(row.state)
        )
        switch SettledBatch.Outcome(encoded: row.outcome) {
        case .accepted(let index, let at, let audience, let eligible, _):
            entry.receipt = ReceiptModel(
                index: index,
                acceptedAt: at,
                audience: audience.recipients.map(recipient),
                eligible: eligible.recipients.map(recipient)
            )
        case .refused(let refusal):
            entry.refusal = RefusalReport(refusal, message: row.messageID)
        case nil: break
        }
        return entry
    }

    private func recipient(_ wire: WireRecipient) -> RecipientModel {
        RecipientModel(
            node: wire.node,
            institution: institution(ofNode: wire.node),
            rules: wire.rules,
            named: wire.named
        )
    }

    private static func unreadable(_ id: MessageID) -> MessageLabels {
        var header = WireHeader()
        header.messageID = id.data
        guard let labels = MessageLabels(header) else {
            preconditionFailure("a message id is always one")
        }
        return labels
    }
}

extension OutboxRow {
    /// The header as prepared.
    var header: WireHeader? {
        PreparedEnvelope(bytes: prepared).flatMap { try? WireHeader(headerBytes: $0.header) }
    }
}

extension WireHeader {
    /// Reads a header from its exact bytes.
    init(headerBytes: Data) throws {
        try self.init(serializedBytes: headerBytes)
    }
}

extension OutboxEntry.State {
    init(_ state: OutboxRow.State) {
        switch state {
        case .queued: self = .queued
        case .submitted: self = .submitted
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .failed: self = .failed
        }
    }
}

extension RecipientModel {
    init(_ node: EligibleNode) {
        self.init(
            node: node.node.text,
            institution: node.institution.text,
            rules: node.ruleIDs,
            named: node.isNamed
        )
    }
}

extension SubscriptionModel {
    init(_ wire: WireSubscription) {
        self.init(
            types: wire.types,
            regions: wire.regions,
            urgencyFrom: wire.urgencyFrom,
            topics: wire.topics,
            senderKinds: wire.senderKinds,
            statuses: wire.statuses
        )
    }

    /// As it travels.
    var wire: WireSubscription {
        var wire = WireSubscription()
        wire.types = types
        wire.regions = regions
        wire.urgencyFrom = urgencyFrom
        wire.topics = topics
        wire.senderKinds = senderKinds
        wire.statuses = statuses
        return wire
    }
}

extension LedgerEntryModel {
    init(_ wire: WireLedgerEntry) {
        let record = wire.record.isEmpty ? nil : try? WireRecord(serializedBytes: wire.record)
        self.init(
            index: LedgerIndex(wire.index),
            leaf: wire.leaf,
            salt: wire.salt,
            record: wire.record,
            content: record.flatMap { record in
                (try? record.jsonUTF8Data()).flatMap { JSONValue(json: $0) }
            }
        )
    }
}

extension JSONValue {
    /// Parses JSON; `nil` when it is none.
    init?(json bytes: Data) {
        guard let value = try? NodeJSON.decoder().decode(JSONValue.self, from: bytes) else {
            return nil
        }
        self = value
    }

    /// A body in the protobuf JSON mapping; `nil` when it is empty of bytes or cannot be read.
    init?(type: String, body: Data) {
        guard let body = try? MessageBody(type: type, bytes: body), let json = try? body.json()
        else { return nil }
        self.init(json: Data(json.utf8))
    }

    /// The title that most bodies have.
    var title: String? {
        guard case .object(let body) = self, case .object(let common)? = body["common"],
            case .text(let title)? = common["title"]
        else { return nil }
        return title
    }
}

extension ProofModel {
    init(_ wire: WireProof) {
        self.init(
            entry: LedgerEntryModel(wire.entry),
            size: wire.size,
            path: wire.path,
            checkpoint: String(decoding: wire.checkpoint, as: UTF8.self)
        )
    }
}

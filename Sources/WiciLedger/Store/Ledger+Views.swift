// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The views in their tables. They are derived from openings in the same transaction as the records,
// and can be deleted and derived again at any time.

import Foundation
import GRDB
import SwiftProtobuf
import WiciCore

extension Ledger {
    /// Applies what a record changes.
    func apply(_ change: ViewChange, at index: LedgerIndex) throws(LedgerError) {
        switch change {
        case .message(let message):
            guard try insert(message, message.envelopeDigest, at: index) else {
                throw LedgerError(.auditMessageTwice, at: place("message", index.value))
            }
        case .refused(let message):
            let upsert = statements.upsertRefusedMessage
            upsert.bind(message.messageID.data, at: 1)
            upsert.bind(message.sender.text, at: 2)
            upsert.bind(message.envelopeDigest, at: 3)
            upsert.bind(index.value, at: 4)
            try upsert.run(index: index.value)
        case .recipientSet(let set):
            let insert = statements.insertRecipientSet
            insert.bind(index.value, at: 1)
            insert.bind(set.bytes, at: 2)
            try insert.run(index: index.value)
        case .delivered(let node, let through):
            let upsert = statements.upsertDelivered
            upsert.bind(node.text, at: 1)
            upsert.bind(through.value, at: 2)
            try upsert.run(index: index.value)
        case .subscriptions(let node, let subscriptions):
            var change = WireSubscriptionChange()
            change.node = node.text
            change.subscriptions = subscriptions
            let upsert = statements.upsertSubscription
            upsert.bind(node.text, at: 1)
            upsert.bind((try? change.serializedData()) ?? Data(), at: 2)
            try upsert.run(index: index.value)
        case .withheld(let tombstone):
            let upsert = statements.upsertTombstone
            upsert.bind(tombstone.node.text, at: 1)
            upsert.bind(tombstone.number.value, at: 2)
            upsert.bind(tombstone.message.value, at: 3)
            upsert.bind(tombstone.reason, at: 4)
            try upsert.run(index: index.value)
        case .release(let release):
            let insert = statements.insertRelease
            insert.bind(index.value, at: 1)
            insert.bind(release.kind.rawValue, at: 2)
            insert.bind(release.number, at: 3)
            insert.bind(release.digest, at: 4)
            try insert.run(index: index.value)
        case .none:
            break
        }
    }

    /// Inserts a message's row; false when the id is taken.
    func insert(
        _ message: AcceptedMessage,
        _ envelopeDigest: Digest,
        at index: LedgerIndex
    ) throws(LedgerError) -> Bool {
        let insert = statements.insertMessage
        insert.bind(index.value, at: 1)
        insert.bind(message.messageID.data, at: 2)
        insert.bind(envelopeDigest, at: 3)
        insert.bind(message.eligible.value, at: 4)
        insert.bind(message.audience.value, at: 5)
        insert.bind(message.registry.value, at: 6)
        insert.bind(message.policy.value, at: 7)
        insert.bind(message.acceptedAt.milliseconds, at: 8)
        try insert.run(index: index.value)
        return insert.changes == 1
    }

    /// Deletes the views and derives them again from the openings, in one transaction.
    ///
    /// Takes time in proportion to the ledger. Progress is given as entries done and in all. The
    /// state recovered when the ledger was opened is not changed by this; open it again.
    public func rebuildViews(progress: ((Int, Int) -> Void)? = nil) throws(LedgerError) {
        try write { database in
            for view in LedgerDatabase.views {
                try database.execute(literal: "DELETE FROM \(sql: view)")
            }
            let all = try PreparedStatement(
                "SELECT place, record FROM opening ORDER BY place",
                table: "opening",
                file: configuration.path,
                in: database
            )
            defer { all.reset() }
            while try all.next() {
                let index = LedgerIndex(all.integer(0))
                guard let bytes = all.data(1) else { continue }
                do {
                    try apply(try ViewChange(recordBytes: bytes), at: index)
                } catch let fault as RecordFault {
                    throw LedgerError(
                        fault.code,
                        at: place("opening", index.value),
                        detail: fault.field
                    )
                }
                if index.value & 0xFFFF == 0xFFFF { progress?(Int(index.value), Int(size)) }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Rows of the outbox and the inbox as values.

package import Foundation
package import WiciCore

/// A message of this node's own, from composing to the hub's receipt.
package struct OutboxRow: Equatable, Sendable {
    /// Where it stands.
    package enum State: Int64, Equatable, Sendable {
        /// Composed and on disk; will leave when the hub is there.
        case queued = 0
        /// Handed to the session; not yet settled.
        case submitted = 1
        /// The hub has it on disk.
        case accepted = 2
        /// The hub refused it for good.
        case refused = 3
        /// The node itself gave up.
        case failed = 4
    }

    /// Order of writing, from 1.
    package let sequence: Int64
    /// The message.
    package let messageID: MessageID
    /// When it was written.
    package let writtenAt: Moment
    /// Where it stands.
    package var state: State
    /// How often it has been sealed.
    package var attempts: Int
    /// Serialized Envelope without signature.
    package var prepared: Data
    /// The body before sealing.
    package let body: Data
    /// The draft as the person wrote it.
    package let draft: Data
    /// Serialized Receipts with one receipt and its sets; empty until settled.
    package var outcome: Data

    /// The place in the ledger that the hub's receipt named; nil for what was not accepted.
    var acceptedAt: LedgerIndex? {
        guard case .accepted(let index, _, _, _, _)? = SettledBatch.Outcome(encoded: outcome) else {
            return nil
        }
        return index
    }
}

/// What a person at this node sends.
package struct NewOutboxRow: Equatable, Sendable {
    /// The message.
    package let messageID: MessageID
    /// When it was written.
    package let writtenAt: Moment
    /// Serialized Envelope without signature.
    package let prepared: Data
    /// The body before sealing.
    package let body: Data
    /// The draft as the person wrote it.
    package let draft: Data

    /// Makes a row.
    package init(
        messageID: MessageID,
        writtenAt: Moment,
        prepared: Data,
        body: Data,
        draft: Data
    ) {
        self.messageID = messageID
        self.writtenAt = writtenAt
        self.prepared = prepared
        self.body = body
        self.draft = draft
    }
}

/// One number of the node's mailbox.
package struct InboxRow: Equatable, Sendable {
    /// Number in the mailbox.
    package let number: MailboxNumber
    /// Place of the acceptance in the ledger.
    package let index: LedgerIndex
    /// The message; `nil` when the delivery named none or one that another number already holds.
    package var messageID: MessageID?
    /// Exact bytes of the header; empty for a tombstone or an unreadable envelope.
    package let header: Data
    /// Serialized Envelope as delivered; empty for a tombstone.
    package let envelope: Data
    /// The body in plain form; empty when it could not be opened.
    package let body: Data
    /// The tombstone's reason; empty for a message.
    package let tombstone: String
    /// Why the node's own check failed; `nil` for a message in order.
    ///
    /// A row that has one is never shown as a normal message.
    package let suspicion: UInt32?
    /// When it was stored.
    package let receivedAt: Moment
    /// When a person here acknowledged it; `nil` until then.
    package var acknowledgedAt: Moment?

    /// Makes a row that nobody has acknowledged.
    package init(
        number: MailboxNumber,
        index: LedgerIndex,
        messageID: MessageID?,
        header: Data = Data(),
        envelope: Data = Data(),
        body: Data = Data(),
        tombstone: String = "",
        suspicion: UInt32? = nil,
        receivedAt: Moment,
        acknowledgedAt: Moment? = nil
    ) {
        self.number = number
        self.index = index
        self.messageID = messageID
        self.header = header
        self.envelope = envelope
        self.body = body
        self.tombstone = tombstone
        self.suspicion = suspicion
        self.receivedAt = receivedAt
        self.acknowledgedAt = acknowledgedAt
    }
}

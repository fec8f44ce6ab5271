// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What happens to a node's session (events, facts) and what it wants done (effects, orders). Both
// are plain data, so that a run can be recorded, replayed and compared.

package import Foundation
package import WiciCore

/// What the shell tells the session.
package enum NodeSessionEvent: Equatable, Sendable {
    /// The node wants to be connected.
    case started
    /// One frame arrived on the exchange.
    case packet(Data)
    /// Time has passed; comes at the latest at `nextDeadline`.
    case tick
    /// The outbox holds entries that are ready to leave.
    case outboxChanged
    /// Answer to `requestOutbox`: signed envelopes in the order in which they were written.
    case outboxReady([OutgoingEnvelope])
    /// The inbox has everything up to this number on disk.
    case stored(through: MailboxNumber)
    /// The disk did not take the deliveries; nothing of the last batch is kept.
    case storingFailed
    /// Registry and policy that the node has verified and now holds.
    case trusts(NodeTrust)
    /// The node signs with another key now; what has no receipt yet is back in the outbox.
    case keysChanged
    /// Somebody at the node asks the hub for something.
    case asked(NodeRequest)
    /// Answer to `requestNewestEntries`; nil when the disk did not give them.
    case newestEntries([KnownEntry]?)
    /// The connection went away.
    case connectionClosed
    /// The hub refused the connection's key or its proof.
    case authenticationFailed
    /// The node is shutting down.
    case stopping
}

/// What the session wants the shell to do, in order.
package enum NodeSessionEffect: Equatable, Sendable {
    /// Make a new socket and connect it.
    case openConnection
    /// Close the socket and drop what it still holds.
    case closeConnection
    /// Send one frame.
    case send(Data)
    /// Write these to the inbox, then report `stored` or `storingFailed`.
    case storeDeliveries([IncomingDelivery])
    /// Write the outcome of submitted messages to the outbox.
    case storeReceipts(SettledBatch)
    /// Verify and keep a registry or policy note that the hub sent, then report `trusts`.
    case adopt(registry: Data?, policy: Data?)
    /// Remember this checkpoint over a restart, a signed note.
    case keepCheckpoint(Data)
    /// Hand over the newest entries that the disk knows of with `newestEntries`.
    case requestNewestEntries
    /// Hand over up to this many ready envelopes with `outboxReady`.
    case requestOutbox(limit: Int)
    /// The eligible set has changed: seal this message again and queue it with everything that the
    /// session was handed and has no receipt for, so that it leaves in its turn.
    case reseal(MessageID)
    /// Remember the subscriptions in force at the hub.
    case rememberSubscriptions([WireSubscription])
    /// The answer to a request that somebody at the node made.
    case answer(UInt64, NodeAnswer)
    /// The connection's state, for status pages.
    case report(ConnectionState)
}

/// A signed envelope on its way to the hub.
package struct OutgoingEnvelope: Equatable, Sendable {
    /// The message.
    package let messageID: MessageID
    /// The envelope's digest, which the receipt repeats.
    package let digest: Digest
    /// Serialized Envelope.
    package let bytes: Data
    /// Whether the hub may ask for it to be sealed again.
    package let isSealed: Bool

    /// Makes an envelope from its parts.
    package init(messageID: MessageID, digest: Digest, bytes: Data, isSealed: Bool) {
        self.messageID = messageID
        self.digest = digest
        self.bytes = bytes
        self.isSealed = isSealed
    }
}

/// A delivery taken in number order.
package struct IncomingDelivery: Equatable, Sendable {
    /// What came under the number.
    package enum Content: Equatable, Sendable {
        /// Serialized Envelope, exact bytes.
        case envelope(Data)
        /// A tombstone: the message's id and the reason's code.
        case tombstone(messageID: Data, reason: String)
    }

    /// Number in the mailbox.
    package let number: MailboxNumber
    /// Place of the acceptance in the ledger.
    package let index: LedgerIndex
    /// What came under the number.
    package let content: Content

    /// Makes a delivery from its parts.
    package init(number: MailboxNumber, index: LedgerIndex, content: Content) {
        self.number = number
        self.index = index
        self.content = content
    }
}

/// Receipts of one packet whose signature has been verified.
package struct SettledBatch: Equatable, Sendable {
    /// What became of one message.
    package enum Outcome: Equatable, Sendable {
        /// On the hub's disk and in its ledger.
        case accepted(
            index: LedgerIndex,
            at: Moment,
            audience: WireRecipientSet,
            eligible: WireRecipientSet,
            repeated: Bool
        )
        /// Refused for good.
        case refused(WireRefusal)
    }

    /// One settled message.
    package struct Message: Equatable, Sendable {
        /// The message.
        package let messageID: MessageID
        /// What became of it.
        package let outcome: Outcome

        /// Pairs a message with its outcome.
        package init(messageID: MessageID, outcome: Outcome) {
            self.messageID = messageID
            self.outcome = outcome
        }
    }

    /// Serialized SignedReceipts, kept as the hub's word; `nil` for a refusal of a whole packet.
    package let signed: Data?
    /// The messages that it settles.
    package let messages: [Message]

    /// Makes a batch from its parts.
    package init(signed: Data?, messages: [Message]) {
        self.signed = signed
        self.messages = messages
    }
}

/// What the session needs to know of the registry and policy that the node holds.
package struct NodeTrust: Equatable, Sendable {
    /// SHA-256 of the registry note.
    package let registry: Digest
    /// SHA-256 of the policy note; `nil` while the node has none.
    package let policy: Digest?
    /// The key that signs receipts and checkpoints.
    package let ledgerKey: VerifierKey

    /// Makes the facts.
    package init(registry: Digest, policy: Digest?, ledgerKey: VerifierKey) {
        self.registry = registry
        self.policy = policy
        self.ledgerKey = ledgerKey
    }
}

/// Something that the hub answers under the request's number.
package struct NodeRequest: Equatable, Sendable {
    /// What is asked.
    package enum Question: Equatable, Sendable {
        /// Replace the subscriptions.
        case subscribe([WireSubscription])
        /// Opening and inclusion proof of a message.
        case prove(MessageID)
        /// Ledger entries, auditors only; purpose is a code.
        case readLedger(from: LedgerIndex, limit: Int, purpose: String)
    }

    /// Chosen by the shell, unique while the node runs, not 0.
    package let number: UInt64
    /// What is asked.
    package let question: Question

    /// Makes a request.
    package init(number: UInt64, question: Question) {
        self.number = number
        self.question = question
    }
}

/// What came of a request.
package enum NodeAnswer: Equatable, Sendable {
    /// The subscriptions now in force.
    case subscribed([WireSubscription])
    /// Opening and proof.
    case proof(WireProof)
    /// Ledger entries.
    case page(WireLedgerPage)
    /// Refused by the hub.
    case refused(WireRefusal)
    /// The node is not connected, or the connection went away first.
    case disconnected
}

/// How the connection stands, for status pages.
package enum ConnectionState: Equatable, Sendable {
    /// Not started, or stopped.
    case stopped
    /// A socket is open and the hub's welcome has not come.
    case connecting
    /// The hub has welcomed the node.
    case connected(head: MailboxNumber, hubTime: Moment)
    /// Waiting before the next attempt; the refusal, where the hub gave one.
    case waiting(WireRefusal?)
    /// The hub contradicts what it said before.
    case contradiction(Contradiction)

    /// In what the hub contradicts itself.
    package enum Contradiction: Equatable, Sendable {
        /// The hub's mailbox ends before what the node has on disk.
        case mailboxShrank(stored: MailboxNumber)
        /// The hub's ledger does not have, or not there, what its receipt or delivery said.
        case entryMissing(MessageID)
        /// A checkpoint that does not verify, or that the last one does not lead to.
        case checkpointWrong
        /// Receipts whose signature does not verify.
        case badReceiptSignature
        /// A receipt for other bytes than the node sent.
        case receiptForOtherBytes(MessageID)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whether the hub's ledger still has what the node knows to be in it. A hub that was started from an
// older copy has not: it gives numbers and places away a second time, and mail would be lost.

import Foundation
package import WiciCore

/// An entry that the node knows of: by a receipt, or by a delivery.
package struct KnownEntry: Equatable, Sendable {
    /// The message that was accepted.
    package let messageID: MessageID
    /// The entry's place in the ledger.
    package let index: LedgerIndex

    /// Makes a known entry of its parts.
    package init(messageID: MessageID, index: LedgerIndex) {
        self.messageID = messageID
        self.index = index
    }
}

/// What an answer to `prove` says of a known entry.
package enum LedgerCheck: Equatable, Sendable {
    /// The ledger has it.
    case confirmed
    /// The hub did not say.
    case undecided
    /// The ledger does not go on from what the node knows.
    case contradicted(ConnectionState.Contradiction)

    /// Judges an answer.
    ///
    /// - Parameter checkpoint: The newest that the node remembers.
    package init(
        _ answer: NodeAnswer,
        of known: KnownEntry,
        checkpoint: Checkpoint?,
        ledgerKey: VerifierKey
    ) {
        switch answer {
        case .proof(let wire):
            let proof = ProofModel(wire)
            guard let head = proof.head(under: ledgerKey), !head.contradicts(checkpoint) else {
                self = .contradicted(.checkpointWrong)
                return
            }
            self =
                proof.proves(known.messageID, at: known.index, ledgerKey: ledgerKey)
                ? .confirmed : .contradicted(.entryMissing(known.messageID))
        case .refused(let refusal) where refusal.code == RefusalCode.entryUnknown.number:
            self = .contradicted(.entryMissing(known.messageID))
        // It is there, and no longer for this node.
        case .refused(let refusal) where refusal.code == RefusalCode.openingNotYours.number:
            self = .confirmed
        case .refused, .disconnected, .subscribed, .page: self = .undecided
        }
    }
}

extension Checkpoint {
    /// Whether the tree is smaller than before, or another of the same size.
    package func contradicts(_ earlier: Checkpoint?) -> Bool {
        guard let earlier, earlier.origin == origin else { return false }
        return size < earlier.size || (size == earlier.size && root != earlier.root)
    }
}

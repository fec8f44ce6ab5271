// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a proof proves. The hub is asked for one message and could answer with the proof of another,
// just as sound: only the opening, which the leaf commits to, says which message an entry is about.

import Foundation
import SwiftProtobuf
public import WiciCore

extension ProofModel {
    /// Whether this proves that a message was accepted into the ledger of a key.
    ///
    /// - Parameter index: The message's place in the ledger, where it is known from its receipt or
    ///   its delivery; the proof must be of that place.
    public func proves(
        _ message: MessageID,
        at index: LedgerIndex? = nil,
        ledgerKey: VerifierKey
    ) -> Bool {
        (index == nil || entry.index == index) && isOpening(of: message)
            && isIncluded(under: ledgerKey)
    }

    /// Whether the entry's record is the message's acceptance and the leaf commits to it.
    private func isOpening(of message: MessageID) -> Bool {
        guard LedgerLeaf.bytes(salt: entry.salt, record: entry.record) == entry.leaf,
            case .accepted(let accepted)? =
                (try? WireRecord(serializedBytes: entry.record))?.event,
            let header = try? WireHeader(serializedBytes: accepted.header)
        else { return false }
        return header.messageID == message.data
    }

    /// Whether the leaf stands in the tree of a checkpoint that the key signed.
    private func isIncluded(under ledgerKey: VerifierKey) -> Bool {
        let hashes = path.compactMap { Digest(bytes: $0) }
        guard hashes.count == path.count,
            let head = Checkpoint(bytes: Data(checkpoint.utf8), ledgerKey: ledgerKey),
            head.size == size
        else { return false }
        return InclusionProof(index: entry.index.value, size: size, path: hashes)
            .verify(leafHash: TreeHash.leaf(entry.leaf), root: head.root)
    }
}

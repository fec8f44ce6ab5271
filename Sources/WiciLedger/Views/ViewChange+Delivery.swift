// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading confirmations in place: after acceptances, most records of a ledger are these, and the
// generated decoder takes longer for one than its leaf takes to check. A test compares with it.

import Foundation
import WiciCore

extension ViewChange {
    /// Reads a Record of a confirmation whose fields stand in ascending order, each once; nil for
    /// any other bytes.
    init?(canonicalDelivery bytes: UnsafeRawBufferPointer) {
        var record = CanonicalFields(bytes)
        guard record.number(1) != nil, let message = record.bytes(4), record.isAtEnd else {
            return nil
        }
        var fields = CanonicalFields(message)
        guard let text = fields.bytes(1).flatMap({ String(validating: $0, as: UTF8.self) }),
            let node = NodeID(text), let through = fields.number(2), fields.isAtEnd
        else { return nil }
        self = .delivered(node, through: MailboxNumber(through))
    }
}

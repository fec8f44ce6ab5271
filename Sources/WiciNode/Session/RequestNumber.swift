// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Request numbers on the wire say by their last two bits who in the node asked, so that one answer
// or refusal is never taken for another's.

import WiciCore

/// The spaces that request numbers of one connection are taken from.
enum RequestNumber {
    /// The fetch of a missing mailbox number; there is one at a time.
    static let fetch: UInt64 = 3

    /// The n-th question about the hub's ledger, from 1.
    static func ledger(_ count: UInt64) -> UInt64 { count << 2 }

    /// The n-th batch of envelopes.
    static func batch(_ count: UInt64) -> UInt64 { count << 2 | 1 }

    /// A request made by somebody at the node.
    static func asked(_ number: UInt64) -> UInt64 { number << 2 | 2 }

    /// The number that somebody at the node gave; `nil` for the session's own requests.
    static func number(asked wire: UInt64) -> UInt64? {
        wire & 3 == 2 ? wire >> 2 : nil
    }
}

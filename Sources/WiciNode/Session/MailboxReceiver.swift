// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The node's side of its mailbox: which numbers are on disk, which are on their way to the disk, and
// how many more the hub may send. Numbers are taken in exact order; a gap is fetched.

import Foundation
import WiciCore

/// Numbers and credit of one mailbox.
struct MailboxReceiver: Equatable, Sendable {
    /// Credit beyond what is stored.
    static let window: UInt64 = 512

    /// Everything up to this number is on disk.
    private(set) var stored: MailboxNumber
    /// Everything up to this number has been handed to the disk.
    private(set) var received: MailboxNumber
    /// The hub may send numbers up to this one.
    private(set) var windowEnd: MailboxNumber
    /// First number of a fetch that has not been answered.
    private(set) var fetching: MailboxNumber?

    init(stored: MailboxNumber) {
        self.stored = stored
        self.received = stored
        self.windowEnd = MailboxNumber(stored.value + Self.window)
    }

    /// Starts over from the disk: the connection is new, or the disk refused the last batch.
    mutating func restart() {
        self = MailboxReceiver(stored: stored)
    }

    /// Takes what is next in order; says where to fetch from when a number is missing.
    mutating func take(_ deliveries: [WireDelivery]) -> (
        taken: [IncomingDelivery], fetchFrom: MailboxNumber?
    ) {
        var taken: [IncomingDelivery] = []
        for delivery in deliveries {
            let number = MailboxNumber(delivery.number)
            guard number > received else { continue }
            guard number == received.next, let content = IncomingDelivery.Content(delivery) else {
                guard fetching != received.next else { return (taken, nil) }
                fetching = received.next
                return (taken, received.next)
            }
            let index = LedgerIndex(delivery.index)
            taken.append(IncomingDelivery(number: number, index: index, content: content))
            received = number
            if let first = fetching, first <= number { fetching = nil }
        }
        return (taken, nil)
    }

    /// Notes what is on disk and renews the credit when half of it is used.
    mutating func store(through number: MailboxNumber) {
        guard number > stored, number <= received else { return }
        stored = number
        if windowEnd.value < stored.value + Self.window / 2 {
            windowEnd = MailboxNumber(stored.value + Self.window)
        }
    }
}

extension IncomingDelivery.Content {
    init?(_ delivery: WireDelivery) {
        switch delivery.content {
        case .envelope(let bytes): self = .envelope(bytes)
        case .tombstone(let tombstone):
            self = .tombstone(messageID: tombstone.messageID, reason: tombstone.reason)
        case nil: return nil
        }
    }
}

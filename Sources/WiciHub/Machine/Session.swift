// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the hub knows of one connected node: which connection is its own, how far its mail has been
// handed over, and how much more it has asked for. Everything durable is in the ledger.

import Foundation
import WiciCore

/// A connection of the exchange.
///
/// The routing id behind it never leaves the socket's thread.
public struct ConnectionID: Hashable, Sendable {
    /// Counted from 1 by the hub.
    public let value: UInt64
    /// Takes the hub's count.
    public init(_ value: UInt64) { self.value = value }
}

/// One node's conversation after its hello.
struct Session {
    let node: NodeID
    let connection: ConnectionID
    /// Highest number handed to the socket.
    var sent: MailboxNumber
    /// Highest number that the connection was ever handed; beyond `sent` while mail comes again after
    /// another hello.
    private(set) var handed: MailboxNumber
    /// Highest number that the node has on its disk.
    var acknowledged: MailboxNumber
    /// Highest number recorded as delivered in the ledger.
    var recorded: MailboxNumber
    /// Credit: the highest number that the node takes.
    var windowEnd: MailboxNumber
    /// Size of the ledger at the last checkpoint that the node was sent.
    var toldSize: UInt64 = 0
    /// Waiting for the ledger: mail being read, or a tombstone being recorded.
    var isWaitingForLedger = false
    /// Waiting for the flush at the end of the event.
    var isTouched = false
    var lastHeard: Moment
    /// Sizes of what was sent and not yet acknowledged, oldest first; bounds what a node that has
    /// stopped reading can make the hub keep.
    private var inFlight: ArraySlice<(number: MailboxNumber, bytes: Int)> = []
    private(set) var inFlightBytes = 0
    /// Mail that leaves with the next flush.
    var outgoing = DeliveryBatch()
    /// Receipts that leave with the next flush.
    var receipts: [SettledReceipt] = []

    init(
        node: NodeID,
        connection: ConnectionID,
        sent: MailboxNumber,
        recorded: MailboxNumber,
        windowEnd: MailboxNumber,
        lastHeard: Moment
    ) {
        self.node = node
        self.connection = connection
        self.sent = sent
        self.handed = sent
        self.acknowledged = max(sent, recorded)
        self.recorded = recorded
        self.windowEnd = windowEnd
        self.lastHeard = lastHeard
    }

    /// Whether more mail may be handed over: credit is left and not too much is on the way.
    var hasRoom: Bool {
        !isWaitingForLedger && sent < windowEnd && inFlightBytes < Self.inFlightByteLimit
    }

    /// Whether this number is the next to be sent and there is room for it.
    func takes(_ number: MailboxNumber) -> Bool {
        number == sent.next && hasRoom
    }

    /// Notes that this number was handed to the socket.
    mutating func handedOver(_ number: MailboxNumber, bytes: Int) {
        sent = number
        handed = max(handed, number)
        inFlight.append((number, bytes))
        inFlightBytes += bytes
    }

    /// Goes on from an earlier session of the same connection.
    ///
    /// Another hello takes nothing off the way, and its node may have acknowledged or may still
    /// acknowledge what it was handed before, whatever number it names as stored.
    mutating func goOn(from earlier: Session) {
        handed = max(handed, earlier.handed)
        acknowledged = max(acknowledged, earlier.acknowledged)
        recorded = max(recorded, earlier.recorded)
        inFlight = earlier.inFlight
        inFlightBytes = earlier.inFlightBytes
    }

    /// Takes a cumulative acknowledgement and new credit; neither ever goes back.
    mutating func acknowledge(through number: MailboxNumber, windowEnd newEnd: MailboxNumber) {
        acknowledged = max(acknowledged, number)
        windowEnd = max(windowEnd, newEnd)
        while let first = inFlight.first, first.number <= number {
            inFlightBytes -= first.bytes
            inFlight.removeFirst()
        }
    }

    /// Bytes on the way to one node at most; one message more may follow the last that fits.
    static let inFlightByteLimit = 4 << 20
}

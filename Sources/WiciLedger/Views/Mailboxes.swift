// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Every node's numbered mailbox, as a fold over acceptances. A message is remembered once, under its
// audience, in four bytes; which number it has in whose mailbox is computed when asked. So memory
// does not grow with the number of recipients.

public import WiciCore

/// The mailboxes of all nodes: gap-free numbers over the acceptances whose audience holds the node.
///
/// `accept` takes time in proportion to the audience, `entries` to the number of distinct audiences
/// that the node belongs to. At most 2^32 - 1 entries, which the ledger enforces.
public struct Mailboxes: Sendable {
    /// Messages to one audience: their places, ascending.
    private struct AudienceLog: Sendable {
        let members: [Int32]
        var places: [UInt32] = []

        /// Number of messages at or before a place.
        func count(through place: UInt32) -> Int {
            var low = 0
            var high = places.count
            while low < high {
                let middle = (low + high) / 2
                if places[middle] <= place { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// The log of an audience, for whoever accepts many messages to it.
    struct Log: Sendable {
        fileprivate let place: Int
    }

    private var logs: [AudienceLog] = []
    private var logOfAudience: [RecipientSet: Int] = [:]
    private var memberOfNode: [NodeID: Int] = [:]
    /// How many messages each member has.
    private var heads: [UInt64] = []
    /// In which logs each member's messages are.
    private var logsOfMember: [[Int32]] = []

    /// No mail for anybody.
    public init() {}

    /// Gives a message the next number in each mailbox of its audience.
    ///
    /// Places must come in ascending order; the first 2^32 - 1 are kept.
    public mutating func accept(index: LedgerIndex, audience: RecipientSet) {
        accept(index: index, to: log(of: audience))
    }

    /// Gives a message the next number in each mailbox of a log's audience.
    mutating func accept(index: LedgerIndex, to log: Log) {
        guard append(index, to: log.place) else { return }
        raiseHeads(of: log.place, by: 1)
    }

    /// Accepts many messages at once, counting heads at the end.
    mutating func accept(contentsOf messages: some Sequence<(LedgerIndex, RecipientSet)>) {
        var before = logs.map(\.places.count)
        for (index, audience) in messages {
            let log = log(of: audience).place
            if log >= before.count { before.append(0) }
            _ = append(index, to: log)
        }
        for (log, count) in before.enumerated() {
            raiseHeads(of: log, by: UInt64(logs[log].places.count - count))
        }
    }

    /// The highest number in a node's mailbox; 0 when it is empty.
    public func head(of node: NodeID) -> MailboxNumber {
        guard let member = memberOfNode[node] else { return .none }
        return MailboxNumber(heads[member])
    }

    /// Every node that has mail, in no particular order.
    public var nodes: some Collection<NodeID> { memberOfNode.keys }

    /// Numbers after the given one, ascending, with the places of their messages.
    public func entries(
        of node: NodeID,
        after: MailboxNumber,
        limit: Int
    ) -> [(MailboxNumber, LedgerIndex)] {
        guard limit > 0, let slot = memberOfNode[node], after.value < heads[slot] else {
            return []
        }
        let sources = logsOfMember[slot].map { logs[Int($0)] }
        let start = place(ofNumber: after.value + 1, in: sources)
        var cursors = sources.compactMap { log -> (log: AudienceLog, next: Int)? in
            let next = start == 0 ? 0 : log.count(through: start - 1)
            return next < log.places.count ? (log, next) : nil
        }
        var number = after
        var found: [(MailboxNumber, LedgerIndex)] = []
        found.reserveCapacity(min(limit, Int(clamping: heads[slot] - after.value)))
        while found.count < limit, !cursors.isEmpty {
            var least = 0
            var place = UInt32.max
            for (offset, cursor) in cursors.enumerated() {
                let candidate = cursor.log.places[cursor.next]
                if candidate <= place {
                    place = candidate
                    least = offset
                }
            }
            number = number.next
            found.append((number, LedgerIndex(UInt64(place))))
            cursors[least].next += 1
            if cursors[least].next == cursors[least].log.places.count {
                cursors.remove(at: least)
            }
        }
        return found
    }

    /// The number that a message has in a node's mailbox; nil when it is not in it.
    public func number(of index: LedgerIndex, for node: NodeID) -> MailboxNumber? {
        guard let slot = memberOfNode[node], let place = UInt32(exactly: index.value) else {
            return nil
        }
        var number: UInt64 = 0
        var isThere = false
        for log in logsOfMember[slot].map({ logs[Int($0)] }) {
            let count = log.count(through: place)
            number += UInt64(count)
            if count > 0, log.places[count - 1] == place { isThere = true }
        }
        return isThere ? MailboxNumber(number) : nil
    }

    /// The least place at or before which the logs hold this many messages.
    private func place(ofNumber number: UInt64, in sources: [AudienceLog]) -> UInt32 {
        var low = UInt32(0)
        var high = sources.compactMap(\.places.last).max() ?? 0
        while low < high {
            let middle = low + (high - low) / 2
            let count = sources.reduce(UInt64(0)) { $0 + UInt64($1.count(through: middle)) }
            if count >= number { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private mutating func append(_ index: LedgerIndex, to log: Int) -> Bool {
        guard let place = UInt32(exactly: index.value), logs[log].places.last ?? 0 <= place else {
            return false
        }
        logs[log].places.append(place)
        return true
    }

    private mutating func raiseHeads(of log: Int, by added: UInt64) {
        let members = logs[log].members
        // An audience may have hundreds: one check for all of them that the array is ours.
        heads.withUnsafeMutableBufferPointer { heads in
            for member in members { heads[Int(member)] += added }
        }
    }

    /// The log of an audience, made on first use.
    mutating func log(of audience: RecipientSet) -> Log {
        if let log = logOfAudience[audience] { return Log(place: log) }
        let log = logs.count
        var slots: [Int32] = []
        for node in Set(audience.nodes) {
            let slot = memberOfNode[node] ?? heads.count
            if slot == heads.count {
                heads.append(0)
                logsOfMember.append([])
                memberOfNode[node] = slot
            }
            logsOfMember[slot].append(Int32(log))
            slots.append(Int32(slot))
        }
        logs.append(AudienceLog(members: slots))
        logOfAudience[audience] = log
        return Log(place: log)
    }
}

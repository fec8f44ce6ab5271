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

    /// A member's side: how many messages it has and in which logs.
    private struct Member: Sendable {
        var head: UInt64 = 0
        var logs: [Int32] = []
    }

    private var logs: [AudienceLog] = []
    private var logOfAudience: [RecipientSet: Int] = [:]
    private var members: [Member] = []
    private var memberOfNode: [NodeID: Int] = [:]

    /// No mail for anybody.
    public init() {}

    /// Gives a message the next number in each mailbox of its audience.
    ///
    /// Places must come in ascending order; the first 2^32 - 1 are kept.
    public mutating func accept(index: LedgerIndex, audience: RecipientSet) {
        let log = log(for: audience)
        guard append(index, to: log) else { return }
        for member in logs[log].members {
            members[Int(member)].head += 1
        }
    }

    /// Accepts many messages at once, counting heads at the end.
    mutating func accept(contentsOf messages: some Sequence<(LedgerIndex, RecipientSet)>) {
        var before = logs.map(\.places.count)
        for (index, audience) in messages {
            let log = log(for: audience)
            if log >= before.count { before.append(0) }
            _ = append(index, to: log)
        }
        for (log, count) in before.enumerated() {
            let added = UInt64(logs[log].places.count - count)
            for member in logs[log].members { members[Int(member)].head += added }
        }
    }

    /// The highest number in a node's mailbox; 0 when it is empty.
    public func head(of node: NodeID) -> MailboxNumber {
        guard let member = memberOfNode[node] else { return .none }
        return MailboxNumber(members[member].head)
    }

    /// Every node that has mail, in no particular order.
    public var nodes: some Collection<NodeID> { memberOfNode.keys }

    /// Numbers after the given one, ascending, with the places of their messages.
    public func entries(
        of node: NodeID,
        after: MailboxNumber,
        limit: Int
    ) -> [(MailboxNumber, LedgerIndex)] {
        guard limit > 0, let slot = memberOfNode[node], after.value < members[slot].head else {
            return []
        }
        let sources = members[slot].logs.map { logs[Int($0)] }
        let start = place(ofNumber: after.value + 1, in: sources)
        var cursors = sources.compactMap { log -> (log: AudienceLog, next: Int)? in
            let next = start == 0 ? 0 : log.count(through: start - 1)
            return next < log.places.count ? (log, next) : nil
        }
        var number = after
        var found: [(MailboxNumber, LedgerIndex)] = []
        found.reserveCapacity(min(limit, Int(clamping: members[slot].head - after.value)))
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
        for log in members[slot].logs.map({ logs[Int($0)] }) {
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

    /// The log of an audience, made on first use.
    private mutating func log(for audience: RecipientSet) -> Int {
        if let log = logOfAudience[audience] { return log }
        let log = logs.count
        var slots: [Int32] = []
        for node in Set(audience.nodes) {
            let slot = memberOfNode[node] ?? members.count
            if slot == members.count {
                members.append(Member())
                memberOfNode[node] = slot
            }
            members[slot].logs.append(Int32(log))
            slots.append(Int32(slot))
        }
        logs.append(AudienceLog(members: slots))
        logOfAudience[audience] = log
        return log
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Every node's numbered mailbox, as a fold over acceptances. A message is remembered once, by the
// number of its audience, in four bytes; which number it has in whose mailbox is counted when asked,
// from the nearest place at which it was counted before. So memory does not grow with the number of
// recipients, and nothing that is asked takes longer because there are many audiences.

public import WiciCore

/// The mailboxes of all nodes: gap-free numbers over the acceptances whose audience holds the node.
///
/// `accept` takes time in proportion to the audience, `entries` to what it finds and the places
/// between: at most a block of them for each number, and a search by halves at the start. A place of
/// the ledger takes four bytes, a new audience a bit for each node, and a block of places eight bytes
/// for each node that has mail in it. At most 2^32 - 1 entries, which the ledger enforces.
public struct Mailboxes: Sendable {
    /// An audience, for whoever accepts many messages to it.
    struct Audience: Hashable, Sendable {
        fileprivate let set: UInt32
    }

    /// A block of places in which a node has mail, and how much mail it has before it.
    private struct Block: Sendable {
        let number: UInt32
        let before: UInt32
    }

    /// The audience of the message at each place; that of nobody where there is no message.
    private var audiences: [UInt32] = []
    private var sets = MemberSets()
    private var memberOfNode: [NodeID: Int] = [:]
    /// How many messages each member has.
    private var heads: [UInt32] = []
    /// The last block in which each member has mail.
    private var lastBlocks: [UInt32] = []
    /// The blocks in which each member has mail, ascending.
    private var blocks: [[Block]] = []
    /// The audiences of recipient sets, by their digests: the same sets come again and again.
    private var recent = RecentlyUsed<Digest, UInt32>(capacity: 4_096)

    /// Places are counted in blocks of 2^10: fewer would take more memory, more would take longer.
    private static let blockBits = 10

    /// No mail for anybody.
    public init() {}

    // MARK: Accepting

    /// Gives a message the next number in each mailbox of its audience.
    ///
    /// Places must come in ascending order; the first 2^32 - 1 are kept.
    public mutating func accept(index: LedgerIndex, audience recipients: RecipientSet) {
        accept(index: index, to: audience(of: recipients))
    }

    /// Gives a message the next number in each mailbox of an audience.
    mutating func accept(index: LedgerIndex, to audience: Audience) {
        guard append(index, audience) else { return }
        count(1, for: audience.set, in: UInt32(index.value >> UInt64(Self.blockBits)))
    }

    /// Accepts many messages at once, counting each block's at its end.
    mutating func accept(contentsOf messages: some Sequence<(LedgerIndex, Audience)>) {
        var block = UInt32(0)
        var counts: [UInt32: UInt32] = [:]
        func countBlock(_ mailboxes: inout Mailboxes) {
            for (set, added) in counts { mailboxes.count(added, for: set, in: block) }
            counts.removeAll(keepingCapacity: true)
        }
        // Nearly always the next message has the same audience as the one before.
        var run = (set: MemberSets.empty, length: UInt32(0))
        for (index, audience) in messages where append(index, audience) {
            let present = UInt32(index.value >> UInt64(Self.blockBits))
            if present != block || audience.set != run.set {
                if run.length > 0 { counts[run.set, default: 0] += run.length }
                run = (audience.set, 0)
            }
            if present != block {
                countBlock(&self)
                block = present
            }
            run.length += 1
        }
        if run.length > 0 { counts[run.set, default: 0] += run.length }
        countBlock(&self)
    }

    /// The audience of recipients, made on first use.
    mutating func audience(of recipients: RecipientSet) -> Audience {
        if let set = recent.value(of: recipients.digest) { return Audience(set: set) }
        let audience = audience(of: recipients.nodes)
        recent.insert(audience.set, for: recipients.digest)
        return audience
    }

    /// The audience of nodes, made on first use; a node that is named twice counts once.
    mutating func audience(of nodes: some Sequence<NodeID>) -> Audience {
        Audience(set: sets.number(of: nodes.map { member($0) }))
    }

    private mutating func member(_ node: NodeID) -> Int {
        if let member = memberOfNode[node] { return member }
        let member = heads.count
        memberOfNode[node] = member
        heads.append(0)
        lastBlocks.append(.max)
        blocks.append([])
        return member
    }

    private mutating func append(_ index: LedgerIndex, _ audience: Audience) -> Bool {
        guard index.value < UInt64(UInt32.max), index.value >= UInt64(audiences.count) else {
            return false
        }
        let gap = Int(index.value) - audiences.count
        if gap > 0 { audiences += repeatElement(MemberSets.empty, count: gap) }
        audiences.append(audience.set)
        return true
    }

    /// Counts messages of one block for each member of their audience.
    private mutating func count(_ added: UInt32, for set: UInt32, in block: UInt32) {
        sets.forEachMember(of: set) { member in
            if lastBlocks[member] != block {
                lastBlocks[member] = block
                blocks[member].append(Block(number: block, before: heads[member]))
            }
            heads[member] += added
        }
    }

    // MARK: Asking

    /// The highest number in a node's mailbox; 0 when it is empty.
    public func head(of node: NodeID) -> MailboxNumber {
        guard let member = memberOfNode[node] else { return .none }
        return MailboxNumber(UInt64(heads[member]))
    }

    /// Every node that has mail, in no particular order.
    public var nodes: some Collection<NodeID> {
        memberOfNode.filter { heads[$0.value] > 0 }.keys
    }

    /// Numbers after the given one, ascending, with the places of their messages.
    public func entries(
        of node: NodeID,
        after: MailboxNumber,
        limit: Int
    ) -> [(MailboxNumber, LedgerIndex)] {
        guard limit > 0, let member = memberOfNode[node], after.value < heads[member] else {
            return []
        }
        var found: [(MailboxNumber, LedgerIndex)] = []
        found.reserveCapacity(min(limit, Int(heads[member]) - Int(after.value)))
        let blocks = blocks[member]
        // The last block before which there is not more mail than was asked to be passed over.
        let start = Self.firstPlace(in: blocks) { $0.before > after.value } - 1
        for block in blocks[start...] {
            var number = UInt64(block.before)
            for place in places(of: block) where sets.contains(member, in: audiences[place]) {
                number += 1
                guard number > after.value else { continue }
                found.append((MailboxNumber(number), LedgerIndex(UInt64(place))))
                if found.count == limit { return found }
            }
        }
        return found
    }

    /// The number that a message has in a node's mailbox; nil when it is not in it.
    public func number(of index: LedgerIndex, for node: NodeID) -> MailboxNumber? {
        guard let member = memberOfNode[node], index.value < UInt64(audiences.count),
            sets.contains(member, in: audiences[Int(index.value)])
        else { return nil }
        let present = UInt32(index.value >> UInt64(Self.blockBits))
        let blocks = blocks[member]
        let block = blocks[Self.firstPlace(in: blocks) { $0.number >= present }]
        var number = UInt64(block.before) + 1
        for place in places(of: block).lowerBound..<Int(index.value)
        where sets.contains(member, in: audiences[place]) {
            number += 1
        }
        return MailboxNumber(number)
    }

    private func places(of block: Block) -> Range<Int> {
        let start = Int(block.number) << Self.blockBits
        return start..<min(start + 1 << Self.blockBits, audiences.count)
    }

    /// Place of the first block for which a condition holds that holds for all after it.
    private static func firstPlace(in blocks: [Block], where holds: (Block) -> Bool) -> Int {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if holds(blocks[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

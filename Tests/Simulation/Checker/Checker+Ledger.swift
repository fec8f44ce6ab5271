// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is on the hub's disk: nothing that was there goes away, every decision on record is the one
// that the rules give, and checkpoints are about this ledger and no other.

import Foundation
import WiciCore
import WiciHub
import WiciLedger

extension Checker {
    // MARK: Entries

    /// The ledger was opened: what was on disk before must still be there.
    func ledgerOpens(_ rows: [LedgerEntryRow], checkpoint: SignedNote?) {
        let kept = min(rows.count, Int(book.size))
        for place in 0..<kept where rows[place].leaf != book.leaves[place] {
            return fail(.lost, "entry \(place) is another than before")
        }
        guard rows.count >= Int(book.size) else {
            isTailLost = mayHaveLostTail(rows.count)
            if isTailLost { return }
            return fail(.lost, "\(book.size) entries were on disk, \(rows.count) are there")
        }
        if rows.count > kept { ledgerGrows(Array(rows[kept...])) }
        if let checkpoint { sees(checkpoint: checkpoint.bytes) }
    }

    /// Whether damage can have cut the log so short without a trace.
    ///
    /// One damaged bit can take the last transaction, for it looks like one that was never synced, and
    /// only while nothing says how far the log was: after a power cut, or when that is damaged too. A
    /// checkpoint is a transaction of its own, so what one covers is never the last.
    private func mayHaveLostTail(_ count: Int) -> Bool {
        let ends = book.roots.keys.filter { $0 > UInt64(count) }.count
        return book.roots[UInt64(count)] != nil && count >= Int(lastCheckpointSize)
            && ends <= (isMarkLost ? flips : flips - 1)
    }

    /// A transaction was committed.
    func ledgerGrows(_ rows: [LedgerEntryRow]) {
        let before = book.messages.count
        let delivered = book.delivered
        fail(book.append(rows))
        for message in book.messages[before...] { check(message) }
        for (node, through) in book.delivered where delivered[node] != through {
            if through > durable[node] ?? 0 {
                fail(.deliveredWrong, "node \(node) has no number \(through) on its disk")
            }
        }
        for (place, _) in book.withheld where !withholding.contains(place) {
            fail(.tombstoneWrong, "number \(place.number) of node \(place.node)")
        }
    }

    /// An acceptance on record says what was decided, and keeps the sender's order.
    private func check(_ message: BookMessage) {
        guard let (letter, _) = honestDigests[message.digest] else {
            return fail(.forged, "message \(message.id) at \(message.index)")
        }
        let eligible = message.eligible.recipients.map(\.node)
        let audience = message.audience.recipients.map(\.node)
        guard let decision = oracle.decision(letter, under: message.pair).set,
            decision.nodes.map(\.node.text) == eligible,
            decision.nodes.map(\.ruleIDs) == message.eligible.recipients.map(\.rules)
        else {
            return fail(.decisionDiffers, "letter \(letter) at \(message.index)")
        }
        guard decided[message.digest]?.audience == audience else {
            return fail(.decisionDiffers, "the audience of letter \(letter) at \(message.index)")
        }
        guard let order = writtenOrder[letter] else { return }
        if let last = lastAcceptedOrder[message.sender], last > order {
            fail(.order, "letter \(letter) of node \(message.sender) came after a later one")
        }
        lastAcceptedOrder[message.sender] = order
    }

    // MARK: Checkpoints

    /// A checkpoint left the ledger.
    func sees(checkpoint bytes: Data) {
        if let size = seenNotes[bytes] {
            lastCheckpointSize = max(lastCheckpointSize, size)
            return
        }
        guard let note = try? SignedNote(bytes: bytes, limits: .checkpoint),
            let head = try? Checkpoint(note: note, ledgerKey: country.ledgerSigner.verifierKey)
        else { return fail(.checkpointWrong, "a checkpoint does not verify") }
        guard head.size <= book.size, book.roots[head.size] == head.root else {
            return fail(.checkpointWrong, "size \(head.size) has another root")
        }
        seenNotes[bytes] = head.size
        lastCheckpointSize = max(lastCheckpointSize, head.size)
    }

    /// Reads every entry that a new checkpoint covers and no earlier one did from the disk itself.
    func readsBack(_ bytes: Data, path: String) {
        guard let note = try? SignedNote(bytes: bytes, limits: .checkpoint),
            let head = try? Checkpoint(text: note.text), head.size > lastCheckpointSize
        else { return }
        do throws(LedgerError) {
            let reader = try LedgerReader(path: path)
            var count = 0
            try reader.forEachEntry(from: LedgerIndex(lastCheckpointSize), below: head.size) {
                row throws(LedgerError) in
                count += 1
                if let salt = row.salt, let record = row.record,
                    row.leaf == book.leaves[Int(row.index.value)],
                    LedgerLeaf.bytes(salt: salt, record: record) == row.leaf
                {
                    return
                }
                fail(.checkpointWrong, "entry \(row.index) was signed and is not on disk")
            }
        } catch {
            fail(.checkpointWrong, "signed and not readable: \(error)")
        }
    }
}

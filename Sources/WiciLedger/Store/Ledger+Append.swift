// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Appending: one transaction and one sync for a batch, whatever its size. What is in memory changes
// only after the commit.

import Foundation
import SwiftProtobuf
public import WiciCore

extension Ledger {
    /// What a batch adds, until its transaction is committed.
    private struct Batch {
        let now: Moment
        var nextPlace: UInt64
        var leafHashes: [Digest] = []
        var placeOfNewSet: [RecipientSet: LedgerIndex] = [:]
        var newSetAtPlace: [LedgerIndex: RecipientSet] = [:]
    }

    /// Appends entries in order, in one transaction with one sync; gives one outcome for each.
    ///
    /// When this returns, everything it tells is on disk; when it throws, nothing of the batch is.
    /// A message is decided once, by its id and bytes, within the batch too. Takes time in proportion
    /// to the batch, not to the ledger.
    public func append(
        _ entries: [NewEntry],
        at now: Moment
    ) throws(LedgerError) -> [AppendOutcome] {
        guard size + 3 * UInt64(entries.count) <= LedgerConfiguration.mostEntries else {
            throw LedgerError(.ledgerFull, at: place())
        }
        var batch = Batch(now: now, nextPlace: size)
        let outcomes = try write { _ in
            var outcomes: [AppendOutcome] = []
            outcomes.reserveCapacity(entries.count)
            for entry in entries {
                outcomes.append(try store(entry, in: &batch))
            }
            return outcomes
        }
        for leafHash in batch.leafHashes { tree.append(leafHash) }
        for (index, set) in batch.newSetAtPlace.sorted(by: { $0.key < $1.key }) {
            setPlaces.note(set.digest, at: index)
            setPlaces.keep(set, at: index)
        }
        return outcomes
    }

    private func store(
        _ entry: NewEntry,
        in batch: inout Batch
    ) throws(LedgerError) -> AppendOutcome {
        switch entry {
        case .accepted(let message):
            return try store(message, in: &batch)
        case .event(let event):
            switch event {
            case .accepted, .recipientSet, .registryRelease, .policyRelease:
                throw LedgerError(.auditRecordFault, at: place("opening"), detail: "event")
            default: break
            }
            return .appended(try store(event, changing: nil, in: &batch))
        case .refused(let refusal, let messageID, let digest):
            let earlier = try earlierOutcome(for: messageID, digest, batch)
            if let earlier, case .repeated = earlier { return earlier }
            guard let refusal else { return .unrecorded }
            return .appended(try store(.refused(refusal), changing: nil, in: &batch))
        case .release(let kind, let number, let note):
            var release = WireRelease()
            release.release = number
            release.digest = Digest(sha256Of: note).data
            let index = try store(
                kind == .registry ? .registryRelease(release) : .policyRelease(release),
                changing: nil,
                in: &batch
            )
            try storeContent(body: note, carriage: nil, at: index)
            return .appended(index)
        }
    }

    private func store(
        _ message: AcceptedEntry,
        in batch: inout Batch
    ) throws(LedgerError) -> AppendOutcome {
        if let refusal = try earlierRefusal(of: message) { return refusal }
        // The message's place follows those of its new sets, and nothing may be stored before the
        // id is known to be new.
        var place = batch.nextPlace
        let knownEligible = try knownPlace(of: message.eligible, batch)
        let eligible = knownEligible ?? take(&place)
        let isOne = message.audience == message.eligible
        let knownAudience = isOne ? eligible : try knownPlace(of: message.audience, batch)
        let audience = knownAudience ?? take(&place)
        let index = LedgerIndex(place)
        let row = AcceptedMessage(
            messageID: message.messageID,
            header: message.header,
            bodyDigest: message.bodyDigest,
            wrapsRoot: message.wrapsRoot,
            eligible: eligible,
            audience: audience,
            registry: message.registry,
            policy: message.policy,
            acceptedAt: batch.now
        )
        guard try insert(row, message.envelopeDigest, at: index) else {
            let earlier = try earlierOutcome(for: message.messageID, message.envelopeDigest, batch)
            guard let earlier else {
                throw LedgerError(.ledgerViewsWrong, at: self.place("message"))
            }
            return earlier
        }
        if knownEligible == nil { try storeSet(message.eligible, in: &batch) }
        if knownAudience == nil { try storeSet(message.audience, in: &batch) }
        var accepted = WireAcceptedMessage()
        accepted.header = message.header
        accepted.bodyDigest = message.bodyDigest.data
        accepted.wrapsRoot = message.wrapsRoot.data
        accepted.eligible = eligible.value
        accepted.audience = audience.value
        accepted.registry = message.registry.value
        accepted.policy = message.policy.value
        accepted.feedTopics = message.feedTopics
        _ = try store(.accepted(accepted), changing: ViewChange.none, in: &batch)
        try storeContent(body: message.body, carriage: message.carriage, at: index)
        return .appended(index)
    }

    private func take(_ place: inout UInt64) -> LedgerIndex {
        defer { place += 1 }
        return LedgerIndex(place)
    }

    private func knownPlace(
        of set: RecipientSet,
        _ batch: Batch
    ) throws(LedgerError) -> LedgerIndex? {
        if let place = batch.placeOfNewSet[set] { return place }
        return try storedPlace(of: set)
    }

    private func storeSet(_ set: RecipientSet, in batch: inout Batch) throws(LedgerError) {
        let index = try store(
            .recipientSet(set.wire),
            changing: .recipientSet(set),
            in: &batch
        )
        batch.placeOfNewSet[set] = index
        batch.newSetAtPlace[index] = set
    }

    /// The outcome for an id that is in the ledger or earlier in the batch; nil for a new one.
    private func earlierOutcome(
        for messageID: MessageID,
        _ envelopeDigest: Digest,
        _ batch: Batch
    ) throws(LedgerError) -> AppendOutcome? {
        let find = statements.findMessage
        defer { find.reset() }
        find.bind(messageID.data, at: 1)
        guard try find.next() else { return nil }
        let index = LedgerIndex(find.integer(0))
        let digest = find.withBytes(1) { Digest(bytes: $0) }
        guard digest == envelopeDigest else { return .conflicting(index) }
        return .repeated(
            index,
            acceptedAt: Moment(milliseconds: Int64(bitPattern: find.integer(4))),
            eligible: try recipientSet(at: LedgerIndex(find.integer(2)), batch),
            audience: try recipientSet(at: LedgerIndex(find.integer(3)), batch)
        )
    }

    /// The refusal that the same bytes had; their sender may have missed it, and what came after them
    /// was accepted since.
    private func earlierRefusal(
        of message: AcceptedEntry
    ) throws(LedgerError) -> AppendOutcome? {
        let find = statements.findRefusedMessage
        defer { find.reset() }
        find.bind(message.messageID.data, at: 1)
        find.bind(message.sender.text, at: 2)
        find.bind(message.envelopeDigest, at: 3)
        guard try find.next() else { return nil }
        let index = LedgerIndex(find.integer(0))
        guard let bytes = find.data(1), let record = try? WireRecord(serializedBytes: bytes),
            case .refused(let refused)? = record.event,
            let code = RefusalCode.numbered(refused.code)
        else { throw LedgerError(.ledgerViewsWrong, at: place("refused_message")) }
        return .refusedBefore(index, Refusal(code, field: refused.field, rule: refused.rule))
    }

    private func recipientSet(
        at index: LedgerIndex,
        _ batch: Batch
    ) throws(LedgerError) -> RecipientSet {
        if let set = batch.newSetAtPlace[index] ?? setPlaces.recentSet(at: index) { return set }
        let set = try storedSet(at: index)
        setPlaces.keep(set, at: index)
        return set
    }

    /// Stores a record with a fresh salt, its leaf, and what it changes in the views.
    private func store(
        _ event: WireRecord.OneOf_Event,
        changing known: ViewChange?,
        in batch: inout Batch
    ) throws(LedgerError) -> LedgerIndex {
        var record = WireRecord()
        record.recordedAt = batch.now.milliseconds
        record.event = event
        let index = LedgerIndex(batch.nextPlace)
        guard let bytes = try? record.serializedData() as Data, let salt = salts.next(),
            let leaf = LedgerLeaf.bytes(salt: salt, record: bytes)
        else {
            throw LedgerError(.ledgerIoError, at: place("opening", index.value), detail: "salt")
        }
        let insertLeaf = statements.insertLeaf
        insertLeaf.bind(index.value, at: 1)
        insertLeaf.bind(leaf, at: 2)
        try insertLeaf.run(index: index.value)
        let insertOpening = statements.insertOpening
        insertOpening.bind(index.value, at: 1)
        insertOpening.bind(salt, at: 2)
        insertOpening.bind(bytes, at: 3)
        try insertOpening.run(index: index.value)
        batch.leafHashes.append(TreeHash.leaf(leaf))
        batch.nextPlace += 1
        if let known {
            try apply(known, at: index)
        } else {
            try apply(viewChange(of: record, at: index), at: index)
        }
        return index
    }

    private func viewChange(
        of record: WireRecord,
        at index: LedgerIndex
    ) throws(LedgerError) -> ViewChange {
        do throws(RecordFault) {
            return try ViewChange(record)
        } catch {
            throw LedgerError(error.code, at: place("opening", index.value), detail: error.field)
        }
    }

    private func storeContent(
        body: Data,
        carriage: Data?,
        at index: LedgerIndex
    ) throws(LedgerError) {
        let insert = statements.insertContent
        insert.bind(index.value, at: 1)
        insert.bind(body, at: 2)
        if let carriage { insert.bind(carriage, at: 3) } else { insert.bindNull(at: 3) }
        try insert.run(index: index.value)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading: messages for delivery, entries for auditors, notes of releases, proofs.

public import Foundation
import GRDB
import SwiftProtobuf
public import WiciCore

extension Ledger {
    /// The messages at these places, in the same order; a place without a message is refused.
    ///
    /// Fewer, but at least one, when their envelopes come to more than a number of bytes. Takes least
    /// time for places that ascend.
    public func messages(
        at indices: [LedgerIndex],
        atMostBytes limit: Int = .max
    ) throws(LedgerError) -> [StoredMessage] {
        try read { _ in
            let rows = statements.readMessages
            defer { rows.reset() }
            var pile = EnvelopePile(expecting: indices.count, limit: limit)
            var found: [MessageRow] = []
            found.reserveCapacity(indices.count)
            for index in indices where pile.byteCount < limit {
                try move(rows, to: index, from: found.last?.index)
                found.append(try messageRow(rows, at: index, into: &pile))
            }
            let bytes = pile.bytes()
            return found.map { row in
                StoredMessage(
                    index: row.index,
                    in: bytes,
                    row.layout,
                    eligible: row.eligible,
                    audience: row.audience,
                    registry: row.registry,
                    policy: row.policy,
                    acceptedAt: row.acceptedAt
                )
            }
        }
    }

    /// A message whose envelope is in a pile.
    private struct MessageRow {
        let index: LedgerIndex
        let layout: KeptEnvelope.Layout
        let eligible: LedgerIndex
        let audience: LedgerIndex
        let registry: LedgerIndex
        let policy: LedgerIndex
        let acceptedAt: Moment
    }

    /// Places that are passed over on the way to the next message: to begin anew costs as much.
    private static let passedOver: UInt64 = 16

    /// Moves to a message's row, from that of another or from nowhere.
    private func move(
        _ rows: PreparedStatement,
        to index: LedgerIndex,
        from present: LedgerIndex?
    ) throws(LedgerError) {
        let isNear = present.map { $0 < index && index.value - $0.value <= Self.passedOver }
        if isNear != true {
            rows.reset()
            rows.bind(index.value, at: 1)
        }
        while try rows.next(index: index.value) {
            let place = LedgerIndex(rows.integer(0))
            guard place < index else {
                if place == index { return }
                break
            }
        }
        throw LedgerError(.entryUnknown, at: place("message", index.value))
    }

    private func messageRow(
        _ row: PreparedStatement,
        at index: LedgerIndex,
        into pile: inout EnvelopePile
    ) throws(LedgerError) -> MessageRow {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        let body = row.lentBytes(7)
        let carriage = row.lentBytes(8) ?? none
        let layout: KeptEnvelope.Layout
        if let record = row.lentBytes(6) {
            do throws(RecordFault) {
                layout = try AcceptedMessage.withHeader(ofRecord: record) {
                    pile.add(KeptEnvelope(header: $0, body: body, carriage: carriage))
                }
            } catch {
                throw LedgerError(
                    error.code,
                    at: place("opening", index.value),
                    detail: error.field
                )
            }
        } else {
            layout = pile.add(KeptEnvelope(header: none, body: body, carriage: carriage))
        }
        return MessageRow(
            index: index,
            layout: layout,
            eligible: LedgerIndex(row.integer(1)),
            audience: LedgerIndex(row.integer(2)),
            registry: LedgerIndex(row.integer(3)),
            policy: LedgerIndex(row.integer(4)),
            acceptedAt: Moment(milliseconds: Int64(bitPattern: row.integer(5)))
        )
    }

    /// The entries from a place on, at most `limit`; fewer at the end.
    ///
    /// Fewer, but at least one, when their records come to more than a number of bytes.
    public func entries(
        from index: LedgerIndex,
        limit: Int,
        atMostBytes byteLimit: Int = .max
    ) throws(LedgerError) -> [LedgerEntryRow] {
        try read { _ in
            let rows = statements.readEntries
            defer { rows.reset() }
            rows.bind(index.value, at: 1)
            rows.bind(UInt64(max(0, limit)), at: 2)
            var entries: [LedgerEntryRow] = []
            var bytes = 0
            while bytes < byteLimit, try rows.next() {
                let entry = LedgerEntryRow(rows)
                bytes += entry.record?.count ?? 0
                entries.append(entry)
            }
            return entries
        }
    }

    /// Where a message was accepted; nil when it was not.
    public func findMessage(_ id: MessageID) throws(LedgerError) -> LedgerIndex? {
        try read { _ in
            let find = statements.findMessage
            defer { find.reset() }
            find.bind(id.data, at: 1)
            return try find.next() ? LedgerIndex(find.integer(0)) : nil
        }
    }

    /// The signed note of the release recorded at a place.
    public func release(_ kind: ReleaseKind, at index: LedgerIndex) throws(LedgerError) -> Data {
        try read { _ in
            let row = statements.readRelease
            defer { row.reset() }
            row.bind(index.value, at: 1)
            row.bind(kind.rawValue, at: 2)
            guard try row.next(index: index.value), let note = row.data(0) else {
                throw LedgerError(.entryUnknown, at: place("release", index.value))
            }
            return note
        }
    }

    /// Places of all recorded releases of a kind, the oldest first.
    public func releases(_ kind: ReleaseKind) throws(LedgerError) -> [LedgerIndex] {
        try read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT place FROM release WHERE kind = ? ORDER BY place",
                arguments: [kind.rawValue]
            ).map { LedgerIndex(UInt64(bitPattern: $0)) }
        }
    }

    /// Erases bodies, signatures and wraps of messages; records, leaves and proofs stay.
    ///
    /// SQLite overwrites what it erases (`secure_delete`). Places without content are passed over.
    public func eraseContent(at indices: [LedgerIndex]) throws(LedgerError) {
        try write { _ in
            for index in indices {
                statements.eraseContent.bind(index.value, at: 1)
                try statements.eraseContent.run(index: index.value)
            }
        }
    }

    // MARK: Proofs

    /// Proof that an entry is in the tree of a size (RFC 9162 section 2.1.3).
    ///
    /// Refuses an index outside the size and a size over the ledger's own.
    public func inclusionProof(
        of index: LedgerIndex,
        size: UInt64
    ) throws(LedgerError) -> InclusionProof {
        guard size <= self.size, index.value < size else {
            throw LedgerError(.entryUnknown, at: place("leaf", index.value))
        }
        let path = try TreeReader.inclusionPath(index: index.value, size: size, node: node) ?? []
        return InclusionProof(index: index.value, size: size, path: path)
    }

    /// Proof that a tree is the beginning of a later one (RFC 9162 section 2.1.4).
    public func consistencyProof(
        from oldSize: UInt64,
        to newSize: UInt64
    ) throws(LedgerError) -> ConsistencyProof {
        guard oldSize <= newSize, newSize <= size else {
            throw LedgerError(.entryUnknown, at: place("leaf", newSize))
        }
        let path = try TreeReader.consistencyPath(from: oldSize, to: newSize, node: node) ?? []
        return ConsistencyProof(oldSize: oldSize, newSize: newSize, path: path)
    }

    /// The hash of a complete subtree.
    func node(level: Int, index: UInt64) throws(LedgerError) -> Digest {
        try tree.node(level: level, index: index, leafHashes: leafHashes)
    }

    private func leafHashes(_ range: Range<UInt64>) throws(LedgerError) -> [Digest] {
        try read { _ in
            let rows = statements.readLeaves
            defer { rows.reset() }
            rows.bind(range.lowerBound, at: 1)
            rows.bind(range.upperBound, at: 2)
            var hashes: [Digest] = []
            while try rows.next() {
                hashes.append(rows.withBytes(1) { TreeHash.leaf(lent: $0) })
            }
            guard hashes.count == range.count else {
                throw LedgerError(.ledgerEntryMissing, at: place("leaf", range.lowerBound))
            }
            return hashes
        }
    }
}

extension LedgerEntryRow {
    /// Reads the present row of `LedgerStatements.entriesSQL`.
    init(_ row: PreparedStatement) {
        self.init(
            index: LedgerIndex(row.integer(0)),
            leaf: row.data(1) ?? Data(),
            salt: row.data(2),
            record: row.data(3)
        )
    }
}

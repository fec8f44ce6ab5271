// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where each recipient set is stored. Members decide how many different sets a ledger has, so only
// eight bytes of a set's digest and its place stay in memory; the sets themselves are on the disk,
// and those used lately at hand.

public import WiciCore

/// The places of a ledger's recipient sets, by what is in them.
struct RecipientSetPlaces {
    /// By the beginning of the digest; who has the same one is told apart by reading the set.
    private var places: [UInt64: UInt32] = [:]
    /// Sets by their places.
    private var recent = RecentlyUsed<LedgerIndex, RecipientSet>(capacity: 65_536)

    /// Number of sets.
    var count: Int { places.count }

    /// Where a set with such a digest may be stored; nil when it is not.
    func candidate(for digest: Digest) -> LedgerIndex? {
        places[digest.beginning].map { LedgerIndex(UInt64($0)) }
    }

    /// Notes where a set is stored.
    ///
    /// The first of two with the same beginning stays known; the other is stored whenever it comes.
    mutating func note(_ digest: Digest, at index: LedgerIndex) {
        guard places[digest.beginning] == nil else { return }
        places[digest.beginning] = UInt32(truncatingIfNeeded: index.value)
    }

    /// The set at a place when it was used lately.
    mutating func recentSet(at index: LedgerIndex) -> RecipientSet? { recent.value(of: index) }

    /// Keeps a set at hand; its weight is its number of recipients.
    mutating func keep(_ set: RecipientSet, at index: LedgerIndex) {
        recent.insert(set, for: index, weight: set.nodes.count + 1)
    }
}

extension Digest {
    fileprivate var beginning: UInt64 {
        withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}

extension Ledger {
    /// The recipient set stored at a place; refuses a place that holds none.
    public func recipientSet(at index: LedgerIndex) throws(LedgerError) -> RecipientSet {
        if let set = setPlaces.recentSet(at: index) { return set }
        let set = try read { _ in try storedSet(at: index) }
        setPlaces.keep(set, at: index)
        return set
    }

    /// Where a set is stored; nil when it is new.
    ///
    /// Called on the connection's queue.
    func storedPlace(of set: RecipientSet) throws(LedgerError) -> LedgerIndex? {
        guard let candidate = setPlaces.candidate(for: set.digest) else { return nil }
        if let known = setPlaces.recentSet(at: candidate) { return known == set ? candidate : nil }
        let known = try storedSet(at: candidate)
        setPlaces.keep(known, at: candidate)
        return known == set ? candidate : nil
    }

    /// Reads a set; called on the connection's queue.
    func storedSet(at index: LedgerIndex) throws(LedgerError) -> RecipientSet {
        let row = statements.readRecipientSet
        defer { row.reset() }
        row.bind(index.value, at: 1)
        guard try row.next(index: index.value), let bytes = row.data(0),
            let set = RecipientSet(bytes: bytes)
        else { throw LedgerError(.ledgerViewsWrong, at: place("recipient_set", index.value)) }
        return set
    }
}

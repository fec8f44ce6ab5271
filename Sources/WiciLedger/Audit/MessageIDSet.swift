// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whether a message id was seen before, for ten million of them. A `Set` hashes an id in as much time
// as its leaf; this takes one multiplication and most often one line of memory.

import Processor
import WiciCore

/// A set of message ids in one table with open addressing, sixteen bytes a place.
struct MessageIDSet {
    /// An id's two words; `low` is 0 in a free place, since no id has it so (its variant bits are 10).
    private struct Place {
        var high: UInt64 = 0
        var low: UInt64 = 0
    }

    private var places: [Place]
    private var count = 0
    /// Drawn anew for each set, so that nobody can choose ids that fall together.
    private let key = (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max))

    /// The empty set, with room for so many.
    init(expecting count: Int = 0) {
        places = Self.table(for: count)
    }

    /// Says that an id will be put in soon.
    ///
    /// In a table of millions its place is in no cache, and loading it takes as long as hashing a
    /// short body.
    func prepare(for id: MessageID) {
        let place = start(of: Place(high: id.high, low: id.low))
        places.withUnsafeBufferPointer { places in
            if let base = places.baseAddress { processor_prefetch(base + place) }
        }
    }

    /// Puts an id in; false when it is there already.
    mutating func insert(_ id: MessageID) -> Bool {
        if 3 * count >= 2 * places.count { grow() }
        guard put(Place(high: id.high, low: id.low)) else { return false }
        count += 1
        return true
    }

    /// Fills the first free place from where the id belongs; false when the id comes first.
    private mutating func put(_ id: Place) -> Bool {
        var place = start(of: id)
        while places[place].low != 0 {
            if places[place].low == id.low, places[place].high == id.high { return false }
            place = place + 1 == places.count ? 0 : place + 1
        }
        places[place] = id
        return true
    }

    private func start(of id: Place) -> Int {
        let product = (id.high ^ key.0).multipliedFullWidth(by: id.low ^ key.1)
        let hash = product.high ^ product.low
        return Int(hash.multipliedFullWidth(by: UInt64(places.count)).high)
    }

    private mutating func grow() {
        let ids = places
        places = Self.table(for: 2 * count)
        for id in ids where id.low != 0 { _ = put(id) }
    }

    /// Free places for so many ids at two thirds full.
    private static func table(for count: Int) -> [Place] {
        let size = max(64, count + count / 2)
        return Array(unsafeUninitializedCapacity: size) { places, used in
            if size > largePagesFrom {
                processor_use_large_pages(places.baseAddress, size * MemoryLayout<Place>.stride)
            }
            places.initialize(repeating: Place())
            used = size
        }
    }

    /// Places of a table from which on it is in large pages: 16 MiB.
    private static let largePagesFrom = 1 << 20
}

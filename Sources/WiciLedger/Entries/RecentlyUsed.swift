// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A memory with a bound: what was asked for lately is at hand, the rest is where it came from.

/// What was used lately, by key; forgets the rest.
///
/// Two generations: a full younger one becomes the older one, and what is found in the older one
/// moves to the younger. So it holds at most twice its capacity (and one value), every call takes
/// constant time, and nothing that is used again within a capacity of others is forgotten.
package struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var younger: [Key: Entry] = [:]
    private var older: [Key: Entry] = [:]
    private var weight = 0
    private let capacity: Int

    private struct Entry {
        let value: Value
        let weight: Int
    }

    /// Keeps values of so much weight, twice at most.
    package init(capacity: Int) {
        self.capacity = capacity
    }

    /// Number of values at hand.
    package var count: Int { younger.count + older.count }

    /// The value of a key; nil when it was never here or is forgotten.
    package mutating func value(of key: Key) -> Value? {
        if let entry = younger[key] { return entry.value }
        guard let entry = older.removeValue(forKey: key) else { return nil }
        insert(entry, for: key)
        return entry.value
    }

    /// Remembers a value; of an earlier one with the same key only the weight stays.
    package mutating func insert(_ value: Value, for key: Key, weight: Int = 1) {
        older[key] = nil
        insert(Entry(value: value, weight: weight), for: key)
    }

    private mutating func insert(_ entry: Entry, for key: Key) {
        if weight >= capacity {
            older = younger
            younger = [:]
            weight = 0
        }
        weight += entry.weight
        younger[key] = entry
    }
}

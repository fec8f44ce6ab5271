// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is going to happen, in order of simulated time; what falls on the same millisecond happens in
// the order in which it was put down.

/// A queue of occurrences by time.
struct Agenda<Occurrence> {
    private struct Entry {
        let time: Int64
        let sequence: UInt64
        let occurrence: Occurrence

        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : sequence < other.sequence
        }
    }

    private var heap: [Entry] = []
    private var count: UInt64 = 0

    /// When the next occurrence comes; nil when nothing will.
    var nextTime: Int64? { heap.first?.time }

    mutating func add(_ occurrence: Occurrence, at time: Int64) {
        count += 1
        heap.append(Entry(time: time, sequence: count, occurrence: occurrence))
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func takeNext() -> (time: Int64, occurrence: Occurrence)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.occurrence)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].precedes(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

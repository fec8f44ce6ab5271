// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What happened, folded into one number: two runs that did the same have the same hash, in this
// process or another. Only facts that a seed decides go in; sealed bytes, which take randomness from
// the cryptographic library, do not.

/// The steps of a run.
struct Trace {
    /// Hash over every step so far.
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Steps so far.
    private(set) var steps = 0
    /// The last lines, when somebody wants to read them.
    private(set) var lines: [String] = []
    private let isTold: Bool
    private static let lineLimit = 20_000

    init(isTold: Bool) { self.isTold = isTold }

    /// Notes one step.
    mutating func note(_ name: StaticString, _ time: Int64, _ values: [Int]) {
        steps += 1
        for byte in name.description.utf8 { fold(UInt64(byte)) }
        fold(UInt64(bitPattern: time))
        for value in values { fold(UInt64(bitPattern: Int64(value))) }
        guard isTold else { return }
        let numbers = values.map(String.init).joined(separator: " ")
        let line = "\(steps) \(time) ms  \(name) \(numbers)"
        tell(line)
    }

    /// Adds a remark for the reader; it does not count.
    mutating func tell(_ line: @autoclosure () -> String) {
        guard isTold else { return }
        if lines.count == Self.lineLimit { lines.removeFirst(Self.lineLimit / 2) }
        lines.append(line())
    }

    private mutating func fold(_ value: UInt64) {
        hash = (hash ^ value) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 29
    }
}

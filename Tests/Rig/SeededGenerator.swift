// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Randomness that can be had again.

package import Foundation

/// SplitMix64: the same seed gives the same course of a test.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// This many random bytes.
    package mutating func bytes(_ count: Int) -> Data {
        var bytes = Data(capacity: count + 8)
        while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
        return bytes.prefix(count)
    }

    /// The seed of `WICI_TEST_SEED`, or a new one; it is printed, so that a failure can be repeated.
    package static func seed(for test: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["WICI_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 1...UInt64(UInt32.max))
        print("\(test): WICI_TEST_SEED=\(seed)")
        return seed
    }
}

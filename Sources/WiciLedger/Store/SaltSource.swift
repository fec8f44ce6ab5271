// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Salts, from the system's random generator unless a simulation brings its own, fetched several at a time: one system call for eight.

import Foundation
import Glibc

/// Gives 32 random bytes at a time, each given once and forgotten here.
package struct SaltSource {
    private var pool = [UInt8](repeating: 0, count: 256)
    private var used = 256
    private let fill: (UnsafeMutableRawBufferPointer) -> Bool

    /// Takes bytes from the system's generator.
    package init() {
        self.init { getentropy($0.baseAddress, $0.count) == 0 }
    }

    /// Takes bytes from `fill`, which is false when it has none; for runs that are played again.
    package init(fill: @escaping (UnsafeMutableRawBufferPointer) -> Bool) {
        self.fill = fill
    }

    /// The next salt; nil when the system gives no randomness.
    mutating func next() -> Data? {
        if used == pool.count {
            guard pool.withUnsafeMutableBytes({ fill($0) }) else { return nil }
            used = 0
        }
        let salt = Data(pool[used..<used + 32])
        for place in used..<used + 32 { pool[place] = 0 }
        used += 32
        return salt
    }
}

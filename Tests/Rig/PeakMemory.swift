// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The most memory that a process of a network takes while something else goes on.

import Foundation
import Synchronization

/// The most memory that a child had in use, looked at again and again from the beginning to `end`.
package final class PeakMemory: Sendable {
    private let highest = Mutex(0)
    private let isStopped = Atomic(false)

    package init(of name: String, in processes: ProcessNetwork) {
        let thread = Thread { [weak self, weak processes] in
            while let self, let processes, !self.isStopped.load(ordering: .acquiring) {
                let bytes = (try? processes.residentBytes(of: name)) ?? 0
                self.highest.withLock { $0 = max($0, bytes) }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
        thread.start()
    }

    deinit { isStopped.store(true, ordering: .releasing) }

    /// Stops looking and gives the most in bytes; fails when nothing was seen.
    package func end() throws -> Int {
        isStopped.store(true, ordering: .releasing)
        let bytes = highest.withLock { $0 }
        guard bytes > 0 else { throw NetworkFailure("no memory was measured") }
        return bytes
    }
}

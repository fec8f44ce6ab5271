// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What other threads have for a thread that waits on its sockets.

import Synchronization
import ZeroMQ

/// A queue that any thread adds to, and that wakes the one that takes from it.
final class WakingQueue<Element: Sendable>: Sendable {
    /// Raised when elements wait.
    let wake: WakeSignal
    private let waiting = Mutex<[Element]>([])

    init() throws(ZeroMQError) {
        self.wake = try WakeSignal()
    }

    func post(_ element: Element) {
        let wasEmpty = waiting.withLock { waiting in
            waiting.append(element)
            return waiting.count == 1
        }
        if wasEmpty { wake.signal() }
    }

    /// Lowers the signal and takes all that waits.
    func takeAll() -> [Element] {
        wake.drain()
        return waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}

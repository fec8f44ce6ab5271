// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The two small things that a thread's creator shares with it: how the start went, and whether the
// end has been asked for.

import Dispatch
import Synchronization

/// The outcome of a thread's start, set once by the thread and awaited by its creator.
final class StartResult: Sendable {
    private let outcome = Mutex<ZeroMQError??>(nil)
    private let ready = DispatchSemaphore(value: 0)

    /// Sets the outcome; only the first call counts.
    func set(_ error: ZeroMQError?) {
        let first = outcome.withLock { outcome in
            guard outcome == nil else { return false }
            outcome = .some(error)
            return true
        }
        if first { ready.signal() }
    }

    /// Waits for the outcome.
    func wait() -> ZeroMQError? {
        ready.wait()
        return outcome.withLock { $0 ?? nil }
    }
}

/// A flag that is raised once.
final class Flag: Sendable {
    private let raised = Atomic(false)

    /// Raises the flag and says whether it was down before.
    @discardableResult
    func raise() -> Bool { !raised.exchange(true, ordering: .acquiringAndReleasing) }
}

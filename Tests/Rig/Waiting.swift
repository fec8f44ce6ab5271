// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Waiting for what other threads and processes do.

import Foundation

/// Waits until something holds; throws when it does not within the time.
package func eventually(
    _ what: String,
    within limit: Duration = .seconds(20),
    _ holds: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: limit)
    while clock.now < deadline {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw NetworkFailure("did not happen in time: \(what)")
}

/// Runs blocking work on a thread of its own, away from the tasks of other tests.
package func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result(catching: body)) }
        thread.stackSize = 4 << 20
        thread.start()
    }
}

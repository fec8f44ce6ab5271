// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub's clock. Shells ask it, cores are told; a test may set it to a day that it cannot wait for.

import Foundation
import WiciCore

/// Tells the time.
struct HubClock: Sendable {
    private let read: @Sendable () -> Moment

    /// The system's clock.
    static let system = HubClock {
        Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    init(_ read: @escaping @Sendable () -> Moment) { self.read = read }

    func now() -> Moment { read() }
}

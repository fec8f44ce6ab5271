// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How long a node waits before it connects again.

import WiciCore

/// Waiting times that double from 0.2 s to 30 s, each shortened at random by up to half, so that
/// nodes that lost the hub together do not return together.
struct ReconnectBackoff: Equatable, Sendable {
    /// First waiting time, milliseconds.
    static let shortest: Int64 = 200
    /// Longest waiting time, milliseconds.
    static let longest: Int64 = 30_000

    private var attempts = 0

    /// Milliseconds to wait before the next attempt; `randomness` is any 64 random bits.
    mutating func next(randomness: UInt64) -> Int64 {
        let full = min(Self.longest, Self.shortest << Int64(min(attempts, 20)))
        attempts += 1
        return full - Int64(randomness % UInt64(full / 2 + 1))
    }

    /// Waits the longest from now on: the hub has refused the node as it is.
    mutating func jumpToLongest() { attempts = max(attempts, 8) }

    /// The next wait is the shortest again.
    mutating func reset() { attempts = 0 }
}

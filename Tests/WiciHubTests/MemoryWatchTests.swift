// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Testing
import ZeroMQ

@testable import WiciHub

struct MemoryWatchTests {
    /// What the watch says at each tick when so many messages go by before it.
    private func answers(to messages: [UInt64]) -> [Context.MemoryUse?] {
        var watch = MemoryWatch()
        var counters = HubCounters()
        return messages.map { count in
            counters.accepted += count / 4
            counters.deliveries += count - count / 4
            return watch.tick(counters)
        }
    }

    @Test func `a calm hub never changes what its memory is for`() {
        #expect(answers(to: [0, 10, 499, 0, 20]).allSatisfy { $0 == nil })
    }

    @Test func `a busy hub says so once and is calm only after two seconds without traffic`() {
        let calm = [UInt64](repeating: 3, count: 19)
        let first = answers(to: [500, 9_000] + calm)
        #expect(first.first == .muchTraffic)
        #expect(first.dropFirst().allSatisfy { $0 == nil })
        #expect(answers(to: [500] + calm + [500] + calm + [3]).last == .manyConnections)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How the hub's threads start and end.

import Dispatch
import Foundation
import Synchronization

extension Thread {
    /// Starts a thread of the hub.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
    }
}

extension DispatchGroup {
    /// Waits until everything of the group has ended.
    func end() async {
        await withCheckedContinuation { continuation in
            notify(queue: .global()) { continuation.resume() }
        }
    }
}

/// A flag that is raised once, from any thread.
final class StopFlag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .acquiring) }
    func raise() { raised.store(true, ordering: .releasing) }
}

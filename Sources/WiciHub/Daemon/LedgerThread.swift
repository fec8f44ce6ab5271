// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The thread that owns the ledger. Orders come in through a handoff; everything that waits is put
// into one transaction with one sync, so that commits grow under load and nobody waits when idle.

import Dispatch
import Foundation
import Synchronization
import WiciCore
import WiciLedger

/// A queue between threads: many give, one takes everything that waits.
final class Handoff<Element: Sendable>: Sendable {
    private let waiting = Mutex<[Element]>([])
    private let arrived = DispatchSemaphore(value: 0)

    /// Adds an element; wakes the taker when the queue was empty.
    func give(_ element: Element) {
        let wasEmpty = waiting.withLock { waiting in
            waiting.append(element)
            return waiting.count == 1
        }
        if wasEmpty { arrived.signal() }
    }

    /// Waits for at least one element and takes all; nothing when none came in time.
    func takeAll(within limit: DispatchTimeInterval = .never) -> [Element] {
        _ = arrived.wait(timeout: .now() + limit)
        return waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}

/// Owns the ledger and carries out orders until told to stop.
struct LedgerThread {
    let orders: Handoff<LedgerOrder>
    let events: WakingQueue<HubStateMachine.Event>
    let clock: HubClock
    /// Told when the ledger takes no writes, and whether it may recover.
    let onFailure: @Sendable (LedgerError, _ mayRecover: Bool) -> Void
    /// Told when it takes writes again.
    let onRecovery: @Sendable () -> Void

    /// A thread without orders for this long reads old entries once more.
    private static let idleInterval = DispatchTimeInterval.milliseconds(250)

    /// Runs on the calling thread until the stop order; the ledger is closed with it.
    func run(_ ledger: Ledger) {
        var work = LedgerWork(
            now: clock.now,
            post: events.post,
            onFailure: onFailure,
            onRecovery: onRecovery
        )
        var agenda = LedgerAgenda()
        let start = DispatchTime.now().uptimeNanoseconds
        while true {
            let limit = agenda.isEmpty ? Self.idleInterval : .nanoseconds(0)
            let waiting = orders.takeAll(within: limit)
            let elapsed = (DispatchTime.now().uptimeNanoseconds - start) / 1_000_000
            work.turn(agenda.next(with: waiting), in: ledger, elapsed: Int64(elapsed))
            if waiting.contains(where: \.isStop) { return work.finish(ledger) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The watch over the hub's connections: a thread that hears of each of them and cuts those that break
// a bound, also while a flood keeps the sockets' own threads busy. That matters because nothing else
// holds a sender back: see HubSockets.swift.

import Synchronization
import WiciCore
import ZeroMQ

/// Who is connected to the hub, watched on a thread of its own.
final class ConnectionWatch: Sendable {
    /// Connections of the exchange.
    let callers: Mutex<ConnectionTable>
    /// Connections of the feed.
    let listeners: Mutex<ConnectionTable>
    /// Odd while the feed's thread works; rises at each beginning and end.
    private let feedTurn = Atomic(0)
    private let wake: WakeSignal
    private let clock: HubClock
    private let stopping = StopFlag()

    /// How long the feed's thread may work before its listeners are looked at.
    ///
    /// A flood of subscriptions does not let it go, and each may take some twenty kibibytes.
    private static let patience = Duration.milliseconds(5)
    /// Between two looks at every connection; many times longer than the last one took.
    private static let interval = Duration.milliseconds(50)
    private static let restPerWork = 50

    /// Messages of one connection of the feed in its life: subscriptions.
    ///
    /// There are fewer pairs of type and region. The library keeps each, and a long one costs it many
    /// times its length.
    private static let subscriptionsOfListener = 512

    /// - Parameter connections: How many each of the two sockets may have.
    init(connections: Int, clock: HubClock) throws(ZeroMQError) {
        wake = try WakeSignal()
        var limits = ConnectionTable.Limits()
        limits.total = connections
        callers = Mutex(ConnectionTable(limits: limits))
        limits.messages = Self.subscriptionsOfListener
        limits.unreadBytes = 128 << 10
        listeners = Mutex(ConnectionTable(limits: limits))
        self.clock = clock
    }

    /// Connections that were cut for breaking a bound.
    var cutCount: UInt64 {
        callers.withLock { $0.cutCount } + listeners.withLock { $0.cutCount }
    }

    /// Does the work of the feed's thread, and looks at the listeners meanwhile if it does not end.
    func duringTurnOfFeed(_ work: () throws(ZeroMQError) -> Void) throws(ZeroMQError) {
        feedTurn.add(1, ordering: .releasing)
        wake.signal()
        defer { feedTurn.add(1, ordering: .releasing) }
        try work()
    }

    /// Watches until told to stop, which must be after both sockets are closed.
    ///
    /// - Parameter ready: Called when both may report.
    func run(
        exchange: MonitorAddress,
        feed: MonitorAddress,
        ready: () -> Void
    ) throws(ZeroMQError) {
        let exchange = try SocketMonitor(exchange)
        let feed = try SocketMonitor(feed)
        var poller = Poller()
        _ = exchange.add(to: &poller)
        _ = feed.add(to: &poller)
        ready()
        _ = poller.add(descriptor: wake.descriptor)
        let time = ContinuousClock()
        var next = time.now
        var lastTurn = 0
        while !stopping.isRaised {
            try poller.wait(lastTurn.isMultiple(of: 2) ? Self.interval : Self.patience)
            wake.drain()
            let now = clock.now()
            try Self.take(from: exchange, into: callers, now)
            try Self.take(from: feed, into: listeners, now)
            let turn = feedTurn.load(ordering: .acquiring)
            let isStuck = turn == lastTurn && !turn.isMultiple(of: 2)
            lastTurn = turn
            let start = time.now
            let isDue = start >= next
            if isDue || isStuck { listeners.withLock { $0.tick(now: now) } }
            guard isDue else { continue }
            callers.withLock { $0.tick(now: now) }
            next = time.now + max(Self.interval, (time.now - start) * Self.restPerWork)
        }
    }

    /// Ends `run`.
    func stop() {
        stopping.raise()
        wake.signal()
    }

    private static func take(
        from monitor: borrowing SocketMonitor,
        into table: borrowing Mutex<ConnectionTable>,
        _ now: Moment
    ) throws(ZeroMQError) {
        while let event = try monitor.receive() {
            table.withLock { $0.take(event, now: now) }
        }
    }
}

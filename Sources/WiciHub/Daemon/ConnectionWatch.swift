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
    /// Whether the feed's thread works.
    ///
    /// A flood of subscriptions does not let it go, and each may take some twenty kibibytes, so that
    /// listeners are looked at in every turn then.
    let feedIsBusy = Atomic(false)
    private let clock: HubClock
    private let stopping = StopFlag()

    private static let turn = Duration.milliseconds(5)
    /// Between two looks at every connection; many times longer than the last one took.
    private static let interval = Duration.milliseconds(50)
    private static let restPerWork = 50

    /// Messages of one connection of the feed in its life: subscriptions.
    ///
    /// There are fewer pairs of type and region. The library keeps each, and a long one costs it many
    /// times its length.
    private static let subscriptionsOfListener = 512

    /// - Parameter connections: How many each of the two sockets may have.
    init(connections: Int, clock: HubClock) {
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
        let time = ContinuousClock()
        var next = time.now
        while !stopping.isRaised {
            try poller.wait(Self.turn)
            let now = clock.now()
            try Self.take(from: exchange, into: callers, now)
            try Self.take(from: feed, into: listeners, now)
            let start = time.now
            let isDue = start >= next
            if isDue || feedIsBusy.load(ordering: .acquiring) {
                listeners.withLock { $0.tick(now: now) }
            }
            guard isDue else { continue }
            callers.withLock { $0.tick(now: now) }
            next = time.now + max(Self.interval, (time.now - start) * Self.restPerWork)
        }
    }

    /// Ends `run` within a turn.
    func stop() { stopping.raise() }

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

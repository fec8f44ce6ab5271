// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The thread that owns the feed. The library works off subscriptions as long as any come, before it
// gives its thread back: who floods the feed keeps this thread busy and no other, until it is cut.

import Foundation
import Synchronization
import WiciCore
import ZeroMQ

/// What the feed carries to whoever subscribes to the topic.
struct Publication: Sendable {
    let topic: String
    let payload: Data
}

/// Publishes on the feed, and notes who listens.
struct FeedThread: ~Copyable {
    private let socket: Socket
    private let publications: WakingQueue<Publication>
    private let watch: ConnectionWatch
    private let clock: HubClock

    /// Opens the socket; nobody can connect before `bind`.
    init(
        _ publications: WakingQueue<Publication>,
        keys: CurveKeyPair,
        in context: Context,
        watch: ConnectionWatch,
        reporting: MonitorAddress,
        clock: HubClock
    ) throws(ZeroMQError) {
        let socket = try Socket(.xpub, in: context, options: .hub(.xpub, keys))
        try socket.report(to: reporting)
        self.socket = socket
        self.publications = publications
        self.watch = watch
        self.clock = clock
    }

    /// Listens, and gives the real address.
    borrowing func bind(_ address: String) throws(ZeroMQError) -> String {
        try socket.bind(address)
    }

    /// Runs until the flag is raised.
    borrowing func run(until stopping: StopFlag) throws(ZeroMQError) {
        var poller = Poller()
        // Not the socket: its events are worked off while busy, and not while waiting.
        _ = poller.add(descriptor: try socket.descriptor())
        _ = poller.add(descriptor: publications.wake.descriptor)
        while !stopping.isRaised {
            try poller.wait(.milliseconds(100))
            try watch.duringTurnOfFeed { () throws(ZeroMQError) in try turn() }
        }
    }

    private borrowing func turn() throws(ZeroMQError) {
        for publication in publications.takeAll() {
            _ = try socket.send(frames: [Data(publication.topic.utf8), publication.payload])
        }
        while let message = try socket.receive() {
            guard let caller = message.userID.flatMap({ Caller(userID: $0) }) else { continue }
            watch.listeners.withLock {
                $0.note(
                    message.frames,
                    over: message.sourceDescriptor,
                    from: caller,
                    now: clock.now()
                )
            }
        }
    }
}

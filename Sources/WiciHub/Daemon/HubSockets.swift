// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Everything of the hub that faces the network: exchange and feed, each on a thread of its own, and the
// watch over their connections on a third. How they start and end, and what they are told.

import Dispatch
import Foundation
import WiciCore
import ZeroMQ

/// The hub's sockets and their threads.
final class HubSockets: Sendable {
    /// What the feed is to carry.
    let publications: WakingQueue<Publication>
    let watch: ConnectionWatch
    let exchangeStopping = StopFlag()
    private let feedStopping = StopFlag()
    private let events: WakingQueue<HubStateMachine.Event>
    private let clock: HubClock
    private let exchangeEnded = DispatchGroup()
    private let feedEnded = DispatchGroup()
    private let watchEnded = DispatchGroup()

    init(events: WakingQueue<HubStateMachine.Event>, clock: HubClock) throws(ZeroMQError) {
        publications = try WakingQueue()
        watch = try ConnectionWatch(connections: OpenFiles.forConnections() / 2, clock: clock)
        self.events = events
        self.clock = clock
    }

    /// Opens both sockets, and gives their real addresses.
    ///
    /// - Parameter onFailure: Told when one fails later.
    func open(
        _ configuration: HubConfiguration,
        keys: CurveKeyPair,
        in context: Context,
        _ surroundings: ExchangeSurroundings,
        machine: HubStateMachine,
        onFailure: @escaping @Sendable (ZeroMQError) -> Void
    ) async throws -> (exchange: String, feed: String) {
        let (publications, watch, clock) = (publications, watch, clock)
        let ofExchange = MonitorAddress(in: context)
        let ofFeed = MonitorAddress(in: context)
        // First: what the sockets report needs a reader.
        try await Self.start("wici watch", watchEnded, onFailure) { started throws(ZeroMQError) in
            try watch.run(exchange: ofExchange, feed: ofFeed) { started(()) }
        }
        let feed = try await Self.start("wici feed", feedEnded, onFailure) {
            [feedStopping] started throws(ZeroMQError) in
            let thread = try FeedThread(
                publications,
                keys: keys,
                in: context,
                watch: watch,
                reporting: ofFeed,
                clock: clock
            )
            started(try thread.bind(configuration.feed))
            try thread.run(until: feedStopping)
        }
        let exchange = try await Self.start("wici exchange", exchangeEnded, onFailure) {
            started throws(ZeroMQError) in
            var thread = try ExchangeThread(
                surroundings,
                machine: machine,
                keys: keys,
                in: context,
                reporting: ofExchange
            )
            started(try thread.bind(configuration.exchange))
            try thread.run()
        }
        return (exchange, feed)
    }

    /// Ends what was opened; the exchange first, whose last words are for the others.
    func close() async {
        exchangeStopping.raise()
        events.wake.signal()
        await exchangeEnded.end()
        feedStopping.raise()
        publications.wake.signal()
        await feedEnded.end()
        // Nobody reports any more.
        watch.stop()
        await watchEnded.end()
    }

    /// Starts a thread that opens something, and returns what it tells once that is open.
    private static func start<Opened: Sendable>(
        _ name: String,
        _ group: DispatchGroup,
        _ onFailure: @escaping @Sendable (ZeroMQError) -> Void,
        _ body: @escaping @Sendable (_ started: (Opened) -> Void) throws(ZeroMQError) -> Void
    ) async throws -> Opened {
        group.enter()
        return try await withCheckedThrowingContinuation { continuation in
            Thread.start(name) {
                defer { group.leave() }
                var isOpen = false
                do throws(ZeroMQError) {
                    try body { opened in
                        isOpen = true
                        continuation.resume(returning: opened)
                    }
                } catch  where isOpen {
                    onFailure(error)
                } catch {
                    continuation.resume(
                        throwing: HubError(
                            .socketFailed,
                            detail: Bilingual(polish: error.message, english: error.message)
                        )
                    )
                }
            }
        }
    }
}

extension SocketOptions {
    /// What exchange (router) and feed (xpub) are told.
    static func hub(_ kind: SocketKind, _ keys: CurveKeyPair) -> SocketOptions {
        var options = SocketOptions.curveServer(keys, domain: "wici")
        // The feed's listeners send their handshake and subscriptions.
        options.maxMessageSize = kind == .router ? HubStateMachine.Limits.packetBytes : 512
        options.sendHighWaterMark = 4_096
        // Without a limit: where libzmq (up to 4.3.5) stops to read because too many messages wait, a
        // member ends the whole program with a ZMTP PING behind them and a reset of its connection
        // (`out_event` in src/stream_engine_base.cpp asserts that no such error came before). Bytes are
        // bounded by `ConnectionTable` instead, which cuts who has sent too much that was not taken.
        options.receiveHighWaterMark = 0
        // Every subscription is reported, so that whoever listens is known and can be cut.
        options.reportsEverySubscription = kind == .xpub
        return options
    }
}

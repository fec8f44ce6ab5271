// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The thread that owns the exchange and the feed: frames in, events to the state machine, its
// effects out. It decides nothing but who is cut for what its connection does (`ConnectionTable`).

import Foundation
import Logging
import SwiftProtobuf
import Synchronization
import WiciCore
import WiciLedger
import ZeroMQ

/// What the exchange's thread shares with the rest of the hub.
struct ExchangeSurroundings: Sendable {
    let events: HubEventQueue
    let orders: Handoff<LedgerOrder>
    let door: Door
    let status: HubStatusBoard
    let receiptKey: SigningKey
    let logger: Logger
    let clock: HubClock
    /// Raised by whoever wants the loop to end.
    let stopping: StopFlag
}

/// Runs the hub's sockets and state machine on one thread, which makes it and ends it.
struct ExchangeThread: ~Copyable {
    private let hub: ExchangeSurroundings
    private let exchange: Socket
    private let feed: Socket
    private let exchangeMonitor: SocketMonitor
    private let feedMonitor: SocketMonitor
    private var machine: HubStateMachine
    private var peers = PeerTable()
    private var callers: ConnectionTable
    private var listeners: ConnectionTable
    private var memory = MemoryWatch()
    private var lastTick = Moment(milliseconds: 0)

    /// Frames taken from a socket before the ledger's answers are looked at again, and the time:
    /// packets that take long must not hold up what others wait for.
    private static let framesPerTurn = 256
    private static let timePerTurn = Duration.milliseconds(4)
    private static let tickInterval: Int64 = 100

    /// Opens both sockets; nobody can connect before `bind`.
    ///
    /// - Parameter connections: How many connections each of the two may have.
    init(
        _ hub: ExchangeSurroundings,
        machine: HubStateMachine,
        keys: CurveKeyPair,
        in context: Context,
        connections: Int
    ) throws(ZeroMQError) {
        let exchange = try Self.socket(.router, keys, in: context)
        let feed = try Self.socket(.xpub, keys, in: context)
        let exchangeMonitor = try SocketMonitor(exchange)
        let feedMonitor = try SocketMonitor(feed)
        self.hub = hub
        self.machine = machine
        self.exchange = exchange
        self.feed = feed
        self.exchangeMonitor = exchangeMonitor
        self.feedMonitor = feedMonitor
        var limits = ConnectionTable.Limits()
        limits.total = connections
        callers = ConnectionTable(limits: limits)
        limits.messages = Self.subscriptionsOfListener
        listeners = ConnectionTable(limits: limits)
    }

    /// Subscriptions that one connection of the feed may make in its life.
    ///
    /// There are fewer pairs of type and region. The library keeps each subscription, and a long one
    /// costs it many times its length.
    private static let subscriptionsOfListener = 512

    private static func socket(
        _ kind: SocketKind,
        _ keys: CurveKeyPair,
        in context: Context
    ) throws(ZeroMQError) -> Socket {
        var options = SocketOptions.curveServer(keys, domain: "wici")
        options.maxMessageSize = kind == .router ? HubStateMachine.Limits.packetBytes : 512
        options.sendHighWaterMark = 4_096
        // Packets of a mebibyte: what waits of one connection stays below what is allowed to it.
        options.receiveHighWaterMark = 32
        // Every subscription is reported, so that whoever listens is known and can be cut.
        options.reportsEverySubscription = kind == .xpub
        return try Socket(kind, in: context, options: options)
    }

    /// Listens, and gives the real addresses.
    borrowing func bind(
        exchange exchangeAddress: String,
        feed feedAddress: String
    ) throws(ZeroMQError) -> (exchange: String, feed: String) {
        (try exchange.bind(exchangeAddress), try feed.bind(feedAddress))
    }

    /// Runs until the flag is raised.
    mutating func run() throws(ZeroMQError) {
        var poller = Poller()
        let exchangeReady = poller.add(exchange)
        let feedReady = poller.add(feed)
        _ = exchangeMonitor.add(to: &poller)
        _ = feedMonitor.add(to: &poller)
        _ = poller.add(descriptor: hub.events.wake.descriptor)
        while !hub.stopping.isRaised {
            try poller.wait(.milliseconds(Self.tickInterval))
            let now = hub.clock.now()
            try Self.take(from: exchangeMonitor, into: &callers, now)
            try Self.take(from: feedMonitor, into: &listeners, now)
            hub.events.wake.drain()
            for event in hub.events.takeAll() {
                try handle(event, now)
                guard case .released = event else { continue }
                try cutWhoMayNotStay(now)
            }
            if poller.isReadable(exchangeReady) { try takePackets(now) }
            if poller.isReadable(feedReady) { try takeSubscriptions(now) }
            let sinceTick = now.milliseconds - lastTick.milliseconds
            if sinceTick >= Self.tickInterval || now < lastTick { try tick(now) }
        }
        // The last words: how far the nodes have their mail, and that the hub stops.
        try handle(.operation(.stopped), hub.clock.now())
    }

    private static func take(
        from monitor: borrowing SocketMonitor,
        into table: inout ConnectionTable,
        _ now: Moment
    ) throws(ZeroMQError) {
        for _ in 0..<framesPerTurn {
            guard let event = try monitor.receive() else { break }
            table.take(event, now: now)
        }
    }

    private mutating func takePackets(_ now: Moment) throws(ZeroMQError) {
        let door = hub.door
        let end = ContinuousClock().now.advanced(by: Self.timePerTurn)
        for _ in 0..<Self.framesPerTurn {
            guard let message = try exchange.receive() else { break }
            // A key that was replaced ends its connections with the release; who comes in with one
            // between the two is turned away at its first packet.
            guard
                let (connection, caller, packet) = peers.receive(
                    message,
                    now: now,
                    admits: door.isCurrent
                )
            else { continue }
            callers.note(message, from: caller, now: now)
            try handle(.packet(connection, caller.node, packet), now)
            guard ContinuousClock().now < end else { break }
        }
    }

    private mutating func takeSubscriptions(_ now: Moment) throws(ZeroMQError) {
        for _ in 0..<Self.framesPerTurn {
            guard let message = try feed.receive() else { break }
            guard let caller = message.userID.flatMap({ Caller(userID: $0) }) else { continue }
            listeners.note(message, from: caller, now: now)
        }
    }

    private mutating func tick(_ now: Moment) throws(ZeroMQError) {
        lastTick = now
        if let use = memory.tick(machine.counters) { Context.tuneMemory(for: use) }
        peers.prune(now: now)
        callers.tick(now: now)
        listeners.tick(now: now)
        cutListeners(now)
        try handle(.tick, now)
        hub.status.update(
            HubStatusBoard.Snapshot(
                counters: machine.counters,
                isReady: machine.isReady,
                connectedNodes: machine.connectedNodes.count,
                connectionsCut: callers.cutCount + listeners.cutCount,
                release: machine.releaseInForce
            )
        )
    }

    /// Ends the connections of those whom a release has revoked, or whose key it replaces.
    private mutating func cutWhoMayNotStay(_ now: Moment) throws(ZeroMQError) {
        cutListeners(now)
        for connection in peers.connections(where: mayNotStay(now)) {
            peers.cut(connection)
            try handle(.unreachable(connection), now)
        }
    }

    private mutating func cutListeners(_ now: Moment) {
        listeners.cut(where: mayNotStay(now))
    }

    /// Whose connections end now: no member in good standing, or with a key that was replaced.
    private func mayNotStay(_ now: Moment) -> (Caller) -> Bool {
        { [machine, door = hub.door] caller in
            !machine.mayListen(caller.node, now: now) || !door.isCurrent(caller)
        }
    }

    // MARK: Effects

    private mutating func handle(
        _ event: HubStateMachine.Event,
        _ now: Moment
    ) throws(ZeroMQError) {
        for effect in machine.handle(event, now: now) {
            switch effect {
            case .send(let connection, let bytes):
                try send(bytes, to: connection, now)
            case .deliver(let connection, let batch):
                try send(byteCount: batch.packetByteCount, to: connection, now) {
                    batch.writePacket(to: $0)
                }
            case .sendReceipts(let connection, let receipts):
                guard let packet = signed(receipts) else { continue }
                try send(packet, to: connection, now)
            case .publish(let topic, let payload):
                _ = try feed.send(frames: [Data(topic.utf8), payload])
            case .append(let commit, let entries):
                hub.orders.give(.append(commit, entries))
            case .resumeAppends:
                hub.orders.give(.resumeAppends)
            case .readMessages(let request, let indices):
                hub.orders.give(.readMessages(request, indices))
            case .readPage(let request):
                hub.orders.give(.readPage(request))
            case .readProof(let request):
                hub.orders.give(.readProof(request))
            case .signCheckpoint:
                hub.orders.give(.signCheckpoint)
            case .cut(let connection, let node):
                peers.cut(connection)
                hub.logger.notice("connection cut", metadata: ["node": "\(node)"])
            }
        }
    }

    private mutating func send(
        _ bytes: Data,
        to connection: ConnectionID,
        _ now: Moment
    ) throws(ZeroMQError) {
        try send(byteCount: bytes.count, to: connection, now) { _ = bytes.copyBytes(to: $0) }
    }

    private mutating func send(
        byteCount: Int,
        to connection: ConnectionID,
        _ now: Moment,
        _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(ZeroMQError) {
        // Forgotten for its age: the machine forgets it too, and it says hello again.
        guard let (routingID, tcp) = peers.address(of: connection) else {
            return try handle(.unreachable(connection), now)
        }
        let hasRoom = tcp.map { callers.give(byteCount, to: $0) } ?? true
        if hasRoom,
            try exchange.send(to: routingID, byteCount: byteCount, write) == .sent
        {
            return
        }
        // A peer that takes nothing more is as good as gone: what waits for it is let go with its
        // connection, its mail waits in the ledger, and it says hello again.
        peers.cut(connection)
        try handle(.unreachable(connection), now)
    }

    private func signed(_ receipts: Data) -> Data? {
        guard
            let signature = hub.receiptKey.signature(
                for: Data("wici/v1/receipts\0".utf8) + receipts
            )
        else { return nil }
        var signed = WireSignedReceipts()
        signed.receipts = receipts
        signed.signature = signature
        var packet = WirePacket()
        packet.content = .receipts(signed)
        return try? packet.serializedData()
    }
}

/// A flag that is raised once, from any thread.
final class StopFlag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .acquiring) }
    func raise() { raised.store(true, ordering: .releasing) }
}

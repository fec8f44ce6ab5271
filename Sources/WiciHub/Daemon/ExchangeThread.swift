// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The thread that owns the exchange: frames in, events to the state machine, its effects out. It
// decides nothing.

import Foundation
import Logging
import SwiftProtobuf
import Synchronization
import WiciCore
import WiciLedger
import ZeroMQ

/// What the exchange's thread shares with the rest of the hub.
struct ExchangeSurroundings: Sendable {
    let events: WakingQueue<HubStateMachine.Event>
    let orders: Handoff<LedgerOrder>
    let publications: WakingQueue<Publication>
    let door: Door
    let watch: ConnectionWatch
    let status: HubStatusBoard
    let receiptKey: SigningKey
    let logger: Logger
    let clock: HubClock
    /// Raised by whoever wants the loop to end.
    let stopping: StopFlag
}

/// Runs the exchange and the state machine on one thread, which makes it and ends it.
struct ExchangeThread: ~Copyable {
    private let hub: ExchangeSurroundings
    private let exchange: Socket
    private var machine: HubStateMachine
    private var peers = PeerTable()
    private var memory = MemoryWatch()
    private var lastTick = Moment(milliseconds: 0)

    /// Frames taken from a socket before the ledger's answers are looked at again, and the time:
    /// packets that take long must not hold up what others wait for.
    private static let framesPerTurn = 256
    private static let timePerTurn = Duration.milliseconds(4)
    private static let tickInterval: Int64 = 100

    /// Opens the socket; nobody can connect before `bind`.
    init(
        _ hub: ExchangeSurroundings,
        machine: HubStateMachine,
        keys: CurveKeyPair,
        in context: Context,
        reporting: MonitorAddress
    ) throws(ZeroMQError) {
        let exchange = try Socket(.router, in: context, options: .hub(.router, keys))
        try exchange.report(to: reporting)
        self.exchange = exchange
        self.hub = hub
        self.machine = machine
    }

    /// Listens, and gives the real address.
    borrowing func bind(_ address: String) throws(ZeroMQError) -> String {
        try exchange.bind(address)
    }

    /// Runs until the flag is raised.
    mutating func run() throws(ZeroMQError) {
        var poller = Poller()
        let exchangeReady = poller.add(exchange)
        _ = poller.add(descriptor: hub.events.wake.descriptor)
        while !hub.stopping.isRaised {
            try poller.wait(.milliseconds(Self.tickInterval))
            let now = hub.clock.now()
            for event in hub.events.takeAll() {
                try handle(event, now)
                guard case .released = event else { continue }
                try cutWhoMayNotStay(now)
            }
            if poller.isReadable(exchangeReady) { try takePackets(now) }
            let sinceTick = now.milliseconds - lastTick.milliseconds
            if sinceTick >= Self.tickInterval || now < lastTick { try tick(now) }
        }
        // The last words: how far the nodes have their mail, and that the hub stops.
        try handle(.operation(.stopped), hub.clock.now())
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
            hub.watch.callers.withLock {
                // The first frame is the library's own.
                $0.note(
                    message.frames.dropFirst(),
                    over: message.sourceDescriptor,
                    from: caller,
                    now: now
                )
            }
            try handle(.packet(connection, caller.node, packet), now)
            guard ContinuousClock().now < end else { break }
        }
    }

    private mutating func tick(_ now: Moment) throws(ZeroMQError) {
        lastTick = now
        if let use = memory.tick(machine.counters) { Context.tuneMemory(for: use) }
        peers.prune(now: now)
        cutListeners(now)
        try handle(.tick, now)
        hub.status.update(
            HubStatusBoard.Snapshot(
                counters: machine.counters,
                isReady: machine.isReady,
                connectedNodes: machine.connectedNodes.count,
                connectionsCut: hub.watch.cutCount,
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

    private func cutListeners(_ now: Moment) {
        hub.watch.listeners.withLock { $0.cut(where: mayNotStay(now)) }
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
                hub.publications.post(Publication(topic: topic, payload: payload))
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
            case .readConsistency(let request):
                hub.orders.give(.readConsistency(request))
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
        let hasRoom =
            tcp.map { tcp in
                hub.watch.callers.withLock { $0.give(byteCount, to: tcp) }
            } ?? true
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

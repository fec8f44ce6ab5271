// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The thread that owns the exchange and the feed: frames in, events to the state machine, its
// effects out. It decides nothing.

import Foundation
import Logging
import SwiftProtobuf
import Synchronization
import WiciCore
import WiciLedger
import ZeroMQ

/// Runs the hub's sockets and state machine on one thread.
struct ExchangeThread {
    let events: HubEventQueue
    let orders: Handoff<LedgerOrder>
    let door: Door
    let status: HubStatusBoard
    let receiptKey: SigningKey
    let logger: Logger
    let clock: HubClock
    /// Raised by whoever wants the loop to end.
    let stopping: StopFlag

    /// Frames taken from the exchange before the ledger's answers are looked at again.
    private static let framesPerTurn = 256
    private static let tickInterval: Int64 = 100

    /// Runs until the flag is raised; both sockets are closed with it.
    func run(
        exchange: borrowing Socket,
        feed: borrowing Socket,
        machine: HubStateMachine
    ) throws(ZeroMQError) {
        var machine = machine
        var peers = PeerTable()
        var listeners = FeedListeners()
        var poller = Poller()
        let exchangeReady = poller.add(exchange)
        let feedReady = poller.add(feed)
        _ = poller.add(descriptor: events.wake.descriptor)
        var lastTick = Moment(milliseconds: 0)
        while !stopping.isRaised {
            try poller.wait(.milliseconds(Self.tickInterval))
            let now = clock.now()
            events.wake.drain()
            for event in events.takeAll() {
                try perform(
                    machine.handle(event, now: now),
                    &machine,
                    &peers,
                    exchange,
                    feed,
                    now
                )
                guard case .released = event else { continue }
                listeners.cut { !mayListen($0, machine, now) }
                for connection in peers.connections(where: { !door.isCurrent($0) }) {
                    peers.cut(connection)
                    let effects = machine.handle(.unreachable(connection), now: now)
                    try perform(effects, &machine, &peers, exchange, feed, now)
                }
            }
            if poller.isReadable(exchangeReady) {
                for _ in 0..<Self.framesPerTurn {
                    guard let message = try exchange.receive() else { break }
                    guard let (connection, caller, bytes) = peers.receive(message, now: now)
                    else { continue }
                    var effects: [HubStateMachine.Effect] = []
                    if door.isCurrent(caller) {
                        effects = machine.handle(.packet(connection, caller.node, bytes), now: now)
                    } else {
                        // It comes back to the door with the new key, or is turned away there.
                        peers.cut(connection)
                        effects = machine.handle(.unreachable(connection), now: now)
                    }
                    try perform(effects, &machine, &peers, exchange, feed, now)
                }
            }
            if poller.isReadable(feedReady) {
                for _ in 0..<Self.framesPerTurn {
                    guard let message = try feed.receive() else { break }
                    listeners.note(message)
                }
            }
            if now.milliseconds - lastTick.milliseconds >= Self.tickInterval
                || now < lastTick
            {
                lastTick = now
                peers.prune(now: now)
                listeners.cut { !mayListen($0, machine, now) }
                try perform(machine.handle(.tick, now: now), &machine, &peers, exchange, feed, now)
                status.update(
                    HubStatusBoard.Snapshot(
                        counters: machine.counters,
                        isReady: machine.isReady,
                        connectedNodes: machine.connectedNodes,
                        release: machine.releaseInForce
                    )
                )
            }
        }
        // The last words: how far the nodes have their mail, and that the hub stops.
        let now = clock.now()
        let effects = machine.handle(.operation(.stopped), now: now)
        try perform(effects, &machine, &peers, exchange, feed, now)
    }

    /// Whether a connection of the feed may go on: its node is a member and its key still is the one.
    private func mayListen(_ caller: Caller, _ machine: HubStateMachine, _ now: Moment) -> Bool {
        machine.mayListen(caller.node, now: now) && door.isCurrent(caller)
    }

    private func perform(
        _ effects: [HubStateMachine.Effect],
        _ machine: inout HubStateMachine,
        _ peers: inout PeerTable,
        _ exchange: borrowing Socket,
        _ feed: borrowing Socket,
        _ now: Moment
    ) throws(ZeroMQError) {
        for effect in effects {
            switch effect {
            case .send(let connection, let bytes):
                try send(bytes, to: connection, &machine, &peers, exchange, feed, now)
            case .sendReceipts(let connection, let receipts):
                guard let packet = signed(receipts) else { continue }
                try send(packet, to: connection, &machine, &peers, exchange, feed, now)
            case .publish(let topic, let payload):
                _ = try feed.send(frames: [Data(topic.utf8), payload])
            case .append(let commit, let entries):
                orders.give(.append(commit, entries))
            case .resumeAppends:
                orders.give(.resumeAppends)
            case .readMessages(let request, let indices):
                orders.give(.readMessages(request, indices))
            case .readPage(let request):
                orders.give(.readPage(request))
            case .readProof(let request):
                orders.give(.readProof(request))
            case .signCheckpoint:
                orders.give(.signCheckpoint)
            case .cut(let connection, let node):
                peers.cut(connection)
                logger.notice("connection cut", metadata: ["node": "\(node)"])
            }
        }
    }

    private func send(
        _ bytes: Data,
        to connection: ConnectionID,
        _ machine: inout HubStateMachine,
        _ peers: inout PeerTable,
        _ exchange: borrowing Socket,
        _ feed: borrowing Socket,
        _ now: Moment
    ) throws(ZeroMQError) {
        guard let routingID = peers.routingID(of: connection) else {
            // Forgotten for its age: the machine forgets it too, and it says hello again.
            let effects = machine.handle(.unreachable(connection), now: now)
            return try perform(effects, &machine, &peers, exchange, feed, now)
        }
        switch try exchange.send(frames: [routingID, bytes]) {
        case .sent:
            break
        case .wouldBlock, .unreachable:
            // A peer that takes nothing more is as good as gone: its mail waits in the ledger and
            // it says hello again.
            peers.forget(connection)
            let effects = machine.handle(.unreachable(connection), now: now)
            try perform(effects, &machine, &peers, exchange, feed, now)
        }
    }

    private func signed(_ receipts: Data) -> Data? {
        guard
            let signature = receiptKey.signature(
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

/// Connections by routing id.
///
/// Routing ids stay in here: a peer that learned one could disturb the socket.
struct PeerTable {
    private struct Peer {
        let connection: ConnectionID
        let userID: String
        let caller: Caller
        let tcp: PeerConnection?
        var lastHeard: Moment
    }

    private var peers: [Data: Peer] = [:]
    private var routingIDs: [ConnectionID: Data] = [:]
    private var lastConnection: UInt64 = 0
    private var lastPruned = Moment(milliseconds: 0)

    private var connectionsOfNode: [NodeID: [ConnectionID]] = [:]

    private static let silenceMilliseconds: Int64 = 120_000
    /// A member that opens connections without end has its oldest forgotten, and fills no memory.
    static let connectionsPerNode = 8

    /// Connections that are known.
    var count: Int { peers.count }

    /// Tells connection, caller and packet of a message; nil for one without an identity.
    ///
    /// A packet is one frame: any other number of them is given on as no packet at all, to be
    /// refused by name.
    mutating func receive(
        _ message: ReceivedMessage,
        now: Moment
    ) -> (ConnectionID, Caller, Data)? {
        guard let routingID = message.frames.first, let userID = message.userID else { return nil }
        let packet =
            message.frames.count == 2 && !message.truncated ? message.frames[1] : Data()
        if let peer = peers[routingID], peer.userID == userID {
            peers[routingID]?.lastHeard = now
            return (peer.connection, peer.caller, packet)
        }
        guard let caller = Caller(userID: userID) else { return nil }
        let node = caller.node
        lastConnection += 1
        let connection = ConnectionID(lastConnection)
        if let earlier = peers[routingID]?.connection { forget(earlier) }
        if let known = connectionsOfNode[node], known.count >= Self.connectionsPerNode,
            let oldest = known.first
        {
            forget(oldest)
        }
        connectionsOfNode[node, default: []].append(connection)
        peers[routingID] = Peer(
            connection: connection,
            userID: userID,
            caller: caller,
            tcp: message.sourceDescriptor.flatMap(PeerConnection.init),
            lastHeard: now
        )
        routingIDs[connection] = routingID
        return (connection, caller, packet)
    }

    /// The connections of callers that are so.
    func connections(where holds: (Caller) -> Bool) -> [ConnectionID] {
        peers.values.filter { holds($0.caller) }.map(\.connection)
    }

    func routingID(of connection: ConnectionID) -> Data? {
        routingIDs[connection]
    }

    mutating func forget(_ connection: ConnectionID) {
        guard let routingID = routingIDs.removeValue(forKey: connection),
            let peer = peers.removeValue(forKey: routingID)
        else { return }
        let node = peer.caller.node
        connectionsOfNode[node]?.removeAll { $0 == connection }
        if connectionsOfNode[node]?.isEmpty == true { connectionsOfNode[node] = nil }
    }

    /// Shuts the TCP connection; the peer comes back to the door and is turned away.
    mutating func cut(_ connection: ConnectionID) {
        guard let routingID = routingIDs[connection] else { return }
        peers[routingID]?.tcp?.shutdownPeer()
        forget(connection)
    }

    /// Forgets peers that were silent for long.
    mutating func prune(now: Moment) {
        guard lastPruned.adding(milliseconds: 10_000) < now || now < lastPruned else { return }
        lastPruned = now
        let silent = peers.values.filter {
            $0.lastHeard.adding(milliseconds: Self.silenceMilliseconds) < now
        }
        for peer in silent { forget(peer.connection) }
    }
}

/// A flag that is raised once, from any thread.
final class StopFlag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .acquiring) }
    func raise() { raised.store(true, ordering: .releasing) }
}

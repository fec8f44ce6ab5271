// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The measuring clients: connections that speak the exchange protocol and count. They verify no
// signature and keep no inbox, so that what is measured is the hub and not they.

import Foundation
import SwiftProtobuf
import Synchronization
import WiciCore
import WiciNode
import ZeroMQ

/// Submits prepared envelopes and waits for their receipts, on a thread of its own.
struct BenchSender: Sendable {
    let hub: String
    let hubKey: CurvePublicKey
    let member: BenchNetwork.Member
    let context: Context

    /// Envelopes in one submit packet.
    static let batch = 250
    /// Packets without receipts at a time.
    static let inFlight = 4

    /// Submits everything in batches; returns when the last receipt is here.
    func submitAll(_ envelopes: [Data], gate: BenchGate) throws {
        var connection = try connect()
        gate.arriveAndWait()
        var next = 0
        var unanswered = 0
        while next < envelopes.count || unanswered > 0 {
            while next < envelopes.count, unanswered < Self.batch * Self.inFlight {
                let batch = Array(envelopes[next..<min(next + Self.batch, envelopes.count)])
                _ = try connection.submit(batch)
                next += batch.count
                unanswered += batch.count
            }
            unanswered -= try receipts(&connection)
        }
    }

    /// When one envelope was submitted and when its receipt came.
    struct Exchange {
        let begin: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    /// Submits one at a time over one connection, not sooner than an interval after the one before.
    func submitSingly(_ envelopes: [Data], every interval: Duration = .zero) throws -> [Exchange] {
        var connection = try connect()
        let clock = ContinuousClock()
        var exchanges: [Exchange] = []
        var due = clock.now
        for envelope in envelopes {
            let wait = due - clock.now
            if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
            due = due.advanced(by: interval)
            let begin = clock.now
            _ = try connection.submit([envelope])
            _ = try receipts(&connection)
            exchanges.append(Exchange(begin: begin, end: clock.now))
        }
        return exchanges
    }

    private func connect() throws -> ExchangeConnection {
        var connection = try ExchangeConnection(
            to: hub,
            hub: hubKey,
            keys: member.exchange,
            in: context
        )
        _ = try connection.greet(program: "wici bench", windowEnd: .none)
        return connection
    }

    /// Waits for the next receipts; counts them and refuses to go on when one is a refusal.
    private func receipts(_ connection: inout ExchangeConnection) throws -> Int {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(60))
        while clock.now < deadline {
            switch try connection.receive(within: .seconds(10)) {
            case .receipts(let signed):
                let receipts = try WireReceipts(serializedBytes: signed.receipts)
                for case .refusal(let refusal)? in receipts.receipts.map(\.outcome) {
                    throw BenchFailure.refused(refusal.name)
                }
                return receipts.receipts.count
            case .refused(let refused): throw BenchFailure.refused(refused.refusal.name)
            default: continue
            }
        }
        throw BenchFailure.silent
    }
}

/// Why a measurement broke off.
enum BenchFailure: Error {
    case refused(String)
    case silent
}

/// Lets all clients start at one moment.
final class BenchGate: Sendable {
    private let waiting: Mutex<Int>
    private let open = Atomic(false)

    init(count: Int) {
        waiting = Mutex(count)
    }

    /// Waits until everybody has arrived.
    func arriveAndWait() {
        let isLast = waiting.withLock { waiting in
            waiting -= 1
            return waiting == 0
        }
        if isLast { open.store(true, ordering: .releasing) }
        while !open.load(ordering: .acquiring) { usleep(200) }
    }
}

/// How far each receiver has its mail, from one connection to the next.
final class BenchPositions: Sendable {
    private let numbers = Mutex<[NodeID: UInt64]>([:])

    subscript(node: NodeID) -> UInt64 {
        get { numbers.withLock { $0[node] ?? 0 } }
        set { numbers.withLock { $0[node] = newValue } }
    }
}

/// Many receivers on one thread: each stores nothing, acknowledges everything, and is counted.
final class BenchReceivers: Sendable {
    /// What has arrived so far.
    struct Tally: Sendable {
        var deliveries = 0
        /// When each message reached its last receiver, and how many it has reached.
        var arrivals: [Data: (count: Int, last: ContinuousClock.Instant)] = [:]
        var subscribed = 0
        var failure: BenchFailure?
    }

    let tally = Mutex(Tally())
    private let positions: BenchPositions
    private let stopping = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)
    private static let window: UInt64 = 4_096

    private final class Receiver {
        let node: NodeID
        let socket: Socket
        init(_ node: NodeID, _ socket: consuming Socket) {
            self.node = node
            self.socket = socket
        }
    }

    /// Connects members with their subscriptions; `tracksArrivals` notes the time of every message.
    init(
        _ members: [(member: BenchNetwork.Member, topics: [BenchNetwork.Audience])],
        hub: String,
        hubKey: CurvePublicKey,
        context: Context,
        positions: BenchPositions,
        tracksArrivals: Bool
    ) {
        self.positions = positions
        let thread = Thread { [self] in
            do {
                try run(members, hub, hubKey, context, tracksArrivals)
            } catch {
                tally.withLock { $0.failure = error as? BenchFailure ?? .silent }
            }
            ended.signal()
        }
        thread.name = "wici bench receivers"
        thread.start()
    }

    /// Ends the connections.
    func stop() {
        stopping.store(true, ordering: .releasing)
        ended.wait()
    }

    private func run(
        _ members: [(member: BenchNetwork.Member, topics: [BenchNetwork.Audience])],
        _ hub: String,
        _ hubKey: CurvePublicKey,
        _ context: Context,
        _ tracksArrivals: Bool
    ) throws {
        var poller = Poller()
        var receivers: [(Receiver, Poller.Token)] = []
        for (member, topics) in members {
            var options = SocketOptions.curveClient(server: hubKey, own: member.exchange)
            options.maxMessageSize = 4 << 20
            let receiver = Receiver(member.id, try Socket(.dealer, in: context, options: options))
            try receiver.socket.connect(hub)
            var hello = WireHello()
            hello.versionMin = 1
            hello.versionMax = 1
            hello.program = "wici bench"
            hello.storedThrough = positions[member.id]
            hello.windowEnd = hello.storedThrough + Self.window
            try send(.hello(hello), receiver)
            if !topics.isEmpty {
                var subscribe = WireSubscribe()
                var subscription = WireSubscription()
                subscription.topics = topics.map(\.rawValue)
                subscribe.subscriptions = [subscription]
                try send(.subscribe(subscribe), receiver)
            }
            receivers.append((receiver, poller.add(receiver.socket)))
        }
        while !stopping.load(ordering: .acquiring) {
            try poller.wait(.milliseconds(50))
            for (receiver, token) in receivers where poller.isReadable(token) {
                while let message = try receiver.socket.receive() {
                    guard let frame = message.frames.first else { continue }
                    try take(frame, receiver, tracksArrivals)
                }
            }
        }
    }

    private func take(_ frame: Data, _ receiver: Receiver, _ tracksArrivals: Bool) throws {
        switch try WirePacket(serializedBytes: frame).content {
        case .deliveries(let packet):
            guard let last = packet.deliveries.last?.number else { return }
            let now = ContinuousClock.now
            tally.withLock { tally in
                tally.deliveries += packet.deliveries.count
                guard tracksArrivals else { return }
                for delivery in packet.deliveries {
                    guard let parts = try? EnvelopeParts(bytes: delivery.envelope, form: .delivered)
                    else { continue }
                    let count = tally.arrivals[parts.messageID.data]?.count ?? 0
                    tally.arrivals[parts.messageID.data] = (count + 1, now)
                }
            }
            positions[receiver.node] = last
            var acknowledge = WireAcknowledge()
            acknowledge.through = last
            acknowledge.windowEnd = last + Self.window
            try send(.acknowledge(acknowledge), receiver)
        case .subscribed: tally.withLock { $0.subscribed += 1 }
        case .refused(let refused): throw BenchFailure.refused(refused.refusal.name)
        default: break
        }
    }

    private func send(_ content: WirePacket.OneOf_Content, _ receiver: Receiver) throws {
        var packet = WirePacket()
        packet.content = content
        _ = try receiver.socket.send(try packet.serializedData() as Data)
    }

    /// Waits until a condition on the tally holds.
    func wait(_ what: (Tally) -> Bool, within limit: Duration = .seconds(120)) throws {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        while clock.now < deadline {
            let (holds, failure) = tally.withLock { (what($0), $0.failure) }
            if let failure { throw failure }
            if holds { return }
            usleep(500)
        }
        throw BenchFailure.silent
    }
}

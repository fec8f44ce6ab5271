// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The measuring clients that receive: many connections on one thread. They verify no signature and
// keep no inbox; they count, and acknowledge what they counted.

import Foundation
import SwiftProtobuf
import Synchronization
import WiciCore
import ZeroMQ

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
    /// One receiver and what it subscribes to; nothing when its subscriptions stand already.
    typealias Participant = (member: BenchNetwork.Member, topics: [BenchNetwork.Audience])

    /// A message of the measurement, by its place in the order of sending.
    struct Arrival: Sendable {
        /// Receivers that it has reached.
        var count = 0
        /// When it reached the latest of them.
        var last = ContinuousClock.Instant.now
    }

    /// What has arrived so far.
    struct Tally: Sendable {
        var deliveries = 0
        /// Kept where the times are wanted.
        var arrivals: [Arrival] = []
        var welcomed = 0
        var subscribed = 0
        var failure: BenchFailure?
    }

    let tally = Mutex(Tally())
    private let positions: BenchPositions
    private let stopping = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)
    private static let window: UInt64 = 4_096
    /// How long mail waits for that of other receivers, which real ones would not share a thread with.
    private static let gatherMicroseconds: UInt32 = 200
    /// A node commits what has come in groups, and acknowledges a group at a time.
    private static let acknowledgeInterval = Duration.milliseconds(10)
    /// Connections that have not been welcomed yet; the hub bears 512 (`ConnectionTable`).
    private static let newcomers = 256
    /// Where more than this has come, the hub is not kept waiting.
    private static let acknowledgeBytes = 1 << 20

    private final class Receiver {
        let node: NodeID
        let socket: Socket
        /// Number of the last message before the measurement.
        let start: UInt64
        /// Number of the last message that has come, and of the last that the hub knows to have come.
        var taken: UInt64
        var acknowledged: UInt64
        /// Bytes that have come since then.
        var newBytes = 0
        init(_ node: NodeID, _ socket: consuming Socket, start: UInt64) {
            self.node = node
            self.socket = socket
            self.start = start
            taken = start
            acknowledged = start
        }
    }

    /// Connects members with their subscriptions; `tracksArrivals` notes the time of every message.
    init(
        _ members: [Participant],
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
        _ members: [Participant],
        _ hub: String,
        _ hubKey: CurvePublicKey,
        _ context: Context,
        _ tracksArrivals: Bool
    ) throws {
        var poller = Poller()
        var receivers: [(Receiver, Poller.Token)] = []
        defer { for (receiver, _) in receivers { positions[receiver.node] = receiver.taken } }
        for (place, (member, topics)) in members.enumerated() {
            // A hub has a bound for those who have not spoken yet; a node that is cut connects again.
            let awaited = place - Self.newcomers
            while tally.withLock({ $0.welcomed < awaited }), !stopping.load(ordering: .acquiring) {
                try turn(&poller, receivers, tracksArrivals)
            }
            var options = SocketOptions.curveClient(server: hubKey, own: member.exchange)
            options.maxMessageSize = 4 << 20
            let receiver = Receiver(
                member.id,
                try Socket(.dealer, in: context, options: options),
                start: positions[member.id]
            )
            try receiver.socket.connect(hub)
            try greet(receiver, topics)
            receivers.append((receiver, poller.add(receiver.socket)))
        }
        var lastAcknowledged = ContinuousClock.now
        while !stopping.load(ordering: .acquiring) {
            try turn(&poller, receivers, tracksArrivals)
            guard ContinuousClock.now - lastAcknowledged >= Self.acknowledgeInterval else {
                continue
            }
            lastAcknowledged = ContinuousClock.now
            for (receiver, _) in receivers where receiver.taken > receiver.acknowledged {
                try acknowledge(receiver)
            }
        }
    }

    /// Waits for mail and takes what is there.
    private func turn(
        _ poller: inout Poller,
        _ receivers: [(Receiver, Poller.Token)],
        _ tracksArrivals: Bool
    ) throws {
        try poller.wait(Self.acknowledgeInterval)
        // A look at all connections costs as much for one that has mail as for all of them.
        if !tracksArrivals { usleep(Self.gatherMicroseconds) }
        for (receiver, token) in receivers where poller.isReadable(token) {
            while let message = try receiver.socket.receive() {
                guard let frame = message.frames.first else { continue }
                try take(frame, receiver, tracksArrivals)
            }
            if receiver.newBytes >= Self.acknowledgeBytes { try acknowledge(receiver) }
        }
    }

    private func acknowledge(_ receiver: Receiver) throws {
        var acknowledge = WireAcknowledge()
        acknowledge.through = receiver.taken
        acknowledge.windowEnd = receiver.taken + Self.window
        try send(.acknowledge(acknowledge), receiver)
        receiver.acknowledged = receiver.taken
        receiver.newBytes = 0
        positions[receiver.node] = receiver.taken
    }

    private func greet(_ receiver: Receiver, _ topics: [BenchNetwork.Audience]) throws {
        var hello = WireHello()
        hello.versionMin = 1
        hello.versionMax = 1
        hello.program = "wici bench"
        hello.storedThrough = receiver.start
        hello.windowEnd = hello.storedThrough + Self.window
        try send(.hello(hello), receiver)
        guard !topics.isEmpty else { return }
        var subscribe = WireSubscribe()
        var subscription = WireSubscription()
        subscription.topics = topics.map(\.rawValue)
        subscribe.subscriptions = [subscription]
        try send(.subscribe(subscribe), receiver)
    }

    private func take(_ frame: Data, _ receiver: Receiver, _ tracksArrivals: Bool) throws {
        switch BenchFrame(frame) {
        case .deliveries(let numbers):
            let now = ContinuousClock.now
            tally.withLock { tally in
                tally.deliveries += numbers.count
                guard tracksArrivals else { return }
                for number in numbers where number > receiver.start {
                    let place = Int(number - receiver.start - 1)
                    while tally.arrivals.count <= place { tally.arrivals.append(Arrival()) }
                    tally.arrivals[place].count += 1
                    tally.arrivals[place].last = now
                }
            }
            receiver.taken = numbers.upperBound
            receiver.newBytes += frame.count
        case .welcome: tally.withLock { $0.welcomed += 1 }
        case .subscribed: tally.withLock { $0.subscribed += 1 }
        case .refused: throw BenchFailure.refused(in: frame)
        case .receipts, .refusedMessage, .other: break
        }
    }

    private func send(_ content: WirePacket.OneOf_Content, _ receiver: Receiver) throws {
        var packet = WirePacket()
        packet.content = content
        _ = try receiver.socket.send(try packet.serializedData() as Data)
    }

    /// Waits until a condition on the tally holds.
    func wait(_ what: (Tally) -> Bool, within limit: Duration = .seconds(120)) throws {
        guard try holds(what, within: limit) else { throw BenchFailure.silent }
    }

    /// Waits until a condition on the tally holds; false when it did not in time.
    func holds(_ what: (Tally) -> Bool, within limit: Duration) throws -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        while clock.now < deadline {
            let (holds, failure) = tally.withLock { (what($0), $0.failure) }
            if let failure { throw failure }
            if holds { return true }
            usleep(500)
        }
        return false
    }
}

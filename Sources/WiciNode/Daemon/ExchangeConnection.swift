// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The exchange as a plain connection: packets out, packets in. Nothing is stored and nothing is
// repeated; `Node` is the client that does both.

public import Foundation
import SwiftProtobuf
public import WiciCore
public import ZeroMQ

/// One CURVE connection to a hub's exchange.
///
/// It belongs to the thread that made it, like the socket in it. Calls do not wait except
/// `receive(within:)`.
public struct ExchangeConnection: ~Copyable {
    /// Why a packet could not be sent or a conversation not be begun.
    public enum ConnectionError: Error, Sendable {
        /// The library failed.
        case library(ZeroMQError)
        /// The socket takes no more packets now.
        case full
        /// The hub did not answer in time.
        case silent
        /// The hub refused.
        case refused(WireRefusal)
    }

    /// What arrived.
    public enum Arrival: Sendable {
        /// One frame, not parsed yet.
        case frame(Data)
        /// The connection was lost; the library makes it anew, and a new hello is needed.
        case lost
        /// The hub does not accept the key (ZAP status); the connection must be made anew.
        case refusedKey(status: Int)
    }

    private let socket: Socket
    private let monitor: SocketMonitor
    private var poller = Poller()
    private let socketReady: Poller.Token
    private let monitorReady: Poller.Token
    private var lastRequest: UInt64 = 0

    /// Begins to connect; packets sent before the connection stands wait in the socket.
    public init(
        to endpoint: String,
        hub: CurvePublicKey,
        keys: CurveKeyPair,
        in context: Context,
        maxReconnectInterval: Duration = .seconds(30)
    ) throws(ZeroMQError) {
        var options = SocketOptions.curveClient(server: hub, own: keys)
        options.maxMessageSize = Self.largestFrame
        options.sendHighWaterMark = 0
        // Long enough for a goodbye on a connection that stands.
        options.linger = .milliseconds(200)
        options.receiveHighWaterMark = 1_000
        options.reconnectInterval = .milliseconds(100)
        options.reconnectIntervalMax = maxReconnectInterval
        let socket = try Socket(.dealer, in: context, options: options)
        let monitor = try SocketMonitor(socket)
        try socket.connect(endpoint)
        socketReady = poller.add(socket)
        monitorReady = monitor.add(to: &poller)
        self.socket = socket
        self.monitor = monitor
    }

    /// Largest frame accepted from a hub, bytes: the largest registry and policy together fit.
    public static let largestFrame = 16 << 20

    /// Also wakes `wait` when the descriptor becomes readable.
    public mutating func watch(descriptor: Int32) {
        _ = poller.add(descriptor: descriptor)
    }

    /// Sends one frame.
    public borrowing func send(frame: Data) throws(ConnectionError) {
        let outcome: SendOutcome
        do {
            outcome = try socket.send(frame)
        } catch {
            throw .library(error)
        }
        guard outcome == .sent else { throw .full }
    }

    /// Sends one packet.
    public borrowing func send(_ content: WirePacket.OneOf_Content) throws(ConnectionError) {
        try send(frame: .packet(content))
    }

    /// Waits until something has arrived or the time is over.
    public mutating func wait(_ timeout: Duration?) throws(ZeroMQError) {
        try poller.wait(timeout)
    }

    /// Takes what has arrived, or `nil`.
    public borrowing func takeArrival() throws(ZeroMQError) -> Arrival? {
        while let message = try socket.receive() {
            if message.frames.count == 1, !message.truncated { return .frame(message.frames[0]) }
        }
        while let event = try monitor.receive() {
            switch event {
            case .disconnected: return .lost
            case .authenticationFailed(let status) where status != 300:
                return .refusedKey(status: status)
            case .authenticationFailed, .connected, .accepted, .handshakeSucceeded,
                .protocolFailed, .handshakeBroken, .stopped:
                continue
            }
        }
        return nil
    }

    /// The next packet, waiting at most this long; `nil` when none came.
    public mutating func receive(
        within timeout: Duration
    ) throws(ConnectionError) -> WirePacket.OneOf_Content? {
        do throws(ZeroMQError) {
            if let packet = try nextPacket() { return packet }
            try wait(timeout)
            return try nextPacket()
        } catch {
            throw .library(error)
        }
    }

    private borrowing func nextPacket() throws(ZeroMQError) -> WirePacket.OneOf_Content? {
        while let arrival = try takeArrival() {
            guard case .frame(let bytes) = arrival else { continue }
            if let content = try? WirePacket(serializedBytes: bytes).content { return content }
        }
        return nil
    }

    // MARK: Conversation

    /// Says hello and waits for the welcome.
    public mutating func greet(
        program: String,
        storedThrough: MailboxNumber = .none,
        windowEnd: MailboxNumber,
        registry: Digest? = nil,
        policy: Digest? = nil,
        within timeout: Duration = .seconds(10)
    ) throws(ConnectionError) -> WireWelcome {
        var hello = WireHello()
        hello.versionMin = 1
        hello.versionMax = 1
        hello.program = program
        hello.storedThrough = storedThrough.value
        hello.windowEnd = windowEnd.value
        hello.registryDigest = registry?.data ?? Data()
        hello.policyDigest = policy?.data ?? Data()
        try send(.hello(hello))
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: timeout)
        while clock.now < deadline {
            switch try receive(within: clock.now.duration(to: deadline)) {
            case .welcome(let welcome): return welcome
            case .refused(let refused): throw .refused(refused.refusal)
            default: continue
            }
        }
        throw .silent
    }

    /// Submits serialized Envelopes as one batch; returns the batch's request number.
    public mutating func submit(_ envelopes: [Data]) throws(ConnectionError) -> UInt64 {
        lastRequest += 1
        var submit = WireSubmit()
        submit.request = lastRequest
        submit.envelopes = envelopes
        try send(.submit(submit))
        return lastRequest
    }

    /// Acknowledges everything up to a number and renews the credit.
    public borrowing func acknowledge(
        through number: MailboxNumber,
        windowEnd: MailboxNumber
    ) throws(ConnectionError) {
        var acknowledge = WireAcknowledge()
        acknowledge.through = number.value
        acknowledge.windowEnd = windowEnd.value
        try send(.acknowledge(acknowledge))
    }

    /// Replaces the node's subscriptions; the answer is `subscribed` or `refused`.
    public mutating func subscribe(
        _ subscriptions: [WireSubscription]
    ) throws(ConnectionError) -> UInt64 {
        lastRequest += 1
        var subscribe = WireSubscribe()
        subscribe.request = lastRequest
        subscribe.subscriptions = subscriptions
        try send(.subscribe(subscribe))
        return lastRequest
    }
}

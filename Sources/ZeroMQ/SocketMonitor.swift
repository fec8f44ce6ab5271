// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What happens to the connections under a socket: made, lost, refused.

import CZeroMQ
import Foundation
import Glibc

/// Something that happened to a connection under a monitored socket.
public enum MonitorEvent: Sendable, Hashable {
    /// An outgoing TCP connection exists; its handshake is still to come.
    case connected(descriptor: Int32)
    /// A connection came in; its handshake is still to come.
    case accepted(descriptor: Int32)
    /// The handshake is complete: messages flow.
    case handshakeSucceeded
    /// The other side refused to authenticate, with the ZAP status code (300, 400 or 500).
    ///
    /// After 400 and 500 a client never tries again: its socket has to be made anew.
    case authenticationFailed(status: Int)
    /// The other side does not speak the protocol or does not hold the expected key.
    ///
    /// The number is the library's own.
    case protocolFailed(code: Int)
    /// The handshake broke off, with an error number of the operating system or 0.
    case handshakeBroken(code: Int)
    /// The connection was lost.
    case disconnected(descriptor: Int32)
    /// The monitored socket was closed; nothing more follows.
    case stopped
}

/// Reports the events of one socket.
///
/// It belongs to the thread of that socket.
public struct SocketMonitor: ~Copyable {
    private let watched: SocketHandle
    private let events: Socket

    /// Starts to monitor a socket.
    ///
    /// Do so before it binds or connects.
    public init(_ socket: borrowing Socket) throws(ZeroMQError) {
        let endpoint = "inproc://monitor-\(UUID().uuidString)"
        let mask =
            ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED
            | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
            | ZMQ_EVENT_MONITOR_STOPPED
        try socket.handle.monitor(endpoint: endpoint, events: mask)
        do throws(ZeroMQError) {
            var options = SocketOptions.inProcess
            // A reader that is late must not hold up the library's own thread.
            options.receiveHighWaterMark = 0
            let events = try Socket(.pair, in: socket.handle.context, options: options)
            try events.connect(endpoint)
            self.events = events
        } catch {
            socket.handle.stopMonitoring()
            throw error
        }
        self.watched = socket.handle
    }

    deinit { watched.stopMonitoring() }

    /// Watches for events in a poller.
    public borrowing func add(to poller: inout Poller) -> Poller.Token {
        poller.add(events)
    }

    /// Takes the next event, or `nil` when nothing has happened.
    ///
    /// Take all of them: unread events are kept by the library.
    public borrowing func receive() throws(ZeroMQError) -> MonitorEvent? {
        while let message = try events.receive() {
            guard let first = message.frames.first, first.count == 6 else { continue }
            let bytes = Array(first)
            // The frame holds a 16-bit event and a 32-bit value in the machine's byte order.
            let (number, value) = bytes.withUnsafeBytes { raw in
                (
                    Int32(raw.loadUnaligned(fromByteOffset: 0, as: UInt16.self)),
                    raw.loadUnaligned(fromByteOffset: 2, as: Int32.self)
                )
            }
            if let event = Self.event(number, value) { return event }
        }
        return nil
    }

    private static func event(_ number: Int32, _ value: Int32) -> MonitorEvent? {
        switch number {
        case ZMQ_EVENT_CONNECTED: .connected(descriptor: value)
        case ZMQ_EVENT_ACCEPTED: .accepted(descriptor: value)
        case ZMQ_EVENT_DISCONNECTED: .disconnected(descriptor: value)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .handshakeSucceeded
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: .authenticationFailed(status: Int(value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: .protocolFailed(code: Int(value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: .handshakeBroken(code: Int(value))
        case ZMQ_EVENT_MONITOR_STOPPED: .stopped
        default: nil
        }
    }
}

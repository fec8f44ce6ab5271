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

/// Where a socket reports what happens to its connections, and a monitor on any thread reads it.
public struct MonitorAddress: Sendable {
    fileprivate let context: Context
    fileprivate let endpoint = "inproc://monitor-\(UUID().uuidString)"

    /// Makes an address for a socket of this context.
    public init(in context: Context) {
        self.context = context
    }
}

extension Socket {
    /// Starts to report to an address.
    ///
    /// Do so before it binds or connects, and after the monitor was made. The socket must be closed
    /// before that monitor is: each thread of the library that had an event to report to nobody would
    /// wait for ever.
    public borrowing func report(to address: MonitorAddress) throws(ZeroMQError) {
        try handle.monitor(
            endpoint: address.endpoint,
            events: ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED
                | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
                | ZMQ_EVENT_MONITOR_STOPPED
        )
    }
}

/// Reports the events of one socket.
///
/// It belongs to the thread that makes it.
public struct SocketMonitor: ~Copyable {
    /// The socket, where it belongs to the same thread: it stops to report before the reader goes.
    private let watched: SocketHandle?
    private let events: Socket

    /// Starts to monitor a socket of the same thread.
    ///
    /// Do so before it binds or connects.
    public init(_ socket: borrowing Socket) throws(ZeroMQError) {
        let address = MonitorAddress(in: socket.handle.context)
        let reader = try Self.reader(of: address)
        try socket.report(to: address)
        events = reader
        watched = socket.handle
    }

    /// Reads what a socket of another thread will report.
    public init(_ address: MonitorAddress) throws(ZeroMQError) {
        events = try Self.reader(of: address)
        watched = nil
    }

    private static func reader(of address: MonitorAddress) throws(ZeroMQError) -> Socket {
        var options = SocketOptions.inProcess
        // A reader that is late must not hold up the library's own thread.
        options.receiveHighWaterMark = 0
        let events = try Socket(.pair, in: address.context, options: options)
        // The library joins the two when the other end is made.
        try events.connect(address.endpoint)
        return events
    }

    deinit { watched?.stopMonitoring() }

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

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Waiting on sockets and plain file descriptors together.

import CZeroMQ
import Glibc

/// Waits until one of several sockets or file descriptors is ready.
///
/// A poller belongs to the thread of its sockets. It keeps no socket open: a wait that includes a
/// closed socket throws.
public struct Poller: ~Copyable {
    /// Names one thing that the poller watches.
    public struct Token: Hashable, Sendable {
        let index: Int
    }

    /// What to wait for.
    public struct Interest: OptionSet, Sendable, Hashable {
        /// The bits of the set.
        public let rawValue: Int16
        /// Takes the bits of the set.
        public init(rawValue: Int16) { self.rawValue = rawValue }
        /// Something can be received or read.
        public static let input = Interest(rawValue: 1)
        /// Something can be sent or written.
        ///
        /// A router with `routerMandatory` is always ready.
        public static let output = Interest(rawValue: 2)
    }

    private var items: [zmq_pollitem_t] = []
    private var handles: [SocketHandle?] = []

    /// Makes a poller that watches nothing yet.
    public init() {}

    /// Watches a socket.
    public mutating func add(_ socket: borrowing Socket, for interest: Interest = .input) -> Token {
        var item = zmq_pollitem_t()
        item.events = Self.events(interest)
        items.append(item)
        handles.append(socket.handle)
        return Token(index: items.count - 1)
    }

    /// Watches a file descriptor.
    public mutating func add(descriptor: Int32, for interest: Interest = .input) -> Token {
        var item = zmq_pollitem_t()
        item.fd = descriptor
        item.events = Self.events(interest)
        items.append(item)
        handles.append(nil)
        return Token(index: items.count - 1)
    }

    /// Changes what is waited for; an empty interest watches nothing of that thing.
    public mutating func change(_ token: Token, to interest: Interest) {
        guard items.indices.contains(token.index) else { return }
        items[token.index].events = Self.events(interest)
    }

    /// Forgets everything that is watched; earlier tokens become worthless.
    public mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
        handles.removeAll(keepingCapacity: true)
    }

    /// Waits until something is ready or the time is over.
    ///
    /// - Parameter timeout: The longest wait; `nil` waits for ever, zero only looks.
    /// - Returns: How many of the watched things are ready.
    @discardableResult
    public mutating func wait(_ timeout: Duration?) throws(ZeroMQError) -> Int {
        for (index, handle) in handles.enumerated() {
            guard let handle else { continue }
            items[index].socket = try handle.open("poll")
        }
        let milliseconds = timeout.map { Int($0.wholeMilliseconds) } ?? -1
        let count = Int32(items.count)
        // An interrupted wait counts as one that found nothing: the caller's loop looks at its
        // clock and waits again, so a signal cannot stretch a timeout.
        let ready = items.withUnsafeMutableBufferPointer { buffer in
            zmq_poll(buffer.baseAddress, count, milliseconds)
        }
        guard ready < 0 else { return Int(ready) }
        let code = zmq_errno()
        for index in items.indices { items[index].revents = 0 }
        guard code == EINTR else { throw ZeroMQError(code: code, operation: "poll") }
        return 0
    }

    /// Whether the last wait found something to receive or read.
    public func isReadable(_ token: Token) -> Bool {
        found(token, ZMQ_POLLIN | ZMQ_POLLERR)
    }

    /// Whether the last wait found room to send or write.
    public func isWritable(_ token: Token) -> Bool { found(token, ZMQ_POLLOUT) }

    private func found(_ token: Token, _ bits: Int32) -> Bool {
        guard items.indices.contains(token.index) else { return false }
        return Int32(items[token.index].revents) & bits != 0
    }

    private static func events(_ interest: Interest) -> Int16 {
        var events: Int32 = 0
        if interest.contains(.input) { events |= ZMQ_POLLIN }
        if interest.contains(.output) { events |= ZMQ_POLLOUT }
        return Int16(events)
    }
}

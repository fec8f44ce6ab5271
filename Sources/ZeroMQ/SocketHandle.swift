// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The owner of one libzmq socket pointer. `Socket`, `Poller` and `SocketMonitor` share it, so a
// poller that outlives a socket finds it closed instead of touching freed memory.

import CZeroMQ
import Glibc

/// The pointer of one socket, with the thread that may use it.
final class SocketHandle {
    let context: Context
    private(set) var pointer: UnsafeMutableRawPointer?
    private let owner: pthread_t
    private var isMonitored = false

    init(context: Context, kind: SocketKind) throws(ZeroMQError) {
        guard let pointer = zmq_socket(context.handle, kind.libraryType) else {
            throw ZeroMQError(code: zmq_errno(), operation: "create socket")
        }
        self.context = context
        self.pointer = pointer
        self.owner = pthread_self()
    }

    deinit { close() }

    /// The pointer, for the thread that created the socket.
    func open(_ operation: StaticString) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        assert(pthread_equal(owner, pthread_self()) != 0, "a socket belongs to one thread")
        guard let pointer else { throw ZeroMQError(code: ENOTSOCK, operation: "\(operation)") }
        return pointer
    }

    func close() {
        guard let pointer else { return }
        assert(pthread_equal(owner, pthread_self()) != 0, "a socket is closed by its thread")
        stopMonitoring()
        self.pointer = nil
        _ = ZeroMQError.attempt { zmq_close(pointer) }
    }

    /// Has the library report the socket's events to a pair that will connect to this endpoint.
    func monitor(endpoint: String, events: Int32) throws(ZeroMQError) {
        let pointer = try open("monitor")
        try ZeroMQError.check("monitor") { zmq_socket_monitor(pointer, endpoint, events) }
        isMonitored = true
    }

    /// Ends the reports.
    ///
    /// It must come before the pair that reads them is closed and before the socket is: a socket
    /// goes on living in the library's threads for a while after it was closed, and each of them
    /// that had an event to report to nobody would wait for ever, with all sockets of the context.
    func stopMonitoring() {
        guard isMonitored, let pointer else { return }
        isMonitored = false
        _ = ZeroMQError.attempt { zmq_socket_monitor(pointer, nil, 0) }
    }

    func set(_ option: Int32, _ value: Int32, _ operation: StaticString) throws(ZeroMQError) {
        let pointer = try open(operation)
        var value = value
        try ZeroMQError.check(operation) {
            zmq_setsockopt(pointer, option, &value, MemoryLayout<Int32>.size)
        }
    }

    func set(_ option: Int32, _ value: Int64, _ operation: StaticString) throws(ZeroMQError) {
        let pointer = try open(operation)
        var value = value
        try ZeroMQError.check(operation) {
            zmq_setsockopt(pointer, option, &value, MemoryLayout<Int64>.size)
        }
    }

    func set(
        _ option: Int32,
        bytes: UnsafeRawBufferPointer,
        _ operation: StaticString
    ) throws(ZeroMQError) {
        let pointer = try open(operation)
        try ZeroMQError.check(operation) {
            zmq_setsockopt(pointer, option, bytes.baseAddress, bytes.count)
        }
    }

    func set(_ option: Int32, text: String, _ operation: StaticString) throws(ZeroMQError) {
        let pointer = try open(operation)
        let bytes = Array(text.utf8)
        try ZeroMQError.check(operation) {
            zmq_setsockopt(pointer, option, bytes, bytes.count)
        }
    }

    /// What tells the outside that the socket has something to do.
    func descriptor() throws(ZeroMQError) -> Int32 {
        let pointer = try open("read descriptor")
        var descriptor: Int32 = -1
        var length = MemoryLayout<Int32>.size
        try ZeroMQError.check("read descriptor") {
            zmq_getsockopt(pointer, ZMQ_FD, &descriptor, &length)
        }
        return descriptor
    }

    /// The endpoint that the last bind or connect came to, with the real port.
    func lastEndpoint() throws(ZeroMQError) -> String {
        let pointer = try open("read endpoint")
        var buffer = [UInt8](repeating: 0, count: 1024)
        var length = buffer.count
        try ZeroMQError.check("read endpoint") {
            zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &buffer, &length)
        }
        // The length counts the closing zero byte.
        return String(decoding: buffer.prefix(max(0, length - 1)), as: UTF8.self)
    }
}

extension SocketKind {
    var libraryType: Int32 {
        switch self {
        case .router: ZMQ_ROUTER
        case .dealer: ZMQ_DEALER
        case .xpub: ZMQ_XPUB
        case .pub: ZMQ_PUB
        case .sub: ZMQ_SUB
        case .rep: ZMQ_REP
        case .req: ZMQ_REQ
        case .pair: ZMQ_PAIR
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A socket, used and closed by the thread that made it. It never waits: `Poller` does.

import CZeroMQ
public import Foundation
import Glibc

/// What became of a message given to a socket.
public enum SendOutcome: Sendable, Hashable {
    /// The library took the whole message into its queue.
    case sent
    /// There is no room or no peer now; nothing was taken.
    case wouldBlock
    /// The router knows no peer of that routing id; nothing was taken.
    case unreachable
}

/// A ZeroMQ socket.
///
/// A socket belongs to the thread that created it: that thread alone sends, receives and lets it
/// go, which debug builds assert. No call waits; use a `Poller` to wait.
public struct Socket: ~Copyable {
    let handle: SocketHandle
    /// The kind the socket was made as.
    public let kind: SocketKind
    private let maxFrames: Int

    /// Makes a socket and sets all its options.
    ///
    /// - Throws: `ZeroMQError` when the library refuses the socket or any option, among them the
    ///   enforcement of the ZAP domain.
    public init(
        _ kind: SocketKind,
        in context: Context,
        options: SocketOptions
    ) throws(ZeroMQError) {
        let handle = try SocketHandle(context: context, kind: kind)
        do throws(ZeroMQError) {
            try handle.apply(options, kind: kind)
        } catch {
            handle.close()
            throw error
        }
        self.handle = handle
        self.kind = kind
        self.maxFrames = max(1, options.maxFrames)
    }

    deinit { handle.close() }

    /// Closes the socket now.
    ///
    /// Unsent messages live on for the linger time.
    public consuming func close() {}

    /// Listens on an endpoint such as `tcp://127.0.0.1:*`.
    ///
    /// - Returns: The real endpoint, with the port that was chosen.
    @discardableResult
    public borrowing func bind(_ endpoint: String) throws(ZeroMQError) -> String {
        let pointer = try handle.open("bind")
        try ZeroMQError.check("bind") { zmq_bind(pointer, endpoint) }
        return try handle.lastEndpoint()
    }

    /// Stops listening on an endpoint that `bind` returned.
    ///
    /// Its connections are closed.
    public borrowing func unbind(_ endpoint: String) throws(ZeroMQError) {
        let pointer = try handle.open("unbind")
        try ZeroMQError.check("unbind") { zmq_unbind(pointer, endpoint) }
    }

    /// Starts to connect; the connection is made, and made again, in the background.
    public borrowing func connect(_ endpoint: String) throws(ZeroMQError) {
        let pointer = try handle.open("connect")
        try ZeroMQError.check("connect") { zmq_connect(pointer, endpoint) }
    }

    /// Ends the connection to an endpoint.
    public borrowing func disconnect(_ endpoint: String) throws(ZeroMQError) {
        let pointer = try handle.open("disconnect")
        try ZeroMQError.check("disconnect") { zmq_disconnect(pointer, endpoint) }
    }

    /// Receives what begins with these bytes from now on (sub sockets only).
    public borrowing func subscribe(_ prefix: String) throws(ZeroMQError) {
        try handle.set(ZMQ_SUBSCRIBE, text: prefix, "subscribe")
    }

    /// Takes one subscription back (sub sockets only).
    public borrowing func unsubscribe(_ prefix: String) throws(ZeroMQError) {
        try handle.set(ZMQ_UNSUBSCRIBE, text: prefix, "unsubscribe")
    }

    /// Becomes readable when the socket may have something to do (ZMQ_FD of zmq_getsockopt(3)): then
    /// `receive` until nothing is left, for it is not raised again by what is left.
    public borrowing func descriptor() throws(ZeroMQError) -> Int32 {
        try handle.descriptor()
    }

    /// Gives a message of one or more frames to the socket, whole or not at all.
    ///
    /// - Parameter frames: The frames in order; for a router the routing id comes first. Sending
    ///   no frame at all is an error.
    public borrowing func send<Frame: ContiguousBytes>(
        frames: [Frame]
    ) throws(ZeroMQError) -> SendOutcome {
        let pointer = try handle.open("send")
        guard !frames.isEmpty else { throw ZeroMQError(code: EINVAL, operation: "send") }
        for (index, frame) in frames.enumerated() {
            let flags = index + 1 < frames.count ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
            let code = frame.withUnsafeBytes { bytes in
                ZeroMQError.attempt { zmq_send(pointer, bytes.baseAddress, bytes.count, flags) }
                    .code
            }
            let outcome = try Self.outcome(code)
            guard outcome == .sent else { return outcome }
        }
        return .sent
    }

    /// Gives a message to one peer of a router; `write` fills the frame's own memory, so that what is
    /// large is copied once.
    ///
    /// - Parameter byteCount: Size of the frame after the routing id, all of which `write` must fill.
    public borrowing func send(
        to routingID: Data,
        byteCount: Int,
        _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(ZeroMQError) -> SendOutcome {
        let pointer = try handle.open("send")
        var frame = zmq_msg_t()
        try ZeroMQError.check("make a frame") { zmq_msg_init_size(&frame, byteCount) }
        // Once it is sent the message is empty, and closing it does nothing.
        defer { zmq_msg_close(&frame) }
        write(UnsafeMutableRawBufferPointer(start: zmq_msg_data(&frame), count: byteCount))
        let code = routingID.withUnsafeBytes { bytes in
            ZeroMQError.attempt {
                zmq_send(pointer, bytes.baseAddress, bytes.count, ZMQ_DONTWAIT | ZMQ_SNDMORE)
            }.code
        }
        guard code == 0 else { return try Self.outcome(code) }
        return try Self.outcome(
            ZeroMQError.attempt { zmq_msg_send(&frame, pointer, ZMQ_DONTWAIT) }.code
        )
    }

    private static func outcome(_ code: Int32) throws(ZeroMQError) -> SendOutcome {
        switch code {
        case 0: .sent
        // The library rolls back the frames of a message whose peer went away half-way, and says
        // "again": the frames that are left must not start a message of their own.
        case EAGAIN: .wouldBlock
        case EHOSTUNREACH: .unreachable
        default: throw ZeroMQError(code: code, operation: "send")
        }
    }

    /// Gives a message of a single frame to the socket.
    public borrowing func send(
        _ frame: some ContiguousBytes
    ) throws(ZeroMQError) -> SendOutcome {
        try send(frames: [frame])
    }

    /// Takes the next message, or `nil` when none has arrived.
    public borrowing func receive() throws(ZeroMQError) -> ReceivedMessage? {
        let pointer = try handle.open("receive")
        var received = ReceivedMessage()
        var frame = FrameBuffer()
        // Only a router puts a frame of its own before those of the peer.
        let describing = kind == .router ? 1 : 0
        var index = 0
        var hasMore = false
        repeat {
            let (result, code) = frame.receive(from: pointer)
            guard result >= 0 else {
                if code == EAGAIN, index == 0 { return nil }
                throw ZeroMQError(code: code, operation: "receive")
            }
            hasMore = frame.hasMore
            if index == describing { frame.describe(into: &received) }
            if index < maxFrames {
                received.frames.append(frame.takeData())
            } else {
                received.truncated = true
            }
            index += 1
        } while hasMore
        return received
    }
}

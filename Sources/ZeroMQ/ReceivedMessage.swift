// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One message as it came from a socket, with what the library knows about where it came from.

import CZeroMQ
public import Foundation

/// A message taken from a socket.
public struct ReceivedMessage: Sendable {
    /// The frames in order.
    ///
    /// From a router the first is the routing id of the connection: it must never be sent to
    /// another peer, shown, logged or taken as an identity.
    public var frames: [Data] = []
    /// The user that ZAP gave to the connection: the only proof of identity.
    ///
    /// `nil` when the connection was not authenticated. From a router it is read from the second
    /// frame, because the library can lose it on the first.
    public var userID: String?
    /// The IP address of the peer, without the port.
    public var peerAddress: String?
    /// The file descriptor of the connection, for `PeerConnection`; the library may not give it.
    public var sourceDescriptor: Int32?
    /// Whether frames beyond the socket's `maxFrames` were dropped.
    public var truncated = false
}

/// One library message, freed when it goes.
struct FrameBuffer: ~Copyable {
    private var message = zmq_msg_t()

    init() { zmq_msg_init(&message) }

    deinit {
        var message = message
        zmq_msg_close(&message)
    }

    /// Takes the next frame without waiting: its length, or a negative number and the error.
    mutating func receive(from socket: UnsafeMutableRawPointer) -> (result: Int32, code: Int32) {
        ZeroMQError.attempt { zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) }
    }

    /// The frame's bytes, once; of a large frame the library's own, which are freed with them.
    mutating func takeData() -> Data {
        let count = zmq_msg_size(&message)
        guard count > 0, let start = zmq_msg_data(&message) else { return Data() }
        guard count >= Self.keptByteCount else { return Data(bytes: start, count: count) }
        let kept = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        zmq_msg_init(kept)
        zmq_msg_move(kept, &message)
        return Data(
            bytesNoCopy: start,
            count: count,
            deallocator: .custom { _, _ in
                zmq_msg_close(kept)
                kept.deallocate()
            }
        )
    }

    /// From this size on bytes are not copied; the library keeps smaller frames inside its message.
    private static let keptByteCount = 4_096

    var hasMore: Bool {
        mutating get { zmq_msg_more(&message) != 0 }
    }

    /// Copies what the library knows about the sender of this frame.
    mutating func describe(into received: inout ReceivedMessage) {
        received.userID = property("User-Id").flatMap { $0.isEmpty ? nil : $0 }
        received.peerAddress = property("Peer-Address")
        let descriptor = zmq_msg_get(&message, ZMQ_SRCFD)
        received.sourceDescriptor = descriptor >= 0 ? descriptor : nil
    }

    private mutating func property(_ name: String) -> String? {
        zmq_msg_gets(&message, name).map { String(cString: $0) }
    }
}

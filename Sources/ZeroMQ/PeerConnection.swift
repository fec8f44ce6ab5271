// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One TCP connection under a router or publisher: cutting it, and asking how much of it has moved.
// The library asks ZAP only at the handshake, cannot close a single connection, and bounds its
// queues in messages and not in bytes; the connection's own descriptor can do all three.

import Glibc

/// The TCP connection behind a message, remembered with the far end it had.
public struct PeerConnection: Sendable, Hashable {
    /// The file descriptor of the connection.
    public let descriptor: Int32
    /// The far end's socket address when it was captured.
    private let remote: [UInt8]

    /// Remembers the far end of a descriptor taken from `ReceivedMessage.sourceDescriptor` or from
    /// `MonitorEvent.accepted`.
    ///
    /// `nil` when the descriptor is no connected socket (any more).
    public init?(descriptor: Int32) {
        guard let remote = Self.remoteAddress(of: descriptor) else { return nil }
        self.descriptor = descriptor
        self.remote = remote
    }

    /// Whether the descriptor still is this connection.
    public var isOpen: Bool { Self.remoteAddress(of: descriptor) == remote }

    /// Shuts the connection down in both directions, if it still has the same far end.
    ///
    /// The comparison guards against a number that the operating system has given to another
    /// connection meanwhile. The mapping should still be dropped when the monitor reports that
    /// the descriptor was closed or accepted anew.
    ///
    /// - Returns: Whether the connection was there and has been shut down.
    @discardableResult
    public func shutdownPeer() -> Bool {
        guard isOpen else { return false }
        return shutdown(descriptor, Int32(SHUT_RDWR)) == 0
    }

    /// Bytes that went over a connection, protocol and encryption included.
    public struct Traffic: Sendable, Hashable {
        /// What the far end's system has confirmed to have.
        public let sent: UInt64
        /// What this system has taken from the far end, read by the program or not.
        public let received: UInt64
    }

    /// How much went over the connection so far; `nil` once it is gone.
    public var traffic: Traffic? {
        // struct tcp_info of Linux (include/uapi/linux/tcp.h), whose layout only grows at its end;
        // glibc's own declaration ends before these two fields.
        let (sent, received, size) = (120, 128, 136)
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { bytes -> Traffic? in
            var length = socklen_t(size)
            let result = getsockopt(
                descriptor,
                Int32(IPPROTO_TCP),
                TCP_INFO,
                bytes.baseAddress,
                &length
            )
            guard result == 0, Int(length) >= size else { return nil }
            return Traffic(
                sent: bytes.load(fromByteOffset: sent, as: UInt64.self),
                received: bytes.load(fromByteOffset: received, as: UInt64.self)
            )
        }
    }

    private static func remoteAddress(of descriptor: Int32) -> [UInt8]? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &storage) { bytes -> Int32 in
            guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
                return -1
            }
            return getpeername(descriptor, address, &length)
        }
        guard result == 0 else { return nil }
        let count = min(Int(length), MemoryLayout<sockaddr_storage>.size)
        return withUnsafeBytes(of: &storage) { Array($0.prefix(count)) }
    }
}

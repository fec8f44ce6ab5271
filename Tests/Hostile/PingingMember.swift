// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A member that sends ZMTP PINGs among its messages and then resets its connection. libzmq (up to
// 4.3.5) ends the whole program where it reads such a PING after the reset, and it does when it had
// stopped reading because too many messages wait (`out_event` in src/stream_engine_base.cpp).

import CZeroMQ
import Foundation
import Glibc
import NetworkRig
import WiciNode
import ZeroMQ

extension Attack {
    static let byPings: [Attack] = [
        Attack(name: "pings behind packets, then a reset") { target, deadline in
            try pingAndReset(ZMQ_DEALER, target.exchange, target, deadline) { socket, _ in
                zmq_send(socket, "x", 1, ZMQ_DONTWAIT)
            }
        },
        Attack(name: "pings behind subscriptions, then a reset") { target, deadline in
            try pingAndReset(ZMQ_SUB, target.feed, target, deadline) { socket, number in
                let topic = "warning/\(number)"
                zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, topic.utf8.count)
            }
        },
    ]

    /// Sends some hundred messages with pings among them in one segment, and resets the connection
    /// while the hub may be reading them; again and again.
    private static func pingAndReset(
        _ kind: Int32,
        _ endpoint: String,
        _ target: Target,
        _ deadline: ContinuousClock.Instant,
        send: (_ socket: UnsafeMutableRawPointer, _ number: Int) -> Void
    ) throws -> Int {
        // The library itself and not our module, which has no heartbeats.
        guard let context = zmq_ctx_new(), let socket = zmq_socket(context, kind) else { return 0 }
        defer {
            zmq_close(socket)
            zmq_ctx_term(context)
        }
        for (option, value) in [
            (ZMQ_LINGER, 0), (ZMQ_SNDHWM, 0), (ZMQ_RCVHWM, 0), (ZMQ_HEARTBEAT_IVL, 1),
            (ZMQ_HEARTBEAT_TIMEOUT, 10_000), (ZMQ_RECONNECT_IVL, 1),
        ] as [(Int32, Int32)] {
            var value = value
            zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size)
        }
        let keys = target.member.keys.exchange
        target.hubKey.bytes.withUnsafeBytes {
            _ = zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, $0.baseAddress, $0.count)
        }
        keys.publicKey.bytes.withUnsafeBytes {
            _ = zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, $0.baseAddress, $0.count)
        }
        keys.withSecretBytes {
            _ = zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, $0.baseAddress, $0.count)
        }
        zmq_connect(socket, endpoint)
        var random = SeededGenerator(seed: 6)
        var resets = 0
        var sent = 0
        while deadline.isAhead {
            // The handshake takes a few milliseconds, and the library pings once each.
            usleep(UInt32.random(in: 5_000...40_000, using: &random))
            forEachConnection(to: endpoint) { cork($0, true) }
            for _ in 0..<4 {
                for _ in 0..<60 {
                    send(socket, sent)
                    sent += 1
                }
                usleep(1_500)
            }
            forEachConnection(to: endpoint) { cork($0, false) }
            usleep(UInt32.random(in: 0...400, using: &random))
            forEachConnection(to: endpoint) {
                reset($0)
                resets += 1
            }
        }
        return resets
    }

    /// Calls for each TCP connection of this process to an endpoint on loopback.
    private static func forEachConnection(to endpoint: String, _ body: (Int32) -> Void) {
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else { return }
        for descriptor in 3..<Int32(256) {
            var far = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isConnected = withUnsafeMutablePointer(to: &far) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(descriptor, $0, &length) == 0
                }
            }
            if isConnected, far.sin_port == port.bigEndian { body(descriptor) }
        }
    }

    /// Holds back what is sent, up to a segment, or lets it go (tcp(7)).
    private static func cork(_ descriptor: Int32, _ isOn: Bool) {
        var value: Int32 = isOn ? 1 : 0
        setsockopt(
            descriptor,
            Int32(IPPROTO_TCP),
            TCP_CORK,
            &value,
            socklen_t(MemoryLayout<Int32>.size)
        )
    }

    /// Resets a connection at once, by connecting it to no address (connect(2)).
    private static func reset(_ descriptor: Int32) {
        var none = sockaddr()
        none.sa_family = sa_family_t(AF_UNSPEC)
        _ = connect(descriptor, &none, socklen_t(MemoryLayout<sockaddr>.size))
    }
}

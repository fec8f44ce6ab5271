// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What somebody without a member's key can do: open, stall, and send bytes that are no protocol.

import Foundation
import NetworkRig
import ZeroMQ

extension Attack {
    static let byStrangers: [Attack] = [
        Attack(name: "connections that say nothing") { target, deadline in
            try hold(deadline, most: 2_000) { target.raw() }
        },
        Attack(name: "connections to the feed that say nothing") { target, deadline in
            try hold(deadline, most: 2_000) { target.raw(target.feed) }
        },
        Attack(name: "handshakes that stall") { target, deadline in
            try hold(deadline, most: 2_000) {
                let connection = target.raw()
                connection?.send(RawConnection.greeting())
                return connection
            }
        },
        Attack(name: "random bytes") { target, deadline in
            var random = SeededGenerator(seed: 1)
            return try repeated(deadline) {
                let connection = target.raw()
                return connection?.send(random.bytes(Int.random(in: 1...4_096, using: &random)))
                    ?? false
            }
        },
        Attack(name: "mutated handshakes") { target, deadline in
            var random = SeededGenerator(seed: 2)
            return try repeated(deadline) {
                guard let connection = target.raw() else { return false }
                // A HELLO of CURVE (RFC 26) has 200 bytes; its signature cannot be right.
                var handshake = RawConnection.greeting() + Data([0x04, 200, 5])
                handshake += Data("HELLO".utf8) + Data([1, 0]) + random.bytes(192)
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    let place = Int.random(in: 10..<handshake.count, using: &random)
                    handshake[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                }
                return connection.send(handshake)
            }
        },
        Attack(name: "64 MiB frames before the handshake") { target, deadline in
            let part = Data(repeating: 0x5A, count: 256 << 10)
            return try repeated(deadline) {
                guard let connection = target.raw() else { return false }
                // A long frame (flag 2) of 64 MiB, in a mechanism that needs no key.
                connection.send(
                    RawConnection.greeting("NULL") + Data([0x02, 0, 0, 0, 0, 4, 0, 0, 0])
                )
                for _ in 0..<256 where deadline.isAhead {
                    guard connection.send(part) else { break }
                }
                return true
            }
        },
        Attack(name: "strangers' keys at the door") { target, deadline in
            let context = try Context()
            return try repeated(deadline) {
                let keys = try CurveKeyPair.generate()
                let options = SocketOptions.curveClient(server: target.hubKey, own: keys)
                let socket = try Socket(.dealer, in: context, options: options)
                try socket.connect(target.exchange)
                _ = try socket.send(Data([1]))
                usleep(2_000)
                return true
            }
        },
    ]

    /// Opens connections and holds them until the deadline; gives how many were opened.
    private static func hold(
        _ deadline: ContinuousClock.Instant,
        most: Int,
        _ open: () -> RawConnection?
    ) throws -> Int {
        var held: [RawConnection] = []
        var count = 0
        while deadline.isAhead, count < 20_000 {
            if let connection = open() {
                held.append(connection)
                count += 1
            } else {
                usleep(1_000)
            }
            if held.count > most { held.removeFirst(most / 2) }
        }
        return count
    }

    /// Does one thing again and again; gives how often it could be done.
    static func repeated(
        _ deadline: ContinuousClock.Instant,
        _ body: () throws -> Bool
    ) throws -> Int {
        var count = 0
        while deadline.isAhead {
            if try body() { count += 1 } else { usleep(500) }
        }
        return count
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a member can do whose key is in the wrong hands: everything that needs the handshake.

import Foundation
import Glibc
import NetworkRig
import WiciCore
import WiciNode
import ZeroMQ

extension Attack {
    static let byMembers: [Attack] = [
        Attack(name: "64 MiB frames of a member") { target, deadline in
            let context = try Context()
            let socket = try target.socket(in: context)
            let frame = Data(repeating: 7, count: 64 << 20)
            return try repeated(deadline) { try socket.send(frame) == .sent }
        },
        Attack(name: "frames without an end") { target, deadline in
            let context = try Context()
            let socket = try target.socket(in: context) { $0.sendHighWaterMark = 0 }
            let part = Data(repeating: 7, count: 256 << 10)
            // One message of as many frames as the time allows, 256 at a time to keep ours bounded.
            return try repeated(deadline) {
                defer { usleep(20_000) }
                return try socket.send(frames: Array(repeating: part, count: 256)) == .sent
            }
        },
        Attack(name: "garbage packets") { target, deadline in
            var random = SeededGenerator(seed: 3)
            return try packets(target, deadline) {
                random.bytes(Int.random(in: 0...1_024, using: &random))
            }
        },
        Attack(name: "packets of unknown fields, 1 MiB each") { target, deadline in
            // Field 1,011, varint 7: three bytes, and again.
            let bytes = Data((0..<(1 << 20) / 3).flatMap { _ in [0x98, 0x3F, 0x07] as [UInt8] })
            return try packets(target, deadline) { bytes }
        },
        Attack(name: "bad envelopes, 256 at a time") { target, deadline in
            var submit = WireSubmit()
            var random = SeededGenerator(seed: 4)
            submit.envelopes = (0..<256).map { _ in random.bytes(600) }
            let bytes = try packet(.submit(submit))
            return try packets(target, deadline) { bytes }
        },
        Attack(name: "other senders' messages, again and again") { target, deadline in
            let context = try Context()
            var connection = try target.connection(in: context)
            _ = try connection.greet(program: "hostile", windowEnd: MailboxNumber(1_000))
            var fetch = WireFetch()
            fetch.request = 1
            fetch.mailbox = target.member.id.text
            fetch.from = 1
            fetch.limit = 1
            try connection.send(.fetch(fetch))
            var envelope: Data?
            for _ in 0..<50 where envelope == nil {
                guard
                    case .deliveries(let mail)? = try connection.receive(
                        within: .milliseconds(100)
                    )
                else { continue }
                envelope = mail.deliveries.first?.envelope
            }
            // Without mail of others it sends what nobody signed.
            var submit = WireSubmit()
            submit.envelopes = Array(repeating: envelope ?? Data(count: 400), count: 64)
            let bytes = try packet(.submit(submit))
            return try packets(target, deadline) { bytes }
        },
        Attack(name: "acknowledgements of numbers never sent") { target, deadline in
            var acknowledge = WireAcknowledge()
            acknowledge.through = 1 << 40
            acknowledge.windowEnd = .max
            let bytes = try packet(.acknowledge(acknowledge))
            return try packets(target, deadline) { bytes }
        },
        Attack(name: "hello without reading") { target, deadline in
            let bytes = try packet(hello(credit: .max))
            return try packets(target, deadline, reads: false) { bytes }
        },
        Attack(name: "fetches without reading") { target, deadline in
            var fetch = WireFetch()
            fetch.mailbox = target.member.id.text
            fetch.from = 1
            fetch.limit = 256
            let bytes = try packet(.fetch(fetch))
            return try packets(target, deadline, reads: false) { bytes }
        },
        Attack(name: "subscriptions to the feed without end") { target, deadline in
            let context = try Context()
            var made = 0
            while deadline.isAhead {
                let socket = try target.socket(.sub, in: context) { $0.sendHighWaterMark = 0 }
                for number in 0..<2_000 where deadline.isAhead {
                    try socket.subscribe("\(String(repeating: "x", count: 400))\(number)/")
                    made += 1
                    if number % 100 == 0 { usleep(2_000) }
                }
                usleep(50_000)
            }
            return made
        },
        Attack(name: "connections of one member without end") { target, deadline in
            let context = try Context(maxSockets: 1_000)
            var held: [HeldConnection] = []
            var made = 0
            while deadline.isAhead {
                let connection = try target.connection(in: context)
                try? connection.send(hello(credit: 0))
                held.append(HeldConnection(connection))
                made += 1
                if held.count > 200 { held.removeAll() }
                usleep(1_000)
            }
            return made
        },
    ]

    /// A hello that takes so many messages.
    private static func hello(credit: UInt64) -> WirePacket.OneOf_Content {
        var hello = WireHello()
        hello.versionMin = 1
        hello.versionMax = 1
        hello.windowEnd = credit
        return .hello(hello)
    }

    /// Sends packets over one connection after a hello, as fast as they are taken.
    private static func packets(
        _ target: Target,
        _ deadline: ContinuousClock.Instant,
        reads: Bool = true,
        _ next: () -> Data
    ) throws -> Int {
        let context = try Context()
        let socket = try target.socket(in: context) {
            $0.sendHighWaterMark = 64
            $0.receiveHighWaterMark = reads ? 0 : 1
        }
        _ = try socket.send(packet(hello(credit: reads ? 0 : .max)))
        return try repeated(deadline) {
            if reads { while try socket.receive() != nil {} }
            return try socket.send(next()) == .sent
        }
    }
}

/// A connection that is kept and not used.
private final class HeldConnection {
    private let connection: ExchangeConnection
    init(_ connection: consuming ExchangeConnection) { self.connection = connection }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The attacks by name: what a hostile peer does, as one function that ends at a deadline and counts.

import Foundation
import Glibc
import NetworkRig
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciNode
import ZeroMQ

/// One way to harm a hub.
struct Attack: Sendable {
    let name: String
    /// Attacks until the deadline; gives how often.
    let carryOut: @Sendable (Target, ContinuousClock.Instant) throws -> Int

    /// Every attack, strangers first.
    static let all = byStrangers + byMembers + byPings
}

/// The hub that is attacked, and the keys of a member who turned.
struct Target: Sendable {
    /// Where nodes connect.
    let exchange: String
    /// Where the feed is published.
    let feed: String
    let hubKey: CurvePublicKey
    let member: NetworkMember

    init(_ processes: ProcessNetwork, attacker: String) throws {
        member = try processes.network.member(attacker)
        exchange = member.configuration.hubEndpoint
        feed = try processes.network.hubFolder.configuration().feed
        hubKey = processes.network.hubKey
    }

    /// A connection of the member, authenticated.
    func connection(in context: Context) throws -> ExchangeConnection {
        try ExchangeConnection(
            to: exchange,
            hub: hubKey,
            keys: member.keys.exchange,
            in: context
        )
    }

    /// A socket of the member with none of the care that `ExchangeConnection` takes.
    func socket(
        _ kind: SocketKind = .dealer,
        in context: Context,
        _ change: (inout SocketOptions) -> Void = { _ in }
    ) throws -> Socket {
        var options = SocketOptions.curveClient(server: hubKey, own: member.keys.exchange)
        options.maxMessageSize = nil
        options.reconnectInterval = .milliseconds(50)
        options.reconnectIntervalMax = .milliseconds(200)
        change(&options)
        let socket = try Socket(kind, in: context, options: options)
        try socket.connect(kind == .dealer ? exchange : feed)
        return socket
    }

    /// A raw TCP connection; nil when none can be made.
    func raw(_ endpoint: String? = nil) -> RawConnection? {
        RawConnection(to: endpoint ?? exchange)
    }
}

/// The bytes of a packet.
func packet(_ content: WirePacket.OneOf_Content) throws -> Data {
    var packet = WirePacket()
    packet.content = content
    return try packet.serializedData()
}

/// A TCP connection that sends bytes of any kind.
final class RawConnection {
    private let descriptor: Int32

    init?(to endpoint: String) {
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            return nil
        }
        descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, result == 0 else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
    }

    deinit { close(descriptor) }

    /// Sends what fits; false when the other side has gone or takes nothing now.
    @discardableResult
    func send(_ bytes: Data) -> Bool {
        let sent = bytes.withUnsafeBytes {
            Glibc.send(
                descriptor,
                $0.baseAddress,
                $0.count,
                Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            )
        }
        return sent > 0
    }

    /// The greeting of ZMTP 3.1 (RFC 37) for a client of this mechanism.
    static func greeting(_ mechanism: String = "CURVE") -> Data {
        var name = Data(mechanism.utf8)
        name.append(Data(count: 20 - name.count))
        return Data([0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1]) + name + Data(count: 32)
    }
}

extension ContinuousClock.Instant {
    /// Whether this moment is still to come.
    var isAhead: Bool { ContinuousClock().now < self }
}

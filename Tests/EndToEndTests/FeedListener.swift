// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A plain subscriber with a member's key on the open feed, as any program could be one.

import Foundation
import NetworkRig
import WiciCore
import ZeroMQ

@testable import WiciNode

/// One subscriber, of the thread that made it.
struct FeedListener: ~Copyable {
    private let socket: Socket
    private let monitor: SocketMonitor
    private var poller = Poller()

    /// Connects with a member's key and asks for everything.
    init(_ member: TestNetwork.Member, feed: String) throws {
        var options = SocketOptions.curveClient(
            server: member.configuration.hubKey,
            own: member.keys.exchange
        )
        options.reconnectInterval = .milliseconds(100)
        options.reconnectIntervalMax = .milliseconds(200)
        let context = try Context()
        let socket = try Socket(.sub, in: context, options: options)
        let monitor = try SocketMonitor(socket)
        try socket.subscribe("")
        try socket.connect(feed)
        _ = poller.add(socket)
        _ = monitor.add(to: &poller)
        self.socket = socket
        self.monitor = monitor
    }

    /// Waits for the next message; its topic, or nil when none came in time.
    mutating func topic(within limit: Duration) throws -> String? {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        while clock.now < deadline {
            if let message = try socket.receive(), let topic = message.frames.first {
                return String(decoding: topic, as: UTF8.self)
            }
            try poller.wait(min(clock.now.duration(to: deadline), .milliseconds(200)))
        }
        return nil
    }

    /// Waits until the hub has cut the connection and refused the next; the status it gave.
    mutating func refusal(within limit: Duration) throws -> Int? {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        var wasCut = false
        while clock.now < deadline {
            while let event = try monitor.receive() {
                switch event {
                case .disconnected: wasCut = true
                case .authenticationFailed(let status) where wasCut: return status
                default: break
                }
            }
            try poller.wait(.milliseconds(50))
        }
        return nil
    }
}

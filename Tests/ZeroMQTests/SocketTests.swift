// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Plain sockets over loopback: frames, limits, refusals to send, subscriptions, create and close.

import CZeroMQ
import Foundation
import Testing

@testable import ZeroMQ

struct SocketTests {
    @Test func `binding a wildcard port tells the real port`() throws {
        let context = try Context()
        let socket = try Socket(.router, in: context, options: .test)
        let endpoint = try socket.bind("tcp://127.0.0.1:*")
        let port = try #require(endpoint.split(separator: ":").last.flatMap { Int($0) })
        #expect(endpoint.hasPrefix("tcp://127.0.0.1:") && port > 0)
    }

    @Test func `no socket has heartbeats, and each gives up a peer that answers nothing`() throws {
        let context = try Context()
        let keys = try CurveKeyPair.generate()
        for options in [
            SocketOptions(), .curveServer(keys, domain: "test"),
            .curveClient(server: keys.publicKey, own: keys),
        ] {
            let socket = try Socket(.dealer, in: context, options: options)
            #expect(try number(ZMQ_HEARTBEAT_IVL, of: socket) == 0)
            #expect(try number(ZMQ_TCP_KEEPALIVE, of: socket) == 1)
            #expect(try number(ZMQ_TCP_MAXRT, of: socket) == 30_000)
        }
    }

    /// An option as the library has it.
    private func number(_ option: Int32, of socket: borrowing Socket) throws -> Int32 {
        var value: Int32 = -1
        var length = MemoryLayout<Int32>.size
        let status = zmq_getsockopt(try socket.handle.open("ask"), option, &value, &length)
        try #require(status == 0)
        return value
    }

    @Test func `binding the same port twice is an error with a code`() throws {
        let context = try Context()
        let first = try Socket(.router, in: context, options: .test)
        let endpoint = try first.bind("tcp://127.0.0.1:*")
        let second = try Socket(.router, in: context, options: .test)
        do throws(ZeroMQError) {
            try second.bind(endpoint)
            Issue.record("the second bind succeeded")
        } catch {
            #expect(error.addressInUse && error.operation == "bind" && !error.message.isEmpty)
        }
    }

    @Test func `a thousand messages go each way whole and in order`() throws {
        let context = try Context()
        let router = try Socket(.router, in: context, options: .test)
        let dealer = try Socket(.dealer, in: context, options: .test)
        try dealer.connect(try router.bind("tcp://127.0.0.1:*"))
        for number in 0..<1000 { try dealer.deliver("question \(number)") }
        var peer = Data()
        for number in 0..<1000 {
            let message = try #require(try router.next())
            #expect(message.frames.count == 2)
            #expect(text(message.frames.last) == "question \(number)")
            #expect(message.userID == nil)
            peer = try #require(message.frames.first)
        }
        for number in 0..<1000 {
            let frames = [peer, Data("answer \(number)".utf8), Data()]
            var outcome = try router.send(frames: frames)
            while outcome == .wouldBlock { outcome = try router.send(frames: frames) }
            #expect(outcome == .sent)
        }
        for number in 0..<1000 {
            let message = try #require(try dealer.next())
            #expect(message.frames.map { text($0) } == ["answer \(number)", ""])
        }
        #expect(try dealer.receive() == nil)
    }

    @Test func `a router says that it cannot reach an unknown peer`() throws {
        let context = try Context()
        let router = try Socket(.router, in: context, options: .test)
        try router.bind("tcp://127.0.0.1:*")
        let frames = [Data("nobody".utf8), Data("hello".utf8)]
        #expect(try router.send(frames: frames) == .unreachable)
    }

    @Test func `a dealer without a peer would block and takes nothing`() throws {
        let context = try Context()
        let dealer = try Socket(.dealer, in: context, options: .test)
        #expect(try dealer.send(Data("hello".utf8)) == .wouldBlock)
        #expect(throws: ZeroMQError.self) { try dealer.send(frames: [Data]()) }
    }

    @Test func `a frame over the limit closes the connection and is never delivered`() throws {
        let context = try Context()
        var options = SocketOptions.test
        options.maxMessageSize = 1024
        let router = try Socket(.router, in: context, options: options)
        let monitor = try SocketMonitor(router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, in: context, options: .test)
        try dealer.connect(endpoint)
        try dealer.deliver(String(repeating: "a", count: 1024))
        #expect(try router.next()?.frames.last?.count == 1024)
        try dealer.deliver(String(repeating: "b", count: 1025))
        let lost = try monitor.first { event in
            if case .disconnected = event { true } else { false }
        }
        #expect(lost != nil)
        #expect(try router.next(within: glimpse) == nil)
    }

    @Test func `frames beyond the limit are dropped and reported`() throws {
        let context = try Context()
        var options = SocketOptions.inProcess
        options.maxFrames = 2
        let left = try Socket(.pair, in: context, options: options)
        let right = try Socket(.pair, in: context, options: options)
        try left.bind("inproc://frames")
        try right.connect("inproc://frames")
        #expect(try right.send(frames: (0..<5).map { Data([$0]) }) == .sent)
        #expect(try right.send(frames: [[9] as [UInt8]]) == .sent)
        let long = try #require(try left.next())
        #expect(long.frames == [Data([0]), Data([1])] && long.truncated)
        let short = try #require(try left.next())
        #expect(short.frames == [Data([9])] && !short.truncated)
    }

    @Test func `a subscriber hears its topics and no others`() throws {
        let context = try Context()
        let publisher = try Socket(.xpub, in: context, options: .test)
        let subscriber = try Socket(.sub, in: context, options: .test)
        try subscriber.connect(try publisher.bind("tcp://127.0.0.1:*"))
        try subscriber.subscribe("warning/")
        #expect(try publisher.next()?.frames.first == Data([1]) + Data("warning/".utf8))
        for topic in ["prevention/", "warning/PL-06/"] {
            #expect(try publisher.send(frames: [Data(topic.utf8), Data("body".utf8)]) == .sent)
        }
        #expect(try subscriber.next()?.frames.map { text($0) } == ["warning/PL-06/", "body"])
        try subscriber.unsubscribe("warning/")
        #expect(try publisher.next()?.frames.first == Data([0]) + Data("warning/".utf8))
        #expect(try subscriber.receive() == nil)
    }

    @Test func `sockets and contexts are made and closed many times`() throws {
        for _ in 0..<30 {
            let context = try Context(ioThreads: 1, maxSockets: 64)
            for _ in 0..<10 {
                let router = try Socket(.router, in: context, options: .test)
                let dealer = try Socket(.dealer, in: context, options: .test)
                try dealer.connect(try router.bind("tcp://127.0.0.1:*"))
                _ = try dealer.send(Data("left behind".utf8))
                dealer.close()
            }
        }
    }

    @Test func `a socket that lingers after its monitor is gone keeps no other from closing`()
        throws
    {
        let serving = try Context()
        let context = try Context()
        var options = SocketOptions.test
        options.linger = .milliseconds(100)
        do {
            let gone = try Socket(.router, in: serving, options: .test)
            let dealer = try Socket(.dealer, in: context, options: options)
            let monitor = try SocketMonitor(dealer)
            try dealer.connect(try gone.bind("tcp://127.0.0.1:*"))
            _ = try #require(try monitor.first { $0 == .handshakeSucceeded })
            gone.close()
            _ = try #require(
                try monitor.first { if case .disconnected = $0 { true } else { false } }
            )
            // With a message that nobody takes, the socket outlives both of these.
            _ = try dealer.send(Data("left behind".utf8))
            dealer.close()
            _ = consume monitor
        }
        let router = try Socket(.router, in: serving, options: .test)
        let watcher = try SocketMonitor(router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let clock = ContinuousClock()
        let end = clock.now + .milliseconds(300)
        while clock.now < end {
            let next = try Socket(.dealer, in: context, options: options)
            try next.connect(endpoint)
            _ = try #require(try watcher.first { $0 == .handshakeSucceeded })
            next.close()
            let isGone =
                try watcher.first { if case .disconnected = $0 { true } else { false } } != nil
            // A context whose threads wait for ever cannot be ended either: it is left as it is.
            if !isGone { _ = Unmanaged.passRetained(context) }
            try #require(isGone)
        }
    }

    @Test func `the socket limit of a context is an error and closing makes room again`() throws {
        let context = try Context(maxSockets: 2)
        let first = try Socket(.pair, in: context, options: .inProcess)
        let second = try Socket(.pair, in: context, options: .inProcess)
        #expect(throws: ZeroMQError.self) {
            _ = try Socket(.pair, in: context, options: .inProcess)
        }
        first.close()
        second.close()
        var made = false
        let clock = ContinuousClock()
        let end = clock.now + patience
        // A closed socket leaves the table when the library's reaper has seen it.
        while !made, clock.now < end {
            do throws(ZeroMQError) {
                _ = try Socket(.pair, in: context, options: .inProcess)
                made = true
            } catch {}
        }
        #expect(made)
    }

    @Test(arguments: [
        (Duration.milliseconds(1500), 1500 as Int32), (.zero, 0), (.seconds(-5), 0),
        (.microseconds(1), 1), (.seconds(10_000_000), 2_000_000_000),
    ])
    func `durations become whole milliseconds within bounds`(
        duration: Duration,
        milliseconds: Int32
    ) {
        #expect(duration.wholeMilliseconds == milliseconds)
    }
}

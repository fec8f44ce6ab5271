// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// CURVE and ZAP together: who gets in, under which name, and how one is cut off.

import Foundation
import Synchronization
import Testing

@testable import ZeroMQ

struct ZAPTests {
    private let context: Context
    private let server: CurveKeyPair
    private let member: CurveKeyPair

    init() throws {
        context = try Context()
        server = try .generate()
        member = try .generate()
    }

    private func serverOptions() -> SocketOptions { .curveServer(server, domain: "exchange") }

    private func client(_ keys: CurveKeyPair, of server: CurvePublicKey? = nil) -> SocketOptions {
        var options = SocketOptions.curveClient(server: server ?? self.server.publicKey, own: keys)
        options.reconnectInterval = .milliseconds(20)
        return options
    }

    @Test func `a known key gets in and its messages carry the user`() throws {
        let key = member.publicKey
        let seen = Mutex<[ZAPRequest]>([])
        let zap = try ZAPHandler(context: context) { request in
            seen.withLock { $0.append(request) }
            return request.clientKey == key ? .accept(userID: "pl-14-kom-1") : .refuse
        }
        let router = try Socket(.router, in: context, options: serverOptions())
        let dealer = try Socket(.dealer, in: context, options: client(member))
        try dealer.connect(try router.bind("tcp://127.0.0.1:*"))
        try dealer.deliver("hello")
        let message = try #require(try router.next())
        #expect(message.userID == "pl-14-kom-1")
        #expect(message.peerAddress == "127.0.0.1")
        #expect(message.sourceDescriptor != nil)
        let request = try #require(seen.withLock { $0.first })
        #expect(request.domain == "exchange" && request.address == "127.0.0.1")
        #expect(request.clientKey == key)
        zap.stop()
    }

    @Test func `a refused key is told so and nothing of it arrives`() throws {
        let zap = try ZAPHandler(context: context) { _ in .refuse }
        let router = try Socket(.router, in: context, options: serverOptions())
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, in: context, options: client(member))
        let monitor = try SocketMonitor(dealer)
        try dealer.connect(endpoint)
        try dealer.deliver("hello")
        let refusal = try monitor.first { event in
            if case .authenticationFailed = event { true } else { false }
        }
        #expect(refusal == .authenticationFailed(status: 400))
        #expect(try router.next(within: glimpse) == nil)
        zap.stop()
    }

    @Test func `who is told to come later gets in later on the same socket`() throws {
        let count = Mutex(0)
        let zap = try ZAPHandler(context: context) { _ in
            let attempt = count.withLock { count in
                count += 1
                return count
            }
            return attempt < 3 ? .retryLater : .accept(userID: "late")
        }
        var options = serverOptions()
        options.handshakeInterval = .milliseconds(300)
        let router = try Socket(.router, in: context, options: options)
        let dealer = try Socket(.dealer, in: context, options: client(member))
        try dealer.connect(try router.bind("tcp://127.0.0.1:*"))
        try dealer.deliver("hello")
        #expect(try router.next()?.userID == "late")
        #expect(count.withLock { $0 } >= 3)
        zap.stop()
    }

    @Test func `a client with the wrong server key never connects`() throws {
        let asked = Mutex(false)
        let zap = try ZAPHandler(context: context) { _ in
            asked.withLock { $0 = true }
            return .accept(userID: "anybody")
        }
        let router = try Socket(.router, in: context, options: serverOptions())
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let other = try CurveKeyPair.generate().publicKey
        let dealer = try Socket(.dealer, in: context, options: client(member, of: other))
        let monitor = try SocketMonitor(dealer)
        try dealer.connect(endpoint)
        try dealer.deliver("hello")
        let lost = try monitor.first { event in
            switch event {
            case .disconnected, .handshakeBroken, .protocolFailed: true
            default: false
            }
        }
        #expect(lost != nil)
        #expect(try router.next(within: glimpse) == nil)
        #expect(!asked.withLock { $0 })
        zap.stop()
    }

    @Test func `a plain client never gets in`() throws {
        let zap = try ZAPHandler(context: context) { _ in .accept(userID: "anybody") }
        let router = try Socket(.router, in: context, options: serverOptions())
        let dealer = try Socket(.dealer, in: context, options: .test)
        try dealer.connect(try router.bind("tcp://127.0.0.1:*"))
        try dealer.deliver("hello")
        #expect(try router.next(within: glimpse) == nil)
        zap.stop()
    }

    @Test func `without a handler nobody gets in`() throws {
        let router = try Socket(.router, in: context, options: serverOptions())
        let dealer = try Socket(.dealer, in: context, options: client(member))
        try dealer.connect(try router.bind("tcp://127.0.0.1:*"))
        try dealer.deliver("hello")
        #expect(try router.next(within: glimpse) == nil)
    }

    @Test func `enforcement without a domain is refused`() throws {
        #expect(throws: ZeroMQError.self) {
            _ = try Socket(.router, in: context, options: .curveServer(server, domain: ""))
        }
    }

    @Test func `a context has one handler, and a new one after the first has stopped`() throws {
        let first = try ZAPHandler(context: context) { _ in .refuse }
        #expect(throws: ZeroMQError.self) {
            _ = try ZAPHandler(context: context) { _ in .accept(userID: "anybody") }
        }
        first.stop()
        first.stop()
        let second = try ZAPHandler(context: context) { _ in .refuse }
        second.stop()
    }

    @Test func `a cut peer reconnects and is then refused`() throws {
        let revoked = Mutex(false)
        let zap = try ZAPHandler(context: context) { _ in
            revoked.withLock { $0 } ? .refuse : .accept(userID: "member")
        }
        let router = try Socket(.router, in: context, options: serverOptions())
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, in: context, options: client(member))
        let monitor = try SocketMonitor(dealer)
        try dealer.connect(endpoint)
        try dealer.deliver("hello")
        let descriptor = try #require(try router.next()?.sourceDescriptor)
        let connection = try #require(PeerConnection(descriptor: descriptor))
        revoked.withLock { $0 = true }
        #expect(connection.shutdownPeer())
        let refusal = try monitor.first { event in
            if case .authenticationFailed = event { true } else { false }
        }
        #expect(refusal == .authenticationFailed(status: 400))
        #expect(!connection.shutdownPeer())
        zap.stop()
    }

    @Test(arguments: [0, 6, 8]) func `a malformed question is refused`(frames: Int) {
        let question = Array(repeating: Data("1.0".utf8), count: frames)
        let reply = ZAPHandler.reply(to: question) { _ in .accept(userID: "anybody") }
        #expect(reply.count == 6 && text(reply[2]) == "500")
    }

    @Test func `an empty user is no identity`() {
        let question =
            ["1.0", "7", "exchange", "127.0.0.1", "", "CURVE"].map { Data($0.utf8) }
            + [Data(count: 32)]
        let refused = ZAPHandler.reply(to: question) { _ in .accept(userID: "") }
        #expect(text(refused[2]) == "500")
        let accepted = ZAPHandler.reply(to: question) { _ in .accept(userID: "node") }
        #expect(accepted.map { text($0) } == ["1.0", "7", "200", "OK", "node", ""])
    }
}

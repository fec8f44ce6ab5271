// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The bounds on connections, over real TCP connections on loopback: which one is cut, and when.

import Foundation
import Glibc
import Testing
import WiciCore

@testable import WiciHub
@testable import ZeroMQ

struct ConnectionTableTests {
    private let now = HubNetwork.now

    private func caller(_ node: NodeID) throws -> Caller {
        let key = try #require(RawPublicKey(hexadecimal: String(repeating: "ab", count: 32)))
        return Caller(node: node, key: key)
    }

    @Test func `a connection that says nothing is cut when its time is over`() throws {
        var table = ConnectionTable(limits: .init())
        let silent = try LoopbackPair()
        let speaking = try LoopbackPair()
        table.take(.accepted(descriptor: silent.accepted), now: now)
        table.take(.accepted(descriptor: speaking.accepted), now: now)
        table.note(
            [Data(count: 10)],
            over: speaking.accepted,
            from: try caller(HubNetwork.office),
            now: now
        )
        table.tick(now: now.adding(milliseconds: 14_900))
        #expect(!silent.isCut && !speaking.isCut && table.count == 2)
        table.tick(now: now.adding(milliseconds: 15_100))
        #expect(silent.isCut && !speaking.isCut && table.count == 1)
        #expect(table.cutCount == 1)
    }

    @Test func `of too many strangers the oldest gives way, and never one who has spoken`() throws {
        var limits = ConnectionTable.Limits()
        limits.newcomers = 3
        var table = ConnectionTable(limits: limits)
        let member = try LoopbackPair()
        table.take(.accepted(descriptor: member.accepted), now: now)
        table.note(
            [Data(count: 10)],
            over: member.accepted,
            from: try caller(HubNetwork.office),
            now: now
        )
        let strangers = try (0..<10).map { _ in try LoopbackPair() }
        for place in 0..<strangers.count {
            table.take(.accepted(descriptor: strangers[place].accepted), now: now)
        }
        let cut = (0..<strangers.count).map { strangers[$0].isCut }
        #expect(cut == Array(repeating: true, count: 7) + [false, false, false])
        #expect(!member.isCut && table.count == 4)
    }

    @Test func `all together keep their number by the newcomers`() throws {
        var limits = ConnectionTable.Limits()
        limits.total = 4
        var table = ConnectionTable(limits: limits)
        let members = try (0..<4).map { _ in try LoopbackPair() }
        for place in 0..<members.count {
            table.take(.accepted(descriptor: members[place].accepted), now: now)
            table.note(
                [Data()],
                over: members[place].accepted,
                from: try caller(HubNetwork.nodes[place]),
                now: now
            )
        }
        let late = try LoopbackPair()
        table.take(.accepted(descriptor: late.accepted), now: now)
        #expect(late.isCut && table.count == 4)
        #expect((0..<4).allSatisfy { !members[$0].isCut })
        table.take(.disconnected(descriptor: members[0].accepted), now: now)
        let later = try LoopbackPair()
        table.take(.accepted(descriptor: later.accepted), now: now)
        #expect(!later.isCut && table.count == 4)
    }

    @Test func `of one node's connections the oldest gives way, and other nodes keep theirs`()
        throws
    {
        var table = ConnectionTable(limits: .init())
        let other = try LoopbackPair()
        table.note(
            [Data(count: 1)],
            over: other.accepted,
            from: try caller(HubNetwork.office),
            now: now
        )
        let many = try (0..<6).map { _ in try LoopbackPair() }
        for place in 0..<many.count {
            table.note(
                [Data()],
                over: many[place].accepted,
                from: try caller(HubNetwork.police),
                now: now
            )
        }
        #expect((0..<6).map { many[$0].isCut } == [true, true, false, false, false, false])
        #expect(!other.isCut)
    }

    @Test func `who sends without ever finishing a message is cut at a number of bytes`() throws {
        var limits = ConnectionTable.Limits()
        limits.unreadBytes = 64 << 10
        var table = ConnectionTable(limits: limits)
        let honest = try LoopbackPair()
        let endless = try LoopbackPair()
        for pair in [honest.accepted, endless.accepted] {
            table.take(.accepted(descriptor: pair), now: now)
        }
        for _ in 0..<8 {
            try honest.write(bytes: 32 << 10)
            try endless.write(bytes: 32 << 10)
            honest.drain()
            endless.drain()
            table.note(
                [Data(count: 32 << 10)],
                over: honest.accepted,
                from: try caller(HubNetwork.office),
                now: now
            )
            table.tick(now: now)
        }
        #expect(endless.isCut && !honest.isCut)
    }

    @Test func `who takes nothing is cut at a number of bytes, and who takes all goes on`() throws {
        var limits = ConnectionTable.Limits()
        limits.unsentBytes = 8 << 20
        var table = ConnectionTable(limits: limits)
        let reading = try LoopbackPair()
        let stopped = try LoopbackPair()
        table.take(.accepted(descriptor: reading.accepted), now: now)
        table.take(.accepted(descriptor: stopped.accepted), now: now)
        let readingPeer = try #require(PeerConnection(descriptor: reading.accepted))
        let stoppedPeer = try #require(PeerConnection(descriptor: stopped.accepted))
        var given = 0
        // Nothing of what is given to the stopped one reaches its system.
        while given < 64 << 20, table.give(256 << 10, to: stoppedPeer) { given += 256 << 10 }
        #expect((7 << 20...9 << 20).contains(given))
        #expect(stopped.isCut)
        for _ in 0..<64 {
            try reading.answer(bytes: 256 << 10)
            let isTaken = table.give(256 << 10, to: readingPeer)
            #expect(isTaken)
        }
        #expect(!reading.isCut)
        #expect((readingPeer.traffic?.sent ?? 0) >= 64 * 256 << 10 - 1)
    }

    @Test func `messages over a connection's life are counted where they are bounded`() throws {
        var limits = ConnectionTable.Limits()
        limits.messages = 5
        var table = ConnectionTable(limits: limits)
        let pair = try LoopbackPair()
        for _ in 0..<5 {
            table.note(
                [Data(count: 9)],
                over: pair.accepted,
                from: try caller(HubNetwork.police),
                now: now
            )
        }
        #expect(!pair.isCut)
        table.note(
            [Data(count: 9)],
            over: pair.accepted,
            from: try caller(HubNetwork.police),
            now: now
        )
        #expect(pair.isCut)
    }

    @Test func `the connections of chosen callers are cut and no others`() throws {
        var table = ConnectionTable(limits: .init())
        let police = try LoopbackPair()
        let office = try LoopbackPair()
        table.note(
            [Data(count: 1)],
            over: police.accepted,
            from: try caller(HubNetwork.police),
            now: now
        )
        table.note(
            [Data(count: 1)],
            over: office.accepted,
            from: try caller(HubNetwork.office),
            now: now
        )
        table.cut { $0.node == HubNetwork.police }
        #expect(police.isCut && !office.isCut && table.count == 1)
    }
}

/// Both ends of one TCP connection on loopback, closed with it.
private final class LoopbackPair: Sendable {
    private let connected: Int32
    /// The end that the table watches.
    let accepted: Int32

    struct Failure: Error {}

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.connected = connected
        let isMade = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, pointer, &length) == 0
                    && connect(connected, pointer, length) == 0
            }
        }
        accepted = isMade ? accept(listener, nil, nil) : -1
        guard accepted >= 0 else { throw Failure() }
    }

    deinit {
        Glibc.close(connected)
        Glibc.close(accepted)
    }

    /// Whether the far end sees the end of the connection.
    var isCut: Bool {
        var byte: UInt8 = 0
        return recv(connected, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK)) == 0
    }

    /// The far end sends.
    func write(bytes: Int) throws { try Self.send(bytes, over: connected) }

    /// The near end takes what has arrived.
    func drain() { Self.read(accepted) }

    /// The near end sends and the far end takes it.
    func answer(bytes: Int) throws {
        for start in stride(from: 0, to: bytes, by: 32 << 10) {
            try Self.send(min(32 << 10, bytes - start), over: accepted)
            Self.read(connected)
        }
    }

    private static func send(_ count: Int, over descriptor: Int32) throws {
        let bytes = [UInt8](repeating: 7, count: count)
        let sent = Glibc.send(descriptor, bytes, count, Int32(MSG_NOSIGNAL))
        // A connection that was cut takes nothing more.
        guard sent == count || errno == EPIPE || errno == ECONNRESET else { throw Failure() }
    }

    private static func read(_ descriptor: Int32) {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        while recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
}

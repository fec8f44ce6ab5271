// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The TCP connections under one of the hub's sockets, from their acceptance on, and the bounds that
// each of them keeps or is cut: who does not say who it is, who opens too many, who sends without
// finishing, who takes nothing, who subscribes without end. libzmq bounds messages; this bounds
// bytes, connections and time.

import Foundation
import WiciCore
import ZeroMQ

/// Who is connected to a socket, and what waits on each connection.
struct ConnectionTable {
    /// What one connection, one node and all together may take.
    struct Limits {
        /// How long a connection may stay without a word from an authenticated node.
        var newcomerMilliseconds: Int64 = 15_000
        /// Connections without a word at one time; the oldest gives way.
        var newcomers = 512
        /// Connections of one node; the oldest gives way.
        var perNode = 4
        /// All connections; beyond it a newcomer gives way.
        var total = 10_000
        /// Bytes that a peer has sent and that are no whole message yet, or wait to be taken.
        ///
        /// A node of ours has one batch of half a mebibyte on the way.
        var unreadBytes: UInt64 = 12 << 20
        /// Bytes given to the library that the peer's system has not taken.
        var unsentBytes: UInt64 = 16 << 20
        /// Messages over the whole life of a connection: subscriptions, on the feed.
        var messages = Int.max
    }

    private struct Entry {
        let connection: PeerConnection
        /// Tells it from another that gets its descriptor later.
        let number: UInt64
        let since: Moment
        var caller: Caller?
        var messages = 0
        /// Bytes of the connection that were taken from the socket, those of the protocol included.
        var taken: UInt64 = 0
        /// Value of `taken` at which the system is asked what the peer has sent.
        var countAt: UInt64 = Self.countEvery
        /// Until when protocol bytes that are in no message were forgiven.
        var forgiven: Moment
        /// Bytes given to the socket, and less: never more than what the connection will carry.
        var given: UInt64 = 0
        /// Value of `given` at which the system is asked what the peer has taken.
        var askAt: UInt64 = Self.askEvery

        static let askEvery: UInt64 = 1 << 20
        static let countEvery: UInt64 = 64 << 10
    }

    private let limits: Limits
    private var entries: [Int32: Entry] = [:]
    private var acceptances: UInt64 = 0
    /// In the order of acceptance; some may have gone or spoken, and those before `firstNewcomer` have.
    private var newcomers: [(descriptor: Int32, number: UInt64)] = []
    private var firstNewcomer = 0
    private var newcomerCount = 0
    private var ofNode: [NodeID: [Int32]] = [:]
    /// Connections cut for breaking a bound.
    private(set) var cutCount: UInt64 = 0

    /// ZMTP and CURVE add this much to a frame (RFC 23, RFC 26): the command's name, nonce, flags and
    /// authenticator, behind one flag and a length of one byte or of eight.
    private static func wireBytes(_ frame: Int) -> UInt64 {
        let body = UInt64(frame) + 33
        return body + (body > 255 ? 9 : 2)
    }
    /// Handshake and heartbeats are in no message: so many bytes a second are not held against a peer.
    private static let forgivenPerSecond: Int64 = 1 << 10

    init(limits: Limits) {
        self.limits = limits
    }

    /// Connections that are known.
    var count: Int { entries.count }

    /// Takes what the monitor says.
    mutating func take(_ event: MonitorEvent, now: Moment) {
        switch event {
        // A message may have told of it first.
        case .accepted(let descriptor) where entries[descriptor]?.connection.isOpen != true:
            accept(descriptor, now: now)
        case .disconnected(let descriptor): remove(descriptor)
        default: break
        }
    }

    /// Notes a message: whose it was, and that its frames have been taken from their connection.
    mutating func note(
        _ frames: some Sequence<Data>,
        over descriptor: Int32?,
        from caller: Caller,
        now: Moment
    ) {
        guard let descriptor else { return }
        // The system gives a number again: what comes from someone else is another connection.
        if entries[descriptor].map({ $0.caller ?? caller }) != caller {
            accept(descriptor, now: now)
        }
        guard let place = entries.index(forKey: descriptor) else { return }
        let bytes = frames.reduce(0) { $0 + Self.wireBytes($1.count) }
        entries.values[place].taken += bytes
        entries.values[place].messages += 1
        let entry = entries.values[place]
        if entry.caller == nil { attribute(descriptor, to: caller) }
        // Whoever sends without pause is looked at as often as its bytes come, and not with the time.
        if entry.messages > limits.messages
            || entry.taken >= entry.countAt && isOverUnread(descriptor, now: now)
        {
            cut(descriptor)
        }
    }

    /// Notes that a message is about to be given to the socket; false when the peer takes nothing,
    /// and the connection is cut.
    mutating func give(_ bytes: Int, to connection: PeerConnection) -> Bool {
        guard let place = entries.index(forKey: connection.descriptor) else { return true }
        entries.values[place].given += Self.wireBytes(bytes)
        let given = entries.values[place].given
        guard given >= entries.values[place].askAt, entries.values[place].connection == connection,
            let traffic = connection.traffic
        else { return true }
        guard given <= traffic.sent + limits.unsentBytes else {
            cut(connection.descriptor)
            return false
        }
        // What the estimate missed is no credit for later.
        entries.values[place].given = max(given, traffic.sent)
        entries.values[place].askAt = max(given, traffic.sent) + Entry.askEvery
        return true
    }

    /// Cuts who has been silent since it came, and who has sent more than it has finished.
    mutating func tick(now: Moment) {
        // The oldest come first, so the first that may stay ends the search.
        while let oldest = oldestNewcomer() {
            let isOver = oldest.since.adding(milliseconds: limits.newcomerMilliseconds) < now
            guard isOver || now < oldest.since else { break }
            cut(oldest.connection.descriptor)
        }
        for descriptor in Array(entries.keys) where isOverUnread(descriptor, now: now) {
            cut(descriptor)
        }
    }

    /// Asks the system what a peer has sent: whether too much of it has not been taken.
    private mutating func isOverUnread(_ descriptor: Int32, now: Moment) -> Bool {
        guard let place = entries.index(forKey: descriptor),
            let received = entries.values[place].connection.traffic?.received
        else { return false }
        let elapsed = now.milliseconds - entries.values[place].forgiven.milliseconds
        entries.values[place].forgiven = now
        let forgiven = UInt64(max(0, elapsed) * Self.forgivenPerSecond / 1_000)
        let taken = min(entries.values[place].taken + forgiven, received)
        entries.values[place].taken = taken
        entries.values[place].countAt = taken + Entry.countEvery
        return received - taken > limits.unreadBytes
    }

    /// Cuts every connection of those callers.
    mutating func cut(where holds: (Caller) -> Bool) {
        for (descriptor, entry) in entries {
            if let caller = entry.caller, holds(caller) { cut(descriptor) }
        }
    }

    // MARK: One connection

    private mutating func accept(_ descriptor: Int32, now: Moment) {
        remove(descriptor)
        guard let connection = PeerConnection(descriptor: descriptor) else { return }
        acceptances += 1
        var entry = Entry(connection: connection, number: acceptances, since: now, forgiven: now)
        // Where a message told of it first: what came before is not held against it.
        entry.taken = connection.traffic?.received ?? 0
        entries[descriptor] = entry
        newcomers.append((descriptor, acceptances))
        newcomerCount += 1
        while newcomerCount > limits.newcomers || entries.count > limits.total,
            let oldest = oldestNewcomer()
        {
            cut(oldest.connection.descriptor)
        }
    }

    /// Who has been here longest without a word; those who have gone or spoken are passed over.
    private mutating func oldestNewcomer() -> Entry? {
        while firstNewcomer < newcomers.count {
            let (descriptor, number) = newcomers[firstNewcomer]
            if let entry = entries[descriptor], entry.number == number, entry.caller == nil {
                return entry
            }
            firstNewcomer += 1
            if firstNewcomer == 1_024 {
                newcomers.removeFirst(firstNewcomer)
                firstNewcomer = 0
            }
        }
        return nil
    }

    private mutating func attribute(_ descriptor: Int32, to caller: Caller) {
        newcomerCount -= 1
        entries[descriptor]?.caller = caller
        var known = ofNode[caller.node, default: []]
        known.append(descriptor)
        ofNode[caller.node] = known
        if known.count > limits.perNode { cut(known[0]) }
    }

    private mutating func cut(_ descriptor: Int32) {
        entries[descriptor]?.connection.shutdownPeer()
        cutCount += 1
        remove(descriptor)
    }

    private mutating func remove(_ descriptor: Int32) {
        guard let entry = entries.removeValue(forKey: descriptor) else { return }
        guard let node = entry.caller?.node else {
            newcomerCount -= 1
            return
        }
        ofNode[node]?.removeAll { $0 == descriptor }
        if ofNode[node]?.isEmpty == true { ofNode[node] = nil }
    }
}

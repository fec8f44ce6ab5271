// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Everything a socket is told before it binds or connects. Every option is set explicitly, so that
// no default of the library is relied upon.

/// The kinds of socket that the program uses.
public enum SocketKind: Sendable, Hashable, CaseIterable {
    /// Talks to many peers, each addressed by the first frame.
    case router
    /// Talks to one peer, or to several in turn, without a fixed order of question and answer.
    case dealer
    /// Publishes to subscribers and receives their subscriptions.
    case xpub
    /// Publishes to subscribers.
    case pub
    /// Receives what it has subscribed to.
    case sub
    /// Answers questions, one at a time.
    case rep
    /// Asks questions, one at a time.
    case req
    /// Talks to exactly one peer inside the process.
    case pair
}

/// How the bytes of a connection are protected.
public enum SocketSecurity: Sendable {
    /// Nothing is protected: only for connections inside the process and for tests.
    case plain
    /// The side that holds the well-known key.
    ///
    /// Clients are checked through ZAP in `zapDomain`.
    case curveServer(CurveKeyPair)
    /// The side that knows the server's public key and proves its own.
    case curveClient(server: CurvePublicKey, own: CurveKeyPair)
}

/// The TCP keep-alive of a connection.
public struct KeepAlive: Sendable, Hashable {
    /// Seconds without traffic before the first probe.
    public var idle: Int
    /// Seconds between probes.
    public var interval: Int
    /// Unanswered probes before the connection counts as dead.
    public var count: Int

    /// Creates a keep-alive from seconds and a number of probes.
    public init(idle: Int = 10, interval: Int = 5, count: Int = 4) {
        self.idle = idle
        self.interval = interval
        self.count = count
    }
}

/// What a socket is told before it binds or connects.
public struct SocketOptions: Sendable {
    /// The largest frame accepted from a peer, in bytes; a longer one closes the connection.
    ///
    /// It applies before authentication. `nil` is unlimited, and only right inside the process.
    public var maxMessageSize: Int? = 1 << 20
    /// The most frames that a received message may have; the rest is dropped and reported.
    public var maxFrames = 16
    /// Messages kept for each peer before sending would block; 0 is unlimited.
    public var sendHighWaterMark = 1000
    /// Messages kept from each peer before the peer is held back; 0 is unlimited.
    public var receiveHighWaterMark = 1000
    /// How long unsent messages may delay the end of the context after the socket is closed.
    public var linger: Duration = .zero
    /// How long a peer may take for the handshake, authentication included.
    public var handshakeInterval: Duration = .seconds(5)
    /// How long a peer may leave unanswered what was sent to it, probes of the keep-alive included, before
    /// the connection counts as dead; zero leaves it to the operating system.
    ///
    /// This and the keep-alive stand for ZMTP's heartbeats, which are never switched on: libzmq up to
    /// 4.3.5 ends the whole program when one falls due on a connection that broke while its messages
    /// wait to be taken (`out_event` in src/stream_engine_base.cpp).
    public var peerTimeout: Duration = .seconds(30)
    /// The first pause before a lost connection is tried again.
    public var reconnectInterval: Duration = .milliseconds(200)
    /// The longest pause before a lost connection is tried again.
    public var reconnectIntervalMax: Duration = .seconds(30)
    /// How long an outgoing TCP connection may take; zero leaves it to the operating system.
    public var connectTimeout: Duration = .seconds(10)
    /// Connections that may wait to be accepted.
    public var backlog = 512
    /// Whether messages are queued only for completed connections.
    public var immediate = false
    /// Whether a router refuses to send to an unknown or full peer instead of losing the message.
    public var routerMandatory = true
    /// Whether a publisher is told of every subscription and not only of the first of its kind.
    public var reportsEverySubscription = false
    /// Whether IPv6 is used as well.
    public var ipv6 = false
    /// The TCP keep-alive; `nil` switches it off.
    public var tcpKeepAlive: KeepAlive? = KeepAlive()
    /// How the bytes are protected.
    public var security: SocketSecurity = .plain
    /// The ZAP domain of a server.
    ///
    /// An empty domain means that ZAP is never asked.
    public var zapDomain = ""
    /// Whether a connection is refused when nobody answers ZAP.
    ///
    /// A library that does not know this option makes the creation of the socket fail.
    public var enforceZAPDomain = false

    /// The defaults for a connection over a network; see each property.
    public init() {}

    /// The options for a socket that stays inside the process.
    public static var inProcess: SocketOptions {
        var options = SocketOptions()
        options.maxMessageSize = nil
        options.peerTimeout = .zero
        options.tcpKeepAlive = nil
        return options
    }

    /// The options for a server whose clients are known by their CURVE keys, failing closed.
    ///
    /// - Parameters:
    ///   - keys: The server's key pair.
    ///   - domain: The ZAP domain, which must not be empty.
    public static func curveServer(_ keys: CurveKeyPair, domain: String) -> SocketOptions {
        var options = SocketOptions()
        options.security = .curveServer(keys)
        options.zapDomain = domain
        options.enforceZAPDomain = true
        return options
    }

    /// The options for a client of a server with a known key.
    public static func curveClient(server: CurvePublicKey, own: CurveKeyPair) -> SocketOptions {
        var options = SocketOptions()
        options.security = .curveClient(server: server, own: own)
        return options
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, within what the library takes.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        guard seconds > -2_000_000 else { return 0 }
        let part = 1_000_000_000_000_000 as Int64
        let rounded = (attoseconds + part - 1) / part
        return Int32(clamping: max(0, seconds * 1000 + rounded))
    }
}

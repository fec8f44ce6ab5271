// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The translation of `SocketOptions` into the library's options.

import CZeroMQ
import Glibc

/// The number of the option that makes ZAP fail closed.
///
/// Its name is in the draft part of the library's header, yet release builds accept it; a refusal
/// fails the creation of the socket.
private let enforceDomainOption: Int32 = 93

extension SocketHandle {
    func apply(_ options: SocketOptions, kind: SocketKind) throws(ZeroMQError) {
        try applyLimits(options)
        try applyTimes(options)
        try applyTransport(options)
        try applySecurity(options)
        if kind == .router {
            try set(ZMQ_ROUTER_HANDOVER, Int32(0), "switch handover off")
            try set(ZMQ_ROUTER_MANDATORY, Int32(options.routerMandatory ? 1 : 0), "set mandatory")
        }
        if kind == .xpub {
            let isVerbose = Int32(options.reportsEverySubscription ? 1 : 0)
            try set(ZMQ_XPUB_VERBOSE, isVerbose, "set the reports of subscriptions")
        }
    }

    private func applyLimits(_ options: SocketOptions) throws(ZeroMQError) {
        let largest = options.maxMessageSize.map { Int64($0) } ?? -1
        try set(ZMQ_MAXMSGSIZE, largest, "set the largest message")
        try set(ZMQ_SNDHWM, Int32(clamping: options.sendHighWaterMark), "set the send mark")
        try set(ZMQ_RCVHWM, Int32(clamping: options.receiveHighWaterMark), "set the receive mark")
        try set(ZMQ_BACKLOG, Int32(clamping: options.backlog), "set the backlog")
        try set(ZMQ_IMMEDIATE, Int32(options.immediate ? 1 : 0), "set immediate")
    }

    private func applyTimes(_ options: SocketOptions) throws(ZeroMQError) {
        try set(ZMQ_LINGER, options.linger.wholeMilliseconds, "set linger")
        try set(
            ZMQ_HANDSHAKE_IVL,
            max(1, options.handshakeInterval.wholeMilliseconds),
            "set the handshake interval"
        )
        try set(ZMQ_TCP_MAXRT, options.peerTimeout.wholeMilliseconds, "set the peer's timeout")
        try set(
            ZMQ_RECONNECT_IVL,
            max(1, options.reconnectInterval.wholeMilliseconds),
            "set the reconnect interval"
        )
        try set(
            ZMQ_RECONNECT_IVL_MAX,
            options.reconnectIntervalMax.wholeMilliseconds,
            "set the longest reconnect interval"
        )
        try set(
            ZMQ_CONNECT_TIMEOUT,
            options.connectTimeout.wholeMilliseconds,
            "set the connect timeout"
        )
    }

    private func applyTransport(_ options: SocketOptions) throws(ZeroMQError) {
        try set(ZMQ_IPV6, Int32(options.ipv6 ? 1 : 0), "set IPv6")
        guard let keepAlive = options.tcpKeepAlive else {
            try set(ZMQ_TCP_KEEPALIVE, Int32(0), "switch keep-alive off")
            return
        }
        try set(ZMQ_TCP_KEEPALIVE, Int32(1), "switch keep-alive on")
        try set(
            ZMQ_TCP_KEEPALIVE_IDLE,
            Int32(clamping: keepAlive.idle),
            "set the keep-alive idle time"
        )
        try set(
            ZMQ_TCP_KEEPALIVE_INTVL,
            Int32(clamping: keepAlive.interval),
            "set the keep-alive interval"
        )
        try set(
            ZMQ_TCP_KEEPALIVE_CNT,
            Int32(clamping: keepAlive.count),
            "set the keep-alive count"
        )
    }

    private func applySecurity(_ options: SocketOptions) throws(ZeroMQError) {
        if options.enforceZAPDomain {
            // Enforcement with an empty domain would skip ZAP, which is the opposite of its name.
            guard !options.zapDomain.isEmpty else {
                throw ZeroMQError(code: EINVAL, operation: "enforce the ZAP domain")
            }
            try set(enforceDomainOption, Int32(1), "enforce the ZAP domain")
        }
        if !options.zapDomain.isEmpty {
            try set(ZMQ_ZAP_DOMAIN, text: options.zapDomain, "set the ZAP domain")
        }
        switch options.security {
        case .plain:
            break
        case .curveServer(let keys):
            try set(ZMQ_CURVE_SERVER, Int32(1), "act as CURVE server")
            try setSecret(keys)
        case .curveClient(let server, let own):
            try setKey(ZMQ_CURVE_SERVERKEY, server, "set the server key")
            try setKey(ZMQ_CURVE_PUBLICKEY, own.publicKey, "set the public key")
            try setSecret(own)
        }
    }

    private func setKey(
        _ option: Int32,
        _ key: CurvePublicKey,
        _ operation: StaticString
    ) throws(ZeroMQError) {
        let bytes = Array(key.bytes)
        let result: Result<Void, ZeroMQError> = bytes.withUnsafeBytes { buffer in
            Result { () throws(ZeroMQError) in try set(option, bytes: buffer, operation) }
        }
        try result.get()
    }

    private func setSecret(_ keys: CurveKeyPair) throws(ZeroMQError) {
        try set(ZMQ_CURVE_SECRETKEY, bytes: keys.secretBuffer, "set the secret key")
    }
}

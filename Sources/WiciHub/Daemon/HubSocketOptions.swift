// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the hub's two sockets are told, and why neither ever holds a sender back.

import ZeroMQ

extension SocketOptions {
    /// The options of the exchange (router) and of the feed (xpub).
    static func hub(_ kind: SocketKind, _ keys: CurveKeyPair) -> SocketOptions {
        var options = SocketOptions.curveServer(keys, domain: "wici")
        // The feed's listeners send their handshake and subscriptions.
        options.maxMessageSize = kind == .router ? HubStateMachine.Limits.packetBytes : 512
        options.sendHighWaterMark = 4_096
        // Without a limit: where libzmq (up to 4.3.5) stops to read because too many messages wait, a
        // member ends the whole program with a ZMTP PING behind them and a reset of its connection
        // (`out_event` in src/stream_engine_base.cpp asserts that no such error came before). Bytes are
        // bounded by `ConnectionTable` instead, which cuts who has sent too much that was not taken.
        options.receiveHighWaterMark = 0
        // Every subscription is reported, so that whoever listens is known and can be cut.
        options.reportsEverySubscription = kind == .xpub
        return options
    }
}

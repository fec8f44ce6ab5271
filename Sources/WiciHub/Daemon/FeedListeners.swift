// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Who listens on the feed. Subscriptions are noted only to know the connections, so that those of a
// revoked node can be cut: the library asks at the handshake and never again.

import WiciCore
import ZeroMQ

/// The feed's connections by the node and key that ZAP gave them.
struct FeedListeners {
    private var connections: [Caller: [PeerConnection]] = [:]

    /// A node that opens more has its oldest cut, so that none escapes being known.
    static let connectionsPerNode = 8

    /// Notes whose connection a subscription came from.
    mutating func note(_ message: ReceivedMessage) {
        guard let caller = message.userID.flatMap({ Caller(userID: $0) }),
            let connection = message.sourceDescriptor.flatMap(PeerConnection.init)
        else { return }
        var known = connections[caller] ?? []
        guard !known.contains(connection) else { return }
        known.removeAll { !$0.isOpen }
        known.append(connection)
        if known.count > Self.connectionsPerNode { known.removeFirst().shutdownPeer() }
        connections[caller] = known
    }

    /// Cuts every connection of those who may not listen.
    mutating func cut(_ mayNotListen: (Caller) -> Bool) {
        for caller in connections.keys where mayNotListen(caller) {
            for connection in connections.removeValue(forKey: caller) ?? [] {
                connection.shutdownPeer()
            }
        }
    }
}

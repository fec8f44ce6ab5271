// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Who is who on the exchange: the router's routing ids on one side, the state machine's connections
// and their authenticated callers on the other. Routing ids stay in here: a peer that learned one
// could disturb the socket.

import Foundation
import WiciCore
import ZeroMQ

/// Connections by routing id.
struct PeerTable {
    private struct Peer {
        let connection: ConnectionID
        let userID: String
        let caller: Caller
        var lastHeard: Moment
    }

    private struct Address {
        let routingID: Data
        let tcp: PeerConnection?
    }

    private var peers: [Data: Peer] = [:]
    private var addresses: [ConnectionID: Address] = [:]
    private var lastConnection: UInt64 = 0
    private var lastPruned = Moment(milliseconds: 0)

    private var connectionsOfNode: [NodeID: [ConnectionID]] = [:]

    private static let silenceMilliseconds: Int64 = 120_000
    /// A member that opens connections without end has its oldest cut, and fills no memory.
    static let connectionsPerNode = 8

    /// Connections that are known.
    var count: Int { peers.count }

    /// Tells connection, caller and packet of a message; nil for one without an identity, or whose
    /// caller may not come in.
    ///
    /// A packet is one frame: any other number of them is given on as no packet at all, to be
    /// refused by name.
    ///
    /// - Parameter admits: Asked once a connection; who is turned away is cut.
    mutating func receive(
        _ message: ReceivedMessage,
        now: Moment,
        admits: (Caller) -> Bool = { _ in true }
    ) -> (ConnectionID, Caller, Data)? {
        guard let routingID = message.frames.first, let userID = message.userID else { return nil }
        let packet =
            message.frames.count == 2 && !message.truncated ? message.frames[1] : Data()
        if let peer = peers[routingID], peer.userID == userID {
            peers[routingID]?.lastHeard = now
            return (peer.connection, peer.caller, packet)
        }
        guard let caller = Caller(userID: userID) else { return nil }
        let tcp = message.sourceDescriptor.flatMap(PeerConnection.init)
        guard admits(caller) else {
            tcp?.shutdownPeer()
            return nil
        }
        let node = caller.node
        lastConnection += 1
        let connection = ConnectionID(lastConnection)
        if let earlier = peers[routingID]?.connection { forget(earlier) }
        if let known = connectionsOfNode[node], known.count >= Self.connectionsPerNode,
            let oldest = known.first
        {
            cut(oldest)
        }
        connectionsOfNode[node, default: []].append(connection)
        peers[routingID] = Peer(
            connection: connection,
            userID: userID,
            caller: caller,
            lastHeard: now
        )
        addresses[connection] = Address(routingID: routingID, tcp: tcp)
        return (connection, caller, packet)
    }

    /// The connections of callers that are so.
    func connections(where holds: (Caller) -> Bool) -> [ConnectionID] {
        peers.values.filter { holds($0.caller) }.map(\.connection)
    }

    /// Where a connection is reached; nil when it is forgotten.
    func address(of connection: ConnectionID) -> (routingID: Data, tcp: PeerConnection?)? {
        guard let address = addresses[connection] else { return nil }
        return (address.routingID, address.tcp)
    }

    mutating func forget(_ connection: ConnectionID) {
        guard let routingID = addresses.removeValue(forKey: connection)?.routingID,
            let peer = peers.removeValue(forKey: routingID)
        else { return }
        let node = peer.caller.node
        connectionsOfNode[node]?.removeAll { $0 == connection }
        if connectionsOfNode[node]?.isEmpty == true { connectionsOfNode[node] = nil }
    }

    /// Shuts the TCP connection; the peer comes back to the door and is turned away.
    mutating func cut(_ connection: ConnectionID) {
        addresses[connection]?.tcp?.shutdownPeer()
        forget(connection)
    }

    /// Forgets peers that were silent for long; a clock that is set forward makes all of them so.
    mutating func prune(now: Moment) {
        guard lastPruned.adding(milliseconds: 10_000) < now || now < lastPruned else { return }
        lastPruned = now
        let silent = peers.values.filter {
            $0.lastHeard.adding(milliseconds: Self.silenceMilliseconds) < now
        }
        for peer in silent { forget(peer.connection) }
    }
}

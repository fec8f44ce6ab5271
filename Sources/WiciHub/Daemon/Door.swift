// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The door: ZAP answers from the registry in force. An answer is one look-up in memory, so a crowd
// at the door delays nobody.

import Foundation
import Synchronization
import WiciCore
import ZeroMQ

/// Says who may connect.
final class Door: Sendable {
    private let registry = Mutex<Registry?>(nil)
    private let events: WakingQueue<HubStateMachine.Event>
    private let clock: HubClock

    init(events: WakingQueue<HubStateMachine.Event>, clock: HubClock) {
        self.events = events
        self.clock = clock
    }

    /// Puts a registry into force for new connections.
    func open(with newRegistry: Registry) {
        registry.withLock { $0 = newRegistry }
    }

    /// Answers one ZAP request (https://rfc.zeromq.org/spec/27/): 400 ends a client's attempts for
    /// good, 300 lets it try again.
    func answer(_ request: ZAPRequest) -> ZAPAnswer {
        guard let registry = registry.withLock({ $0 }) else { return .retryLater }
        guard let key = RawPublicKey(bytes: request.clientKey.bytes),
            let node = registry.node(exchangeKey: key)
        else {
            events.post(.strangerRefused(.unknownKey))
            return .refuse
        }
        guard registry.isInGoodStanding(node.id, at: clock.now()) else {
            events.post(.strangerRefused(.revoked))
            return .refuse
        }
        return .accept(userID: Caller(node: node.id, key: key).userID)
    }

    /// Whether a connection was made with the key that the registry names for its node now.
    ///
    /// A key that was replaced ends with the release that replaces it, also where its connection
    /// stands. Nodes that the registry does not know at all are told so by the state machine.
    func isCurrent(_ caller: Caller) -> Bool {
        let entry = registry.withLock { $0?.node(caller.node) }
        return entry.map { $0.exchangeKey == caller.key } ?? true
    }
}

/// Who is behind a connection, as ZAP's User-Id tells it: the node, and the key it came with.
struct Caller: Hashable, Sendable {
    let node: NodeID
    let key: RawPublicKey

    init(node: NodeID, key: RawPublicKey) {
        self.node = node
        self.key = key
    }

    /// Reads `userID`.
    init?(userID: String) {
        let parts = userID.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, let node = NodeID(String(parts[0])),
            let key = RawPublicKey(hexadecimal: String(parts[1]))
        else { return nil }
        self.init(node: node, key: key)
    }

    /// The two, in one word each.
    var userID: String { "\(node.text) \(key.hexadecimal)" }
}

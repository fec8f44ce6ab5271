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
    private let events: HubEventQueue
    private let clock: HubClock

    init(events: HubEventQueue, clock: HubClock) {
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
        return .accept(userID: node.id.text)
    }
}

/// Events on their way to the exchange thread.
final class HubEventQueue: Sendable {
    /// Raised when events wait.
    let wake: WakeSignal
    private let waiting = Mutex<[HubStateMachine.Event]>([])

    init() throws(ZeroMQError) {
        self.wake = try WakeSignal()
    }

    func post(_ event: HubStateMachine.Event) {
        let wasEmpty = waiting.withLock { waiting in
            waiting.append(event)
            return waiting.count == 1
        }
        if wasEmpty { wake.signal() }
    }

    func takeAll() -> [HubStateMachine.Event] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the socket tests share: waiting for one message without sleeping, and a server with ZAP.

import Foundation
import Testing

@testable import ZeroMQ

/// How long a test waits for something that must happen.
let patience = Duration.seconds(20)
/// How long a test watches for something that must not happen.
let glimpse = Duration.milliseconds(300)

extension Socket {
    /// Waits for the next message.
    borrowing func next(within limit: Duration = patience) throws -> ReceivedMessage? {
        var poller = Poller()
        _ = poller.add(self)
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            if let message = try receive() { return message }
            let left = end - clock.now
            guard left > .zero else { return nil }
            try poller.wait(left)
        }
    }

    /// Sends one frame as soon as there is room for it.
    borrowing func deliver(_ text: String) throws {
        var poller = Poller()
        _ = poller.add(self, for: .output)
        let clock = ContinuousClock()
        let end = clock.now + patience
        while try send(Data(text.utf8)) == .wouldBlock {
            try #require(clock.now < end)
            try poller.wait(patience)
        }
    }
}

extension SocketMonitor {
    /// Waits for the first event that the closure accepts.
    borrowing func first(
        within limit: Duration = patience,
        where wanted: (MonitorEvent) -> Bool
    ) throws -> MonitorEvent? {
        var poller = Poller()
        _ = add(to: &poller)
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            while let event = try receive() {
                if wanted(event) { return event }
            }
            let left = end - clock.now
            guard left > .zero else { return nil }
            try poller.wait(left)
        }
    }
}

extension SocketOptions {
    /// Plain, quick to reconnect, for tests without keys.
    static var test: SocketOptions {
        var options = SocketOptions()
        options.reconnectInterval = .milliseconds(20)
        return options
    }
}

func text(_ frame: Data?) -> String? { frame.map { String(decoding: $0, as: UTF8.self) } }

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What other threads and tasks ask of the node's thread: a bounded queue and a signal.

import Synchronization
import WiciCore
import ZeroMQ

/// One request to the node's thread.
enum NodeCommand: Sendable {
    /// The outbox holds something new.
    case outboxChanged
    /// Ask the hub and resume with its answer.
    case ask(NodeRequest.Question, CheckedContinuation<NodeAnswer, Never>)
    /// Resume when the message has its final state or the deadline has come.
    case awaitOutcome(
        MessageID,
        deadline: ContinuousClock.Instant,
        CheckedContinuation<Void, Never>
    )
}

/// The way to the node's thread.
///
/// A full queue refuses, a closed one refuses everything.
final class NodeCommandQueue: Sendable {
    private struct Contents {
        var commands: [NodeCommand] = []
        var outboxChanged = false
        var isStopping = false
        var isClosed = true
    }

    static let limit = 1_024

    let wake: WakeSignal
    private let contents = Mutex(Contents())

    init() throws(ZeroMQError) {
        wake = try WakeSignal()
    }

    /// Opens the queue for one run of the thread; `false` if a run is under way.
    func open() -> Bool {
        contents.withLock {
            guard $0.isClosed else { return false }
            $0.isClosed = false
            return true
        }
    }

    /// Hands over a command; `false` when the queue is full or nobody takes from it.
    func offer(_ command: NodeCommand) -> Bool {
        let taken = contents.withLock { contents in
            guard !contents.isClosed, contents.commands.count < Self.limit else { return false }
            contents.commands.append(command)
            return true
        }
        if taken { wake.signal() }
        return taken
    }

    /// Says that the outbox holds something new; never refused, said once however often it is true.
    func noteOutboxChange() {
        contents.withLock { $0.outboxChanged = true }
        wake.signal()
    }

    /// Asks the thread to end; also valid before it has begun.
    func stop() {
        contents.withLock { $0.isStopping = true }
        wake.signal()
    }

    /// Everything that waits, and whether the end has been asked for.
    func takeAll() -> (commands: [NodeCommand], isStopping: Bool) {
        wake.drain()
        return contents.withLock { contents in
            var commands = contents.commands
            if contents.outboxChanged { commands.append(.outboxChanged) }
            contents.commands.removeAll()
            contents.outboxChanged = false
            return (commands, contents.isStopping)
        }
    }

    /// Closes the queue and gives back what nobody will do any more.
    func close() -> [NodeCommand] {
        contents.withLock { contents in
            let rest = contents.commands
            contents = Contents()
            return rest
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The node's thread: it owns socket and session, tells the session what happened and does what the
// session wants done. It decides nothing itself.

import Foundation
import Logging
import Synchronization
import WiciCore
import ZeroMQ

/// One run of the node's connection.
struct NodeThread: ~Copyable {
    let node: Node
    let context: Context
    var machine: NodeSessionStateMachine
    var connection: ExchangeConnection?
    var verifier = BatchVerifier()
    /// Who waits for the answer to a request.
    var asking: [UInt64: CheckedContinuation<NodeAnswer, Never>] = [:]
    /// Who waits for the outcome of a message.
    var waiting: [OutcomeWaiter] = []
    /// Receipts that the disk did not take yet.
    var unstored: [SettledBatch] = []
    /// Whether the next connection is made with the keys that wait for the registry.
    var triesWaitingKeys = false
    /// Messages that are to be sealed again and that the disk did not take yet.
    var unsealed: [MessageID] = []
    /// Whether the disk did not give the outbox when it was asked.
    var isOutboxUnread = false
    private var lastRequest: UInt64 = 0
    private var idle = Poller()
    private let started = ContinuousClock.now
    var randomness = SystemRandomNumberGenerator()

    /// Frames taken before commands and time are looked at again.
    private static let framesPerTurn = 256
    /// How long the disk is left alone after it refused receipts.
    private static let storeRetry: Int64 = 1_000

    struct OutcomeWaiter {
        let messageID: MessageID
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    init(node: Node, context: Context) {
        self.node = node
        self.context = context
        let stored = (try? node.store.storedThrough()) ?? .none
        let (trust, checkpoint) = node.state.withLock { ($0.documents.facts, $0.checkpoint) }
        machine = NodeSessionStateMachine(
            node: node.configuration.node,
            stored: stored,
            trust: trust,
            checkpoint: checkpoint,
            program: Node.program
        )
        _ = idle.add(descriptor: node.commands.wake.descriptor)
    }

    /// Milliseconds on a clock that does not jump.
    var now: Moment {
        let elapsed = started.duration(to: .now).components
        return Moment(
            milliseconds: elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000
        )
    }

    /// Runs until the end is asked for.
    mutating func run() {
        handle(.started)
        while true {
            wait()
            let (commands, isStopping) = node.commands.takeAll()
            if isStopping {
                for command in commands { command.abandon() }
                break
            }
            for command in commands { take(command) }
            takeArrivals()
            retryDisk()
            if let deadline = machine.nextDeadline, deadline <= now { handle(.tick) }
            releaseWaiters()
        }
        handle(.stopping)
        retryStoring()
        for continuation in asking.values { continuation.resume(returning: .disconnected) }
        for waiter in waiting { waiter.continuation.resume() }
    }

    /// Tells the session what happened and does what it wants, in order.
    mutating func handle(_ event: NodeSessionEvent) {
        var events = [event]
        while !events.isEmpty {
            let effects = machine.handle(
                events.removeFirst(),
                now: now,
                randomness: randomness.next()
            )
            for effect in effects { events += perform(effect) }
        }
    }

    // MARK: Waiting

    private mutating func wait() {
        let time = timeout
        do throws(ZeroMQError) {
            if connection != nil {
                try connection?.wait(time)
            } else {
                try idle.wait(time)
            }
        } catch {
            node.logger.error("poll failed", metadata: ["error": "\(error)"])
            handle(.connectionClosed)
        }
    }

    private var timeout: Duration? {
        var milliseconds = machine.nextDeadline.map { $0.milliseconds - now.milliseconds }
        if !unstored.isEmpty || !unsealed.isEmpty || isOutboxUnread {
            milliseconds = min(milliseconds ?? .max, Self.storeRetry)
        }
        var timeout = milliseconds.map { Duration.milliseconds(max(0, $0)) }
        let clock = ContinuousClock.now
        for waiter in waiting {
            let left = max(.zero, clock.duration(to: waiter.deadline))
            timeout = min(timeout ?? left, left)
        }
        return timeout
    }

    /// Does again what the disk refused: nothing else would ask for it.
    private mutating func retryDisk() {
        retryStoring()
        let again = unsealed
        unsealed = []
        for id in again { for event in reseal(id) { handle(event) } }
        if isOutboxUnread {
            isOutboxUnread = false
            handle(.outboxChanged)
        }
    }

    private mutating func takeArrivals() {
        for _ in 0..<Self.framesPerTurn {
            guard connection != nil else { return }
            do throws(ZeroMQError) {
                guard let arrival = try connection?.takeArrival() else { return }
                switch arrival {
                case .frame(let bytes): handle(.packet(bytes))
                case .lost: handle(.connectionClosed)
                case .refusedKey(let status): keyRefused(status: status)
                }
            } catch {
                node.logger.error("receive failed", metadata: ["error": "\(error)"])
                handle(.connectionClosed)
                return
            }
        }
        // More may be in the socket than one turn takes; the poller says so at once.
    }

    // MARK: Commands

    private mutating func take(_ command: NodeCommand) {
        switch command {
        case .outboxChanged: handle(.outboxChanged)
        case .ask(let question, let continuation):
            lastRequest += 1
            asking[lastRequest] = continuation
            handle(.asked(NodeRequest(number: lastRequest, question: question)))
        case .awaitOutcome(let id, let deadline, let continuation):
            waiting.append(
                OutcomeWaiter(messageID: id, deadline: deadline, continuation: continuation)
            )
            let row = try? node.store.outboxRow(id)
            if row?.isSettled ?? true { release { $0 == id } }
        }
    }

    /// Resumes those whose message is settled.
    mutating func release(_ isSettled: (MessageID) -> Bool) {
        var rest: [OutcomeWaiter] = []
        for waiter in waiting {
            if isSettled(waiter.messageID) {
                waiter.continuation.resume()
            } else {
                rest.append(waiter)
            }
        }
        waiting = rest
    }

    private mutating func releaseWaiters() {
        let clock = ContinuousClock.now
        let overdue = waiting.filter { $0.deadline <= clock }
        guard !overdue.isEmpty else { return }
        waiting.removeAll { $0.deadline <= clock }
        for waiter in overdue { waiter.continuation.resume() }
    }
}

extension OutboxRow {
    /// Whether nothing will change any more.
    var isSettled: Bool {
        switch state {
        case .queued, .submitted: false
        case .accepted, .refused, .failed: true
        }
    }
}

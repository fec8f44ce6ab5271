// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The decisions of a node's session with the hub, without socket, clock or disk: when to connect,
// what to send again, which deliveries to take, what to acknowledge.

import Foundation
import SwiftProtobuf
package import WiciCore

/// A node's conversation with the hub.
///
/// States:
/// - *stopped*: no connection, none wanted.
/// - *waiting*: no connection; the next attempt begins at a known moment.
/// - *greeting*: a socket is open and the hello is on its way; nothing else may be sent.
/// - *ready*: the hub has welcomed the node.
///
/// Moments come from a clock that does not jump. Events that a state does not expect (a packet
/// after the connection was closed, a late answer of the disk) change nothing but what is true in
/// every state: what is on disk and what the node trusts.
package struct NodeSessionStateMachine: Equatable, Sendable {
    /// Milliseconds between pings.
    package static let pingInterval: Int64 = 10_000
    /// Milliseconds without a word from the hub after which the connection counts as dead.
    package static let deadAfter: Int64 = 30_000
    /// Milliseconds before a batch that the hub was too busy for is sent again.
    package static let retryAfter: Int64 = 1_000

    enum State: Equatable, Sendable {
        case stopped
        case waiting(until: Moment)
        case greeting(until: Moment)
        case ready(Ready)
    }

    struct Ready: Equatable, Sendable {
        var lastHeard: Moment
        var nextPing: Moment
        /// Set while the hub has asked for patience.
        var submitFrom: Moment?
        var isRequestingOutbox = false
        var outboxMayHaveMore = true
        /// The outbox changed after the request was made: an empty answer may be out of date.
        var outboxChangedSince = false
        /// Set until the hub has proved that its ledger goes on from what the node knows.
        ///
        /// Until then nothing is taken from it or given to it: numbers could mean other messages.
        var unproved: Unproved?
    }

    struct Unproved: Equatable, Sendable {
        /// What is to be reported then.
        let connected: ConnectionState
        /// When the connection is given up.
        let deadline: Moment
    }

    private(set) var state = State.stopped
    private(set) var window = SubmissionWindow()
    private(set) var mailbox: MailboxReceiver
    private(set) var trust: NodeTrust?
    private(set) var asked: [UInt64] = []
    /// What the hub has to prove of its ledger.
    var ledger: LedgerWatch
    private var backoff = ReconnectBackoff()
    /// Waits for a disk that takes no mail: no welcome ends that.
    private var diskBackoff = ReconnectBackoff()
    private var pings: UInt64 = 0
    private let node: NodeID
    private let program: String

    /// Starts from what is on disk, the last checkpoint included; `program` is name and version for
    /// the hub's list.
    package init(
        node: NodeID,
        stored: MailboxNumber,
        trust: NodeTrust?,
        checkpoint: Checkpoint?,
        program: String
    ) {
        self.node = node
        self.ledger = LedgerWatch(kept: checkpoint)
        self.mailbox = MailboxReceiver(stored: stored)
        self.trust = trust
        self.program = String(program.prefix(64))
    }

    /// The moment at which `tick` must come at the latest; `nil` when time changes nothing.
    package var nextDeadline: Moment? {
        switch state {
        case .stopped: return nil
        case .waiting(let until), .greeting(let until): return until
        case .ready(let ready):
            let dead = ready.lastHeard.adding(milliseconds: Self.deadAfter)
            let flight = window.oldestFlight?.adding(milliseconds: Self.deadAfter)
            return [ready.nextPing, dead, ready.submitFrom, flight, ready.unproved?.deadline]
                .compactMap { $0 }.min()
        }
    }

    /// Whether the hub has welcomed the node.
    package var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    /// Whether the hub has welcomed the node and proved its ledger.
    package var isProved: Bool {
        if case .ready(let ready) = state { ready.unproved == nil } else { false }
    }

    /// Handles one event; `randomness` is 64 random bits, used for waiting times alone.
    package mutating func handle(
        _ event: NodeSessionEvent,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        switch event {
        case .started: return start(now: now)
        case .packet(let bytes): return packet(bytes, now: now, randomness: randomness)
        case .tick: return tick(now: now, randomness: randomness)
        case .outboxChanged: return outboxChanged(now: now)
        case .outboxReady(let envelopes): return outboxReady(envelopes, now: now)
        case .stored(let number): return stored(through: number)
        case .storingFailed:
            mailbox.restart()
            let least = diskBackoff.next(randomness: randomness)
            return disconnect(now: now, randomness: randomness, refusal: nil, waiting: least)
        case .trusts(let trust):
            self.trust = trust
            return lookAtCheckpoint(now: now, randomness: randomness) + submit(now: now)
        case .keysChanged:
            window.clear()
            return outboxChanged(now: now)
        case .asked(let request): return ask(request)
        case .newestEntries(let entries):
            return ask(for: entries, now: now, randomness: randomness)
        case .connectionClosed: return disconnect(now: now, randomness: randomness, refusal: nil)
        case .authenticationFailed:
            backoff.jumpToLongest()
            return disconnect(now: now, randomness: randomness, refusal: nil)
        case .stopping: return stop()
        }
    }

    // MARK: Connection

    private mutating func start(now: Moment) -> [NodeSessionEffect] {
        switch state {
        case .stopped: return connect(now: now)
        case .waiting, .greeting, .ready: return []
        }
    }

    private mutating func connect(now: Moment) -> [NodeSessionEffect] {
        mailbox.restart()
        ledger.restart()
        state = .greeting(until: now.adding(milliseconds: Self.deadAfter))
        var hello = WireHello()
        hello.versionMin = 1
        hello.versionMax = 1
        hello.program = program
        hello.registryDigest = trust?.registry.data ?? Data()
        hello.policyDigest = trust?.policy?.data ?? Data()
        hello.storedThrough = mailbox.stored.value
        // Credit comes with the proofs.
        hello.windowEnd = mailbox.stored.value
        return [.openConnection, .send(.hello(hello)), .report(.connecting)]
    }

    mutating func disconnect(
        now: Moment,
        randomness: UInt64,
        refusal: WireRefusal?,
        waiting least: Int64 = 0
    ) -> [NodeSessionEffect] {
        switch state {
        case .stopped, .waiting: return []
        case .greeting, .ready:
            let wait = max(least, backoff.next(randomness: randomness))
            state = .waiting(until: now.adding(milliseconds: wait))
            return abandon() + [.closeConnection, .report(.waiting(refusal))]
        }
    }

    private mutating func stop() -> [NodeSessionEffect] {
        switch state {
        case .stopped: return []
        case .waiting:
            state = .stopped
            return [.report(.stopped)]
        case .greeting:
            state = .stopped
            return abandon() + [.closeConnection, .report(.stopped)]
        case .ready:
            state = .stopped
            return [.send(.bye(WireBye()))] + abandon() + [.closeConnection, .report(.stopped)]
        }
    }

    /// Takes back what was in flight and answers those who asked.
    private mutating func abandon() -> [NodeSessionEffect] {
        window.recall()
        let answers = asked.map { NodeSessionEffect.answer($0, .disconnected) }
        asked = []
        return answers
    }

    private mutating func tick(now: Moment, randomness: UInt64) -> [NodeSessionEffect] {
        switch state {
        case .stopped: return []
        case .waiting(let until): return now < until ? [] : connect(now: now)
        case .greeting(let until):
            return now < until
                ? [] : disconnect(now: now, randomness: randomness, refusal: nil)
        case .ready(var ready):
            let silent = now.milliseconds - ready.lastHeard.milliseconds
            let flight = now.milliseconds - (window.oldestFlight ?? now).milliseconds
            let isOverdue = ready.unproved.map { $0.deadline <= now } ?? false
            guard silent < Self.deadAfter, flight < Self.deadAfter, !isOverdue else {
                return disconnect(now: now, randomness: randomness, refusal: nil)
            }
            var effects: [NodeSessionEffect] = []
            if now >= ready.nextPing {
                ready.nextPing = now.adding(milliseconds: Self.pingInterval)
                pings += 1
                effects.append(.send(.ping(pings)))
                // A fetch whose answer was lost would stop the mailbox for good.
                if let missing = mailbox.fetching {
                    effects.append(.send(.fetch(missing, mailbox: node)))
                }
            }
            if let from = ready.submitFrom, now >= from { ready.submitFrom = nil }
            state = .ready(ready)
            return effects + submit(now: now)
        }
    }

    // MARK: Outbox

    private mutating func outboxChanged(now: Moment) -> [NodeSessionEffect] {
        switch state {
        case .stopped, .waiting, .greeting: return []
        case .ready(var ready):
            ready.outboxMayHaveMore = true
            ready.outboxChangedSince = ready.isRequestingOutbox
            state = .ready(ready)
            return submit(now: now)
        }
    }

    private mutating func outboxReady(
        _ envelopes: [OutgoingEnvelope],
        now: Moment
    ) -> [NodeSessionEffect] {
        // Envelopes handed over stay with the session whatever the connection does.
        window.add(envelopes)
        switch state {
        case .stopped, .waiting, .greeting: return []
        case .ready(var ready):
            ready.isRequestingOutbox = false
            if envelopes.isEmpty { ready.outboxMayHaveMore = ready.outboxChangedSince }
            ready.outboxChangedSince = false
            state = .ready(ready)
            return submit(now: now)
        }
    }

    /// Sends what may leave and asks the outbox for more.
    mutating func submit(now: Moment) -> [NodeSessionEffect] {
        guard case .ready(var ready) = state, trust != nil, ready.submitFrom == nil, isProved
        else { return [] }
        var effects: [NodeSessionEffect] = []
        while let batch = window.takeBatch(now: now) {
            var submit = WireSubmit()
            submit.request = batch.request
            submit.envelopes = batch.envelopes.map(\.bytes)
            effects.append(.send(.submit(submit)))
        }
        if ready.outboxMayHaveMore, !ready.isRequestingOutbox,
            window.room >= SubmissionWindow.batchCount
        {
            ready.isRequestingOutbox = true
            state = .ready(ready)
            effects.append(.requestOutbox(limit: SubmissionWindow.batchCount))
        }
        return effects
    }

    /// Sends everything again after a while: the hub could not take it now.
    mutating func pause(now: Moment) {
        guard case .ready(var ready) = state else { return }
        window.recall()
        ready.submitFrom = now.adding(milliseconds: Self.retryAfter)
        state = .ready(ready)
    }

    /// The hub refuses the node as it is; the next attempts come slowly.
    mutating func giveTime() { backoff.jumpToLongest() }

    /// Lets go of every envelope: a message is sealed again, and those behind it wait for it.
    mutating func takeBackOutbox() { window.clear() }

    mutating func removeSettled(_ id: MessageID) { window.settle(id) }

    mutating func removeBatch(_ request: UInt64) -> [OutgoingEnvelope] {
        window.removeBatch(request)
    }

    // MARK: Inbox and requests

    private mutating func stored(through number: MailboxNumber) -> [NodeSessionEffect] {
        let before = mailbox.stored
        mailbox.store(through: number)
        diskBackoff.reset()
        return mailbox.stored > before && isProved ? [acknowledgement] : []
    }

    var acknowledgement: NodeSessionEffect {
        var acknowledge = WireAcknowledge()
        acknowledge.through = mailbox.stored.value
        acknowledge.windowEnd = mailbox.windowEnd.value
        return .send(.acknowledge(acknowledge))
    }

    private mutating func ask(_ request: NodeRequest) -> [NodeSessionEffect] {
        guard isProved else { return [.answer(request.number, .disconnected)] }
        asked.append(request.number)
        return [.send(.request(request))]
    }

    // MARK: Packets

    private mutating func packet(
        _ bytes: Data,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        guard let content = try? WirePacket(serializedBytes: bytes).content else {
            // Only the hub's key can send here: an unreadable packet is a fault of the connection.
            return disconnect(now: now, randomness: randomness, refusal: nil)
        }
        switch state {
        case .stopped, .waiting: return []
        case .greeting:
            switch content {
            case .welcome(let welcome):
                return welcomed(welcome, now: now, randomness: randomness)
            case .refused(let refused):
                return refusedConnection(refused.refusal, now: now, randomness: randomness)
            default: return []
            }
        case .ready(var ready):
            ready.lastHeard = now
            state = .ready(ready)
            return readyPacket(content, now: now, randomness: randomness)
        }
    }

    private mutating func welcomed(
        _ welcome: WireWelcome,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        let head = MailboxNumber(welcome.mailboxHead)
        guard head >= mailbox.stored else {
            return contradicted(
                .mailboxShrank(stored: mailbox.stored),
                now: now,
                randomness: randomness
            )
        }
        let nextPing = now.adding(milliseconds: Self.pingInterval)
        var ready = Ready(lastHeard: now, nextPing: nextPing)
        let connected = ConnectionState.connected(
            head: head,
            hubTime: Moment(milliseconds: welcome.hubTime)
        )
        ready.unproved = Unproved(
            connected: connected,
            deadline: now.adding(milliseconds: Self.deadAfter)
        )
        state = .ready(ready)
        return [.rememberSubscriptions(welcome.subscriptions)]
            + took(
                adoption(registry: welcome.registry, policy: welcome.policy),
                checkpoint: welcome.checkpoint,
                now: now,
                randomness: randomness
            ) + (isReady ? [.requestNewestEntries] : [])
    }

    /// Lets the session go on with a hub that has proved its ledger.
    mutating func goOn() -> ConnectionState? {
        guard case .ready(var ready) = state, let unproved = ready.unproved else { return nil }
        ready.unproved = nil
        state = .ready(ready)
        backoff.reset()
        return unproved.connected
    }

    private func adoption(registry: Data, policy: Data) -> [NodeSessionEffect] {
        guard !registry.isEmpty || !policy.isEmpty else { return [] }
        return [
            .adopt(
                registry: registry.isEmpty ? nil : registry,
                policy: policy.isEmpty ? nil : policy
            )
        ]
    }

    private mutating func readyPacket(
        _ content: WirePacket.OneOf_Content,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        switch content {
        case .receipts(let receipts): return settle(receipts, now: now)
        case .deliveries(let deliveries): return take(deliveries.deliveries)
        case .update(let update):
            let adoption = adoption(registry: update.registry, policy: update.policy)
            guard !update.checkpoint.isEmpty else { return adoption }
            return took(
                adoption,
                checkpoint: update.checkpoint,
                now: now,
                randomness: randomness
            )
        case .subscribed(let answer):
            return [.rememberSubscriptions(answer.subscriptions)]
                + answered(answer.request, .subscribed(answer.subscriptions))
        case .proof(let proof): return take(proof, now: now, randomness: randomness)
        case .consistency(let proof): return take(proof, now: now, randomness: randomness)
        case .ledgerPage(let page): return answered(page.request, .page(page))
        case .refused(let refused):
            return refusedPacket(refused, now: now, randomness: randomness)
        case .pong, .welcome: return []
        case .hello, .submit, .acknowledge, .subscribe, .fetch, .prove, .proveConsistency,
            .readLedger, .ping, .bye:
            return []
        }
    }

    private mutating func take(_ deliveries: [WireDelivery]) -> [NodeSessionEffect] {
        guard isProved else { return [] }
        let (taken, missing) = mailbox.take(deliveries)
        var effects: [NodeSessionEffect] = taken.isEmpty ? [] : [.storeDeliveries(taken)]
        if let missing { effects.append(.send(.fetch(missing, mailbox: node))) }
        // A hub that sends again what is on disk has missed the word of it, and waits for it.
        let isKnown = deliveries.contains { MailboxNumber($0.number) <= mailbox.stored }
        if isKnown, taken.isEmpty { effects.append(acknowledgement) }
        return effects
    }

    mutating func answered(_ request: UInt64, _ answer: NodeAnswer) -> [NodeSessionEffect] {
        guard let number = RequestNumber.number(asked: request),
            let place = asked.firstIndex(of: number)
        else { return [] }
        asked.remove(at: place)
        return [.answer(number, answer)]
    }
}

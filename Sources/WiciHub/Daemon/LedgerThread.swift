// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The thread that owns the ledger. Orders come in through a handoff; everything that waits is put
// into one transaction with one sync, so that commits grow under load and nobody waits when idle.

import Dispatch
import Foundation
import SwiftProtobuf
import Synchronization
import WiciCore
import WiciLedger

/// A queue between threads: many give, one takes everything that waits.
final class Handoff<Element: Sendable>: Sendable {
    private let waiting = Mutex<[Element]>([])
    private let arrived = DispatchSemaphore(value: 0)

    /// Adds an element; wakes the taker when the queue was empty.
    func give(_ element: Element) {
        let wasEmpty = waiting.withLock { waiting in
            waiting.append(element)
            return waiting.count == 1
        }
        if wasEmpty { arrived.signal() }
    }

    /// Waits for at least one element and takes all; nothing when none came in time.
    func takeAll(within limit: DispatchTimeInterval = .never) -> [Element] {
        _ = arrived.wait(timeout: .now() + limit)
        return waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}

/// What the exchange thread asks of the ledger thread.
enum LedgerOrder: Sendable {
    case append(CommitID, [NewEntry])
    case resumeAppends
    case readMessages(MailRequest, [LedgerIndex])
    case readPage(PageRequest)
    case readProof(ProofRequest)
    case signCheckpoint
    case stop

    fileprivate var isResume: Bool { if case .resumeAppends = self { true } else { false } }
    fileprivate var isStop: Bool { if case .stop = self { true } else { false } }
}

/// Owns the ledger and carries out orders until told to stop.
struct LedgerThread {
    let orders: Handoff<LedgerOrder>
    let events: HubEventQueue
    let clock: HubClock
    /// Told when the ledger takes no writes, and whether it may recover.
    let onFailure: @Sendable (LedgerError, _ mayRecover: Bool) -> Void
    /// Told when it takes writes again.
    let onRecovery: @Sendable () -> Void

    /// What the ledger can do.
    private enum Condition {
        case working
        /// A full or protected disk: reads go on, appends are dropped, writing is tried now and then.
        case refusing(nextTrial: DispatchTime)
        /// Writing works again; appends are dropped until the hub says that it knows.
        case recovered
        /// Nothing read or written is certain any more, until the ledger is opened again.
        case failed
    }

    /// A thread without orders for this long reads old entries once more.
    private static let idleInterval = DispatchTimeInterval.milliseconds(250)
    /// A thread that is never idle does so at least this often.
    private static let rereadInterval = DispatchTimeInterval.seconds(10)
    /// Entries at a time: a few milliseconds, so that an alert never waits for more.
    private static let rereadCount = 2_000
    /// How often a ledger that refused is tried again.
    private static let trialInterval = DispatchTimeInterval.seconds(1)

    /// Runs on the calling thread until the stop order; the ledger is closed with it.
    func run(_ ledger: Ledger) {
        var condition = Condition.working
        var nextReread = DispatchTime.now() + Self.rereadInterval
        while true {
            let waiting = orders.takeAll(within: Self.idleInterval)
            do throws(LedgerError) {
                try work(on: waiting, ledger, &condition, &nextReread)
            } catch {
                let mayRecover = !ledger.isStopped
                condition =
                    mayRecover ? .refusing(nextTrial: .now() + Self.trialInterval) : .failed
                onFailure(error, mayRecover)
                events.post(.ledgerFailed(.ledgerUnavailable))
            }
            if waiting.contains(where: \.isStop) {
                // The last checkpoint covers everything; without it the next start does the same.
                if case .working = condition { _ = try? ledger.checkpoint(now: clock.now()) }
                return
            }
        }
    }

    private func work(
        on waiting: [LedgerOrder],
        _ ledger: Ledger,
        _ condition: inout Condition,
        _ nextReread: inout DispatchTime
    ) throws(LedgerError) {
        switch condition {
        case .working:
            try reread(ledger, isIdle: waiting.isEmpty, &nextReread)
            try carryOut(waiting, in: ledger)
        case .refusing(let nextTrial):
            try read(waiting, in: ledger)
            guard nextTrial <= .now() else { return }
            condition = .refusing(nextTrial: .now() + Self.trialInterval)
            guard ledger.takesWrites() else { return }
            condition = .recovered
            onRecovery()
            events.post(.ledgerRecovered)
        case .recovered:
            guard let place = waiting.lastIndex(where: \.isResume) else {
                return try read(waiting, in: ledger)
            }
            condition = .working
            try read(Array(waiting[..<place]), in: ledger)
            try carryOut(Array(waiting[place...]), in: ledger)
        case .failed:
            break
        }
    }

    /// One commit for everything that is to be written, then the rest in order.
    private func carryOut(_ waiting: [LedgerOrder], in ledger: Ledger) throws(LedgerError) {
        try commit(waiting, in: ledger)
        try read(waiting, in: ledger)
        for order in waiting {
            switch order {
            case .append, .resumeAppends, .stop, .readMessages: break
            case .readPage(let request): try sendPage(for: request, from: ledger)
            case .readProof(let request):
                events.post(.proofRead(request, try proof(for: request, in: ledger)))
            case .signCheckpoint:
                let note = try ledger.checkpoint(now: clock.now())
                events.post(.checkpointed(note.bytes, size: ledger.size))
            }
        }
    }

    /// Reads mail, which needs no writing.
    private func read(_ waiting: [LedgerOrder], in ledger: Ledger) throws(LedgerError) {
        for case .readMessages(let request, let indices) in waiting {
            let messages = try ledger.messages(
                at: indices,
                atMostBytes: HubStateMachine.Limits.mailReadBytes
            )
            events.post(.messagesRead(request, messages))
        }
    }

    /// Reads entries back that no checkpoint covers yet, then old ones once more, so that a page that
    /// rots is found by the hub and not by whoever needs it.
    private func reread(
        _ ledger: Ledger,
        isIdle: Bool,
        _ next: inout DispatchTime
    ) throws(LedgerError) {
        guard isIdle || next <= .now() else { return }
        next = .now() + Self.rereadInterval
        if try ledger.readBack(atMost: Self.rereadCount) {
            try ledger.reread(atMost: Self.rereadCount)
        }
    }

    /// One transaction and one sync for everything that waits.
    private func commit(_ waiting: [LedgerOrder], in ledger: Ledger) throws(LedgerError) {
        var entries: [NewEntry] = []
        var commits: [(CommitID, Int)] = []
        for case .append(let id, let new) in waiting {
            entries.append(contentsOf: new)
            commits.append((id, new.count))
        }
        guard !entries.isEmpty else { return }
        let now = clock.now()
        let outcomes = try ledger.append(entries, at: now)
        var place = 0
        let settled = commits.map { id, count in
            defer { place += count }
            return Commit(
                id: id,
                outcomes: Array(outcomes[place..<place + count]),
                ledgerSize: ledger.size,
                at: now
            )
        }
        events.post(.committed(settled))
    }

    private func sendPage(
        for request: PageRequest,
        from ledger: Ledger
    ) throws(LedgerError) {
        let entries = try ledger.entries(
            from: request.from,
            limit: request.limit,
            atMostBytes: HubStateMachine.Limits.ledgerPageBytes
        )
        let checkpoint = try ledger.checkpoint(now: clock.now())
        events.post(
            .pageRead(request, entries.map(WireLedgerEntry.init), checkpoint: checkpoint.bytes)
        )
    }

    private func proof(
        for request: ProofRequest,
        in ledger: Ledger
    ) throws(LedgerError) -> ProofMaterial? {
        guard let index = try ledger.findMessage(request.messageID),
            let message = try ledger.messages(at: [index]).first,
            let header = try? WireHeader(serializedBytes: message.header),
            let sender = NodeID(header.sender),
            let entry = try ledger.entries(from: index, limit: 1).first
        else { return nil }
        let checkpoint = try ledger.checkpoint(now: clock.now())
        let size = ledger.size
        let proof = try ledger.inclusionProof(of: index, size: size)
        return ProofMaterial(
            entry: WireLedgerEntry(entry),
            sender: sender,
            audience: message.audience,
            size: size,
            path: proof.path,
            checkpoint: checkpoint.bytes
        )
    }
}

extension WireLedgerEntry {
    init(_ row: LedgerEntryRow) {
        self.init()
        index = row.index.value
        leaf = row.leaf
        salt = row.salt ?? Data()
        record = row.record ?? Data()
    }
}

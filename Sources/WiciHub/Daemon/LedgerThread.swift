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
    case readMessages(MailRequest, [LedgerIndex])
    case readPage(PageRequest)
    case readProof(ProofRequest)
    case signCheckpoint
    case stop
}

/// Owns the ledger and carries out orders until told to stop.
struct LedgerThread {
    let orders: Handoff<LedgerOrder>
    let events: HubEventQueue
    /// Told once, when the ledger has failed for good.
    let onFailure: @Sendable (LedgerError) -> Void

    /// A thread without orders for this long reads old entries once more.
    private static let idleInterval = DispatchTimeInterval.milliseconds(250)
    /// A thread that is never idle does so at least this often.
    private static let rereadInterval = DispatchTimeInterval.seconds(10)
    /// Entries at a time: a few milliseconds, so that an alert never waits for more.
    private static let rereadCount = 2_000

    /// Runs on the calling thread until the stop order; the ledger is closed with it.
    func run(_ ledger: Ledger) {
        var hasFailed = false
        var nextReread = DispatchTime.now() + Self.rereadInterval
        while true {
            let waiting = orders.takeAll(within: Self.idleInterval)
            var stopping = false
            if !hasFailed {
                do throws(LedgerError) {
                    try reread(ledger, isIdle: waiting.isEmpty, &nextReread)
                    try commit(waiting, in: ledger)
                    for order in waiting { try carryOut(order, in: ledger) }
                } catch {
                    hasFailed = true
                    onFailure(error)
                    events.post(.ledgerFailed(.ledgerUnavailable))
                }
            }
            for case .stop in waiting { stopping = true }
            if stopping {
                // The last checkpoint covers everything; without it the next start does the same.
                if !hasFailed { _ = try? ledger.checkpoint(now: .now()) }
                return
            }
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
        let now = Moment.now()
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

    private func carryOut(_ order: LedgerOrder, in ledger: Ledger) throws(LedgerError) {
        switch order {
        case .append, .stop:
            break
        case .readMessages(let request, let indices):
            events.post(.messagesRead(request, try ledger.messages(at: indices)))
        case .readPage(let request):
            let entries = try ledger.entries(from: request.from, limit: request.limit)
            let checkpoint = try ledger.checkpoint(now: .now())
            events.post(
                .pageRead(request, entries.map(WireLedgerEntry.init), checkpoint: checkpoint.bytes)
            )
        case .readProof(let request):
            events.post(.proofRead(request, try proof(for: request, in: ledger)))
        case .signCheckpoint:
            let note = try ledger.checkpoint(now: .now())
            events.post(.checkpointed(note.bytes, size: ledger.size))
        }
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
        let checkpoint = try ledger.checkpoint(now: .now())
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

extension Moment {
    /// The system's clock; shells ask, cores are told.
    static func now() -> Moment {
        Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}

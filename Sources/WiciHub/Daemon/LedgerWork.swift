// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is done with orders to the ledger, without thread, queue or clock: the ledger's thread runs
// it, and so does the simulation.

import Foundation
import SwiftProtobuf
package import WiciCore
package import WiciLedger

/// What the exchange asks of the ledger.
package enum LedgerOrder: Sendable {
    /// Append these entries; their outcomes are reported under the id.
    case append(CommitID, [NewEntry])
    /// Appends after this one count again, after a recovery.
    case resumeAppends
    /// Read messages for a node's mail.
    case readMessages(MailRequest, [LedgerIndex])
    /// Read entries for an auditor.
    case readPage(PageRequest)
    /// Find a message's entry and proof.
    case readProof(ProofRequest)
    /// Sign a checkpoint.
    case signCheckpoint
    /// Carry out what was asked before, then end.
    case stop

    private var isResume: Bool { if case .resumeAppends = self { true } else { false } }
    var isStop: Bool { if case .stop = self { true } else { false } }

    static func lastResume(in orders: [LedgerOrder]) -> Int? {
        orders.lastIndex(where: \.isResume)
    }
}

/// Carries out orders on a ledger and posts what came of them.
package struct LedgerWork {
    /// What the ledger can do; times are milliseconds of the caller's clock that does not jump.
    private enum Condition {
        case working
        /// A full or protected disk: reads go on, appends are dropped, writing is tried now and then.
        case refusing(nextTrial: Int64)
        /// Writing works again; appends are dropped until the hub says that it knows.
        case recovered
        /// Nothing read or written is certain any more, until the ledger is opened again.
        case failed
    }

    private let now: () -> Moment
    private let post: (HubStateMachine.Event) -> Void
    private let onFailure: (LedgerError, _ mayRecover: Bool) -> Void
    private let onRecovery: () -> Void
    private var condition = Condition.working
    private var nextReread = Self.rereadMilliseconds

    /// A ledger that is never idle reads old entries once more at least this often.
    private static let rereadMilliseconds: Int64 = 10_000
    /// Entries at a time: a few milliseconds, so that an alert never waits for more.
    private static let rereadCount = 2_000
    /// How often a ledger that refused is tried again.
    private static let trialMilliseconds: Int64 = 1_000

    /// Takes a wall clock, asked once for each transaction and note, and whoever wants the answers.
    package init(
        now: @escaping () -> Moment,
        post: @escaping (HubStateMachine.Event) -> Void,
        onFailure: @escaping (LedgerError, _ mayRecover: Bool) -> Void,
        onRecovery: @escaping () -> Void
    ) {
        self.now = now
        self.post = post
        self.onFailure = onFailure
        self.onRecovery = onRecovery
    }

    /// Carries out what waits; without orders it reads old entries once more.
    ///
    /// Times are milliseconds since the ledger was opened. An error is posted as `ledgerFailed`,
    /// and what was not posted did not happen.
    package mutating func turn(
        _ waiting: [LedgerOrder],
        in ledger: Ledger,
        elapsed: Int64
    ) {
        do throws(LedgerError) {
            try work(on: waiting, ledger, elapsed)
        } catch {
            let mayRecover = !ledger.isStopped
            condition =
                mayRecover ? .refusing(nextTrial: elapsed + Self.trialMilliseconds) : .failed
            onFailure(error, mayRecover)
            post(.ledgerFailed(.ledgerUnavailable))
        }
    }

    /// Signs the last checkpoint, which covers everything; without it the next start does the same.
    package func finish(_ ledger: Ledger) {
        if case .working = condition { _ = try? ledger.checkpoint(now: now()) }
    }

    private mutating func work(
        on waiting: [LedgerOrder],
        _ ledger: Ledger,
        _ elapsed: Int64
    ) throws(LedgerError) {
        switch condition {
        case .working:
            try reread(ledger, isIdle: waiting.isEmpty, elapsed)
            try carryOut(waiting, in: ledger)
        case .refusing(let nextTrial):
            try read(waiting, in: ledger)
            guard nextTrial <= elapsed else { return }
            condition = .refusing(nextTrial: elapsed + Self.trialMilliseconds)
            guard ledger.takesWrites() else {
                // The trial itself can meet worse than a disk that refuses.
                guard ledger.isStopped else { return }
                throw LedgerError(
                    .ledgerStopped,
                    at: LedgerError.Place(file: ledger.configuration.path)
                )
            }
            condition = .recovered
            onRecovery()
            post(.ledgerRecovered)
        case .recovered:
            guard let place = LedgerOrder.lastResume(in: waiting) else {
                return try read(waiting, in: ledger)
            }
            condition = .working
            try read(Array(waiting[..<place]), in: ledger)
            try carryOut(Array(waiting[place...]), in: ledger)
        case .failed:
            break
        }
    }

    /// Reads entries back that no checkpoint covers yet, then old ones once more, so that a page that
    /// rots is found by the hub and not by whoever needs it.
    private mutating func reread(
        _ ledger: Ledger,
        isIdle: Bool,
        _ elapsed: Int64
    ) throws(LedgerError) {
        guard isIdle || nextReread <= elapsed else { return }
        nextReread = elapsed + Self.rereadMilliseconds
        if try ledger.readBack(atMost: Self.rereadCount) {
            try ledger.reread(atMost: Self.rereadCount)
        }
    }

    /// One commit for everything that is to be written, then the rest in order.
    private func carryOut(_ waiting: [LedgerOrder], in ledger: Ledger) throws(LedgerError) {
        do throws(LedgerError) {
            try commit(waiting, in: ledger)
        } catch {
            // Whoever waits for mail would wait for good: a disk without room can still be read.
            if !ledger.isStopped { try read(waiting, in: ledger) }
            throw error
        }
        try read(waiting, in: ledger)
        for order in waiting {
            switch order {
            case .append, .resumeAppends, .stop, .readMessages: break
            case .readPage(let request): try sendPage(for: request, from: ledger)
            case .readProof(let request):
                post(.proofRead(request, try proof(for: request, in: ledger)))
            case .signCheckpoint:
                let note = try ledger.checkpoint(now: now())
                post(.checkpointed(note.bytes, size: ledger.size))
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
            post(.messagesRead(request, messages))
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
        let moment = now()
        let outcomes = try ledger.append(entries, at: moment)
        var place = 0
        let settled = commits.map { id, count in
            defer { place += count }
            return Commit(
                id: id,
                outcomes: Array(outcomes[place..<place + count]),
                ledgerSize: ledger.size,
                at: moment
            )
        }
        post(.committed(settled))
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
        let checkpoint = try ledger.checkpoint(now: now())
        post(
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
        let checkpoint = try ledger.checkpoint(now: now())
        let size = ledger.size
        let proof = try ledger.inclusionProof(of: index, size: size)
        return ProofMaterial(
            entry: WireLedgerEntry(entry),
            sender: sender,
            message: message,
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

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
    /// Prove that the ledger begins with a smaller one.
    case readConsistency(ConsistencyRequest)
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
    /// Size of the last checkpoint that the hub knows of.
    private var toldSize: UInt64?

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
        toldSize = toldSize ?? ledger.lastCheckpointSize
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
            try read(waiting, in: ledger, mayWrite: false)
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
                return try read(waiting, in: ledger, mayWrite: false)
            }
            condition = .working
            try read(Array(waiting[..<place]), in: ledger, mayWrite: false)
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
    private mutating func carryOut(_ waiting: [LedgerOrder], in ledger: Ledger) throws(LedgerError)
    {
        do throws(LedgerError) {
            try commit(waiting, in: ledger)
        } catch {
            // Whoever waits for mail would wait for good: a disk without room can still be read.
            if !ledger.isStopped { try read(waiting, in: ledger, mayWrite: false) }
            throw error
        }
        try read(waiting, in: ledger, mayWrite: true)
        for order in waiting {
            switch order {
            case .append, .resumeAppends, .stop, .readMessages, .readProof, .readConsistency: break
            case .readPage(let request): try sendPage(for: request, from: ledger)
            case .signCheckpoint: try sign(ledger)
            }
        }
    }

    /// Signs a checkpoint of everything that is on disk, unless the last one is.
    @discardableResult
    private mutating func sign(_ ledger: Ledger) throws(LedgerError) -> SignedNote {
        let note = try ledger.checkpoint(now: now())
        tellHead(of: ledger)
        return note
    }

    /// The last checkpoint; the hub learns of it before anybody gets a proof under it.
    ///
    /// One may have been signed just before the disk refused what came after it.
    @discardableResult
    private mutating func tellHead(of ledger: Ledger) -> (note: Data, size: UInt64)? {
        guard let note = ledger.lastCheckpoint?.bytes else { return nil }
        let size = ledger.lastCheckpointSize
        if size != toldSize { post(.checkpointed(note, size: size)) }
        toldSize = size
        return (note, size)
    }

    /// Reads mail and proves what the last checkpoint covers, which needs no writing.
    private mutating func read(
        _ waiting: [LedgerOrder],
        in ledger: Ledger,
        mayWrite: Bool
    ) throws(LedgerError) {
        for order in waiting {
            switch order {
            case .readMessages(let request, let indices):
                let messages = try ledger.messages(
                    at: indices,
                    atMostBytes: HubStateMachine.Limits.mailReadBytes
                )
                post(.messagesRead(request, messages))
            case .readConsistency(let request):
                let material = try growth(from: request.size, in: ledger)
                post(.consistencyRead(request, material))
            case .readProof(let request):
                try prove(request, in: ledger, mayWrite: mayWrite)
            case .append, .resumeAppends, .stop, .readPage, .signCheckpoint: break
            }
        }
    }

    /// What proves that the ledger begins with a smaller one; nil for one that is not smaller.
    private mutating func growth(
        from size: UInt64,
        in ledger: Ledger
    ) throws(LedgerError) -> ConsistencyMaterial? {
        guard let head = tellHead(of: ledger), size >= 1, size <= head.size else { return nil }
        let proof = try ledger.consistencyProof(from: size, to: head.size)
        return ConsistencyMaterial(path: proof.path, checkpoint: head.note)
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

    private mutating func sendPage(
        for request: PageRequest,
        from ledger: Ledger
    ) throws(LedgerError) {
        let entries = try ledger.entries(
            from: request.from,
            limit: request.limit,
            atMostBytes: HubStateMachine.Limits.ledgerPageBytes
        )
        let checkpoint = try sign(ledger)
        post(
            .pageRead(request, entries.map(WireLedgerEntry.init), checkpoint: checkpoint.bytes)
        )
    }

    /// Proves a message's entry under the last checkpoint, or a new one where that does not cover it.
    private mutating func prove(
        _ request: ProofRequest,
        in ledger: Ledger,
        mayWrite: Bool
    ) throws(LedgerError) {
        guard let index = try ledger.findMessage(request.messageID),
            let message = try ledger.messages(at: [index]).first,
            let header = try? WireHeader(serializedBytes: message.header),
            let sender = NodeID(header.sender),
            let entry = try ledger.entries(from: index, limit: 1).first
        else { return post(.proofRead(request, nil)) }
        if index.value >= ledger.lastCheckpointSize {
            guard mayWrite else { return post(.proofUnavailable(request)) }
            try sign(ledger)
        }
        guard let head = tellHead(of: ledger) else { return post(.proofUnavailable(request)) }
        let proof = try ledger.inclusionProof(of: index, size: head.size)
        let material = ProofMaterial(
            entry: WireLedgerEntry(entry),
            sender: sender,
            message: message,
            size: head.size,
            path: proof.path,
            checkpoint: head.note
        )
        post(.proofRead(request, material))
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

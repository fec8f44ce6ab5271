// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger's turns: everything that waits is carried out by LedgerWork of WiciHub, the code of the
// real ledger thread, and its answers go to the exchange a little later.

import FaultDisk
import Foundation
import WiciCore
import WiciHub
import WiciLedger

extension World {
    func openLedger() throws(LedgerError) -> (ledger: Ledger, recovered: RecoveredState) {
        try Ledger.open(
            LedgerConfiguration(path: stage.folder + "/hub/ledger.sqlite"),
            signer: country.ledgerSigner,
            salts: SaltSource { [unowned self] bytes in
                for place in bytes.indices {
                    bytes[place] = UInt8(truncatingIfNeeded: self.saltRandom.next() >> 32)
                }
                return true
            },
            now: hubClock
        )
    }

    /// The work of the real ledger thread, on this ledger.
    func ledgerWork(_ ledger: Ledger) -> LedgerWork {
        LedgerWork(
            now: { [unowned self] in hubClock },
            post: { [unowned self] in post($0, ledger) },
            onFailure: { [unowned self] in ledgerFails($0, mayRecover: $1) },
            onRecovery: { [unowned self] in trace.note("ledger recovers", now, []) }
        )
    }

    func takeLedgerTurn(life: Int) {
        guard hub.machine != nil, hub.life == life, let ledger = hub.ledger else { return }
        hub.isTurnDue = false
        let waiting = hub.orders
        hub.orders = []
        trace.note("ledger's turn", now, [waiting.count])
        turn(altered(orders: waiting, ledger), ledger)
        guard hub.life == life, plan.mutation == .ignoreFailedCommit, hub.hasJustFailed else {
            return
        }
        for answer in pretendedCommits(waiting) { self.answer(answer) }
    }

    /// Lets the ledger thread work; its machine may stop in the middle.
    private func turn(_ waiting: [LedgerOrder], _ ledger: Ledger) {
        guard var work = hub.work else { return }
        hub.hasJustFailed = false
        work.turn(waiting, in: ledger, elapsed: now - hub.startedAt)
        hub.work = work
        guard hub.disk.isStopped else { return }
        let crash = hub.pendingCrash
        crashHub(crash?.cut ?? .none, milliseconds: crash?.milliseconds ?? 1_000)
    }

    /// The ledger has nothing to do: it reads old entries, and tries a full disk again.
    func reread(life: Int) {
        guard hub.machine != nil, hub.life == life, let ledger = hub.ledger else { return }
        agenda.add(.ledgerReread(life: life), at: now + 5_000)
        turn([], ledger)
    }

    /// Takes an answer of the ledger on its way to the exchange.
    private func post(_ event: HubStateMachine.Event, _ ledger: Ledger) {
        if case .committed = event {
            // A program that ends here has not noted the commit beside its log, nor told anybody of it.
            if hub.disk.isStopped { checker.isMarkLost = true }
            if let rows = try? ledger.entries(from: LedgerIndex(checker.book.size), limit: .max) {
                checker.ledgerGrows(rows)
                flipEntry(rows)
            }
        }
        // A machine that has stopped reads nothing, and this is told to nobody.
        if case .checkpointed(let note, _) = event, hub.disk.counters.flips > 0, !hub.disk.isStopped
        {
            checker.readsBack(note, path: stage.folder + "/hub/ledger.sqlite")
        }
        if case .ledgerFailed = event, plan.mutation == .ignoreFailedCommit { return }
        answer(altered(event))
    }

    private func flipEntry(_ rows: [LedgerEntryRow]) {
        guard hub.isNextEntryFlipped, let leaf = rows.last?.leaf else { return }
        hub.isNextEntryFlipped = false
        if hub.disk.flip(in: Array(leaf)) { flipped() }
    }

    func answer(_ event: HubStateMachine.Event) {
        hub.answers.append(event)
        guard !hub.areAnswersDue else { return }
        hub.areAnswersDue = true
        agenda.add(.hubAnswers(life: hub.life), at: now + Int64(random.within(0...3)))
    }

    func takeAnswers(life: Int) {
        guard hub.life == life else { return }
        hub.areAnswersDue = false
        let answers = hub.answers
        hub.answers = []
        for event in answers { tellHub(event) }
    }

    private func ledgerFails(_ error: LedgerError, mayRecover: Bool) {
        trace.note("ledger fails", now, [Int(error.code.number)])
        trace.tell("\(error)")
        hub.hasJustFailed = true
        guard !mayRecover, !hub.disk.isStopped else { return }
        hub.isDamageFound = hub.disk.counters.flips > 0
        agenda.add(.crashDue(.hub, life: -hub.life), at: now + Int64(random.within(500...6_000)))
    }
}

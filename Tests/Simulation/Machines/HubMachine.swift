// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub: the real state machine, the real ledger on a fault disk, and what the shell remembers.

import WiciCore
import WiciHub
import WiciLedger

/// The hub of the simulated network.
struct HubMachine {
    let disk: Disk
    /// Nil while the program is not running.
    var machine: HubStateMachine?
    var ledger: Ledger?
    /// The real ledger thread's work; nil while the program is not running.
    var work: LedgerWork?
    var startedAt: Int64 = 0
    /// Rises with every start.
    var life = 0
    var wallOffset: Int64 = 0
    var lastConnection: UInt64 = 0
    /// Orders that wait for the ledger's turn.
    var orders: [LedgerOrder] = []
    var isTurnDue = false
    /// Answers of the ledger that wait for the exchange.
    var answers: [HubStateMachine.Event] = []
    var areAnswersDue = false
    /// The files that operators put in place, by their places in the country's chains; the door
    /// asks this registry.
    var files = ReleasePair(registry: 0, policy: 0)
    /// What a crash that waits for the disk's last operation will do.
    var pendingCrash: (cut: Fault.Cut, milliseconds: Int64)?
    /// Whether the ledger's last turn ended with an error.
    var hasJustFailed = false
    /// A bit of the next entry flips as soon as it is on disk.
    var isNextEntryFlipped = false
    /// The ledger found damage; the operator restores it from the mirror before the next start.
    var isDamageFound = false
    /// Whether the disk has no room until a fault ends.
    var isFull = false
    /// Starts that the ledger refused, since the last that went well.
    var refusedStarts = 0

    init(disk: Disk) { self.disk = disk }
}

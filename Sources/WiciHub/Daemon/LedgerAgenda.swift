// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// In which order the ledger's thread does what waits: writing at once, then one piece of mail, then one
// thing that somebody asked for. Who asks for much waits for itself; an alert never waits for a reader.

/// Orders that wait for their turn.
struct LedgerAgenda {
    private var mail: [LedgerOrder] = []
    private var requests: [LedgerOrder] = []

    /// Whether nothing waits.
    var isEmpty: Bool { mail.isEmpty && requests.isEmpty }

    /// Takes new orders, and gives those whose turn it is: all that write, and at most one reading
    /// of each kind, in the order in which they came.
    mutating func next(with new: [LedgerOrder]) -> [LedgerOrder] {
        var turn: [LedgerOrder] = []
        for order in new {
            switch order {
            case .readMessages(let request, _) where request.fetch == 0: mail.append(order)
            case .readMessages, .readPage, .readProof, .readConsistency: requests.append(order)
            case .append, .resumeAppends, .signCheckpoint, .stop: turn.append(order)
            }
        }
        if !mail.isEmpty { turn.append(mail.removeFirst()) }
        if !requests.isEmpty { turn.append(requests.removeFirst()) }
        return turn
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub's ledger: what the session asks it to prove, and what comes of the answers. LedgerWatch judges
// them.

import Foundation
import WiciCore

extension NodeSessionStateMachine {
    /// Takes the hub's newest checkpoint; beside a new registry it waits until that is adopted, which
    /// may name another key.
    mutating func took(
        _ adoption: [NodeSessionEffect],
        checkpoint: Data,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        ledger.take(checkpoint)
        return adoption.isEmpty ? lookAtCheckpoint(now: now, randomness: randomness) : adoption
    }

    /// Looks at the hub's newest checkpoint, if there is one that was not looked at.
    mutating func lookAtCheckpoint(now: Moment, randomness: UInt64) -> [NodeSessionEffect] {
        guard isReady, let key = trust?.ledgerKey else { return [] }
        return act(on: ledger.look(under: key), now: now, randomness: randomness)
    }

    /// Asks for proofs of what the newest receipt and the newest delivery said.
    mutating func ask(
        for entries: [KnownEntry]?,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        guard isReady else { return [] }
        guard let entries else { return act(on: .undecided, now: now, randomness: randomness) }
        return ledger.ask(for: entries).map { .send($0) } + goOnIfProved(now: now)
    }

    mutating func take(
        _ proof: WireProof,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        guard let key = trust?.ledgerKey, let finding = ledger.take(proof, under: key) else {
            return answered(proof.request, .proof(proof))
        }
        return act(on: finding, now: now, randomness: randomness)
    }

    mutating func take(
        _ proof: WireConsistency,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        guard let key = trust?.ledgerKey else { return [] }
        return act(on: ledger.take(proof, under: key), now: now, randomness: randomness)
    }

    /// Does what a look at the hub's word gave.
    mutating func act(
        on finding: LedgerWatch.Finding,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        switch finding {
        case .nothing: return goOnIfProved(now: now)
        case .ask(let question): return [.send(question)]
        // Asked again on the next connection.
        case .undecided:
            return isProved ? [] : disconnect(now: now, randomness: randomness, refusal: nil)
        case .contradicted(let contradiction):
            return contradicted(contradiction, now: now, randomness: randomness)
        }
    }

    private mutating func goOnIfProved(now: Moment) -> [NodeSessionEffect] {
        guard ledger.isSatisfied else { return [] }
        let proved = ledger.takeProved().map { [NodeSessionEffect.keepCheckpoint($0)] } ?? []
        guard let connected = goOn() else { return proved }
        return proved + [.report(connected), acknowledgement] + submit(now: now)
    }

    /// The hub's ledger does not go on from what is known: nothing more is exchanged with it.
    mutating func contradicted(
        _ contradiction: ConnectionState.Contradiction,
        now: Moment,
        randomness: UInt64
    ) -> [NodeSessionEffect] {
        giveTime()
        return [.report(.contradiction(contradiction))]
            + disconnect(
                now: now,
                randomness: randomness,
                refusal: WireRefusal(RefusalReport(Refusal(.hubContradictsItself)))
            )
    }
}

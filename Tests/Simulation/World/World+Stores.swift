// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a node's session wants of its disk: deliveries, receipts, documents, and letters that are
// ready to leave. What the disk refuses is tried again a second later.

import Foundation
import WiciCore
import WiciNode

extension World {
    func stopped(_ place: Int) {
        crashNode(place, .none, milliseconds: 2_000)
    }

    func store(_ deliveries: [IncomingDelivery], _ place: Int) -> [NodeSessionEvent] {
        guard nodes[place].trusted != nil else { return [.storingFailed] }
        let rows = deliveries.map { delivery in
            checker.row(of: delivery, at: Moment(milliseconds: now + nodes[place].wallOffset))
        }
        if plan.mutation == .acknowledgeBeforeStoring, let last = rows.last {
            mutationState.unstoredRows[place, default: []] += rows
            guard mutationState.unstoredRows[place]?.count ?? 0 > 2 else {
                return [.stored(through: last.number)]
            }
            mutationState.unstoredRows[place] = nil
        }
        do throws(StoreFailure) {
            let stored = try nodes[place].disk.store(altered(rows, place))
            trace.note("node stores", now, [place, Int(stored.value)])
            checker.nodeStored(place, through: stored)
            return [.stored(through: stored)]
        } catch .stopped {
            stopped(place)
            return []
        } catch {
            return [.storingFailed]
        }
    }

    /// Writes receipts that wait for the disk.
    func retryStoring(_ place: Int) {
        while let batch = nodes[place].unstored.first {
            do throws(StoreFailure) {
                try nodes[place].disk.settle(batch)
            } catch .stopped {
                return stopped(place)
            } catch {
                return planRetry(place)
            }
            nodes[place].unstored.removeFirst()
            checker.nodeSettled(place, batch)
        }
    }

    /// Does again what the disk refused.
    func retryDisk(_ place: Int) {
        retryStoring(place)
        let again = nodes[place].unsealed
        nodes[place].unsealed = []
        for id in again { for event in reseal(id, place) { tell(place, event) } }
        if nodes[place].isOutboxUnread {
            nodes[place].isOutboxUnread = false
            tell(place, .outboxChanged)
        }
    }

    func planRetry(_ place: Int) {
        agenda.add(.nodeTick(place, life: nodes[place].life), at: now + 1_000)
    }

    func adopt(_ registry: Data?, _ policy: Data?, _ place: Int) -> [NodeSessionEvent] {
        var pair = nodes[place].trusted ?? ReleasePair(registry: -1, policy: -1)
        if let registry, let place = country.registries.firstIndex(where: { $0.note == registry }) {
            pair.registry = max(pair.registry, place)
        }
        if let policy, let place = country.policies.firstIndex(where: { $0.note == policy }) {
            pair.policy = max(pair.policy, place)
        }
        guard pair.registry >= 0, pair.policy >= 0 else { return [] }
        nodes[place].trusted = pair
        do throws(StoreFailure) {
            try nodes[place].disk.keep(
                registry: country.registries[pair.registry].note,
                policy: country.policies[pair.policy].note
            )
        } catch .stopped {
            stopped(place)
            return []
        } catch {
            // The hub sends them again after a restart.
        }
        return facts(of: pair).map { [.trusts($0)] } ?? []
    }

    func keep(checkpoint note: Data, _ place: Int) -> [NodeSessionEvent] {
        checker.nodeKeeps(note, place)
        do throws(StoreFailure) {
            try nodes[place].disk.keep(checkpoint: note)
        } catch .stopped {
            stopped(place)
        } catch {
            // The one before is as true.
        }
        return []
    }

    func readyLetters(_ limit: Int, _ place: Int) -> [OutgoingEnvelope] {
        guard nodes[place].unsealed.isEmpty else {
            nodes[place].isOutboxUnread = true
            planRetry(place)
            return []
        }
        let waiting: [QueuedLetter]
        do throws(StoreFailure) {
            waiting = try nodes[place].disk.takeQueued(limit: limit)
        } catch .stopped {
            stopped(place)
            return []
        } catch {
            nodes[place].isOutboxUnread = true
            planRetry(place)
            return []
        }
        let ready = waiting.compactMap { letter in
            Prepared(bytes: letter.prepared).map { (letter.id, $0, $0.digest) }
        }
        let key = country.members[place].signingKeys[nodes[place].keyNumber]
        let signatures = BatchSigner.sign(ready.map(\.2), with: key)
        let envelopes = zip(ready, signatures).map { letter, signature in
            OutgoingEnvelope(
                messageID: letter.0,
                digest: letter.2,
                bytes: letter.1.signed(signature),
                isSealed: letter.1.isSealed
            )
        }
        for envelope in envelopes { checker.letterLeaves(envelope, key: nodes[place].keyNumber) }
        return plan.mutation == .newestFirst ? envelopes.reversed() : envelopes
    }

    func reseal(_ id: MessageID, _ place: Int) -> [NodeSessionEvent] {
        do throws(StoreFailure) {
            guard let pair = nodes[place].trusted, let letter = stage.letters.placeOfID[id],
                let prepared = stage.letters.prepared(letter, under: pair)
            else {
                try nodes[place].disk.fail(id)
                return [.outboxChanged]
            }
            try nodes[place].disk.requeue(id, prepared: prepared.bytes)
            return [.outboxChanged]
        } catch .stopped {
            stopped(place)
            return []
        } catch {
            nodes[place].unsealed.append(id)
            planRetry(place)
            return []
        }
    }
}

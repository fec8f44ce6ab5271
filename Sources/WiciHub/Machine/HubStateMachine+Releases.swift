// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Bringing a registry and a policy into force. The releases are recorded first; while their entries
// are on the way, packets wait, so that no decision falls between two rules. A revoked node is cut
// at once, before the record, and so is a connection made with a key that the release replaces.

import Foundation
import WiciCore
import WiciLedger

extension HubStateMachine {
    /// Takes a release that the shell loaded and verified.
    ///
    /// The one before stays in force until the new one's entries are on disk.
    mutating func bringIntoForce(_ release: Release, now: Moment) {
        pendingRelease = release
        let ended = sessions.values.filter { session in
            let key = release.registry.node(session.node)?.exchangeKey
            return !release.registry.isInGoodStanding(session.node, at: now)
                || key != inForce.registry.node(session.node)?.exchangeKey
        }
        for session in ended.sorted(by: { $0.node < $1.node }) {
            effects.append(.cut(session.connection, session.node))
            forget(session.connection)
        }
        // Without a record nothing comes into force; the ledger's recovery begins here again.
        guard ledgerFailure == nil else { return }
        if recordedRegistry?.digest != release.registry.digest {
            append(
                .release(
                    .registry,
                    number: release.registry.release,
                    note: release.registryNote
                ),
                then: .release(
                    .registry,
                    RecordedRelease(index: LedgerIndex(0), digest: release.registry.digest)
                )
            )
        }
        if recordedPolicy?.digest != release.policy.digest {
            append(
                .release(.policy, number: release.policy.release, note: release.policyNote),
                then: .release(
                    .policy,
                    RecordedRelease(index: LedgerIndex(0), digest: release.policy.digest)
                )
            )
        }
        adoptPendingRelease(now: now)
    }

    /// Takes the place of a release's entry; with both known, the release is in force.
    mutating func releaseRecorded(
        _ kind: ReleaseKind,
        _ place: RecordedRelease,
        now: Moment
    ) {
        switch kind {
        case .registry: recordedRegistry = place
        case .policy: recordedPolicy = place
        }
        adoptPendingRelease(now: now)
    }

    private mutating func adoptPendingRelease(now: Moment) {
        guard let release = pendingRelease, let registry = recordedRegistry,
            let policy = recordedPolicy, registry.digest == release.registry.digest,
            policy.digest == release.policy.digest
        else { return }
        let registryChanged = release.registry.digest != inForce.registry.digest
        let policyChanged = release.policy.digest != inForce.policy.digest
        inForce = release
        pendingRelease = nil
        admission.adopt(release, registryEntry: registry.index, policyEntry: policy.index)
        if registryChanged || policyChanged {
            var update = WireUpdate()
            update.registry = registryChanged ? release.registryNote : Data()
            update.policy = policyChanged ? release.policyNote : Data()
            for node in connectedNodes {
                guard let connection = sessions[node]?.connection else { continue }
                send(.update(update), to: connection)
            }
        }
        let held = heldPackets
        heldPackets.removeAll()
        heldBytes = 0
        for packet in held {
            receive(packet.bytes, from: packet.node, on: packet.connection, now: now)
        }
        for node in connectedNodes {
            moveMail(of: node, now: now)
        }
    }
}

extension HubStateMachine {
    /// Whether a node may hear the feed: under what is in force and what is about to be.
    func mayListen(_ node: NodeID, now: Moment) -> Bool {
        admission.isInGoodStanding(node, now: now)
            && pendingRelease?.registry.isInGoodStanding(node, at: now) ?? true
    }

    /// What is in force, for the status page; nil before the first release is recorded.
    var releaseInForce: ReleaseSummary? {
        guard admission.hasEntries else { return nil }
        return ReleaseSummary(inForce)
    }
}

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
        recordRelease(
            .registry,
            RecordedRelease(index: LedgerIndex(0), digest: release.registry.digest),
            number: release.registry.release,
            note: release.registryNote
        )
        recordRelease(
            .policy,
            RecordedRelease(index: LedgerIndex(0), digest: release.policy.digest),
            number: release.policy.release,
            note: release.policyNote
        )
        adoptPendingRelease(now: now)
    }

    /// Asks for a release's entry, unless the last one of its kind, on disk or on its way, is the same.
    private mutating func recordRelease(
        _ kind: ReleaseKind,
        _ release: RecordedRelease,
        number: UInt64,
        note: Data
    ) {
        let onDisk = kind == .registry ? recordedRegistry : recordedPolicy
        let onItsWay = pendingCommits.sorted { $0.key.value > $1.key.value }.lazy
            .flatMap { $0.value.reversed() }
            .compactMap { entry -> RecordedRelease? in
                guard case .release(kind, let release) = entry else { return nil }
                return release
            }.first
        guard (onItsWay ?? onDisk)?.digest != release.digest else { return }
        append(.release(kind, number: number, note: note), then: .release(kind, release))
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

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the hub decides, at the moment it decides: under the release in force, for these recipients,
// or refused with the reason that the rules give.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger

extension Checker {
    // MARK: What the machine was told

    func hubStarts(files: ReleasePair) {
        inForce = nil
        ledgerHasFailed = false
        handledSize = book.size
        expected = [:]
        helloStarts = [:]
        hellos = [:]
        countedRefusals = [:]
        withholding = Set(book.withheld.keys)
        subscriptions = book.subscriptions.mapValues {
            $0.compactMap { try? Subscription(wire: $0) }
        }
        guard files.registry >= announced.registry, files.policy >= announced.policy else {
            return fail(.revoked, "the hub starts with an older registry or policy")
        }
    }

    /// The machine has handled an event; its effects come next.
    func hubHandled(_ event: HubStateMachine.Event) {
        switch event {
        case .committed(let commits):
            for commit in commits { handledSize = max(handledSize, commit.ledgerSize) }
            adoptRelease()
            subscriptions = book.subscriptions.mapValues {
                $0.compactMap { try? Subscription(wire: $0) }
            }
        case .released: adoptRelease()
        case .ledgerFailed: ledgerHasFailed = true
        case .ledgerRecovered: ledgerHasFailed = false
        default: break
        }
    }

    /// The release whose entries the machine knows is the one that operators put in place.
    private func adoptRelease() {
        let places = book.releasePlaces
        guard handledSize > max(places.registry.value, places.policy.value),
            book.release == announced
        else { return }
        inForce = announced
        releasePlaces = places
    }

    func hubHears(_ node: Int, _ connection: UInt64, _ bytes: Data) {
        // Packet.hello is field 1.
        guard bytes.first == 1 << 3 | 2,
            case .hello(let hello) = (try? WirePacket(serializedBytes: bytes))?.content
        else { return }
        hellos[node, default: 0] += 1
        helloStarts[connection, default: []].insert(hello.storedThrough + 1)
    }

    // MARK: Decisions

    /// The machine asks for entries.
    func hubDecides(_ entries: [NewEntry]) {
        for entry in entries {
            switch entry {
            case .accepted(let accepted): check(accepted)
            case .refused(let refused?, _, _): check(refused)
            case .event(.withheld(let record)): check(record)
            case .event(.refused(let record)) where record.count > 0: checkCounted(record)
            case .event, .refused, .release: break
            }
        }
    }

    /// A record of refusals that were answered without one says how many.
    private func checkCounted(_ record: WireRefusedRequest) {
        let node = NodeID(record.node).flatMap { country.placeOfNode[$0] } ?? -1
        let counted = countedRefusals.removeValue(forKey: node) ?? 0
        if counted != record.count {
            fail(.notRecorded, "\(record.count) of \(counted) refusals of node \(node)")
        }
    }

    private func check(_ entry: AcceptedEntry) {
        guard let (letter, keys) = honestDigests[entry.envelopeDigest],
            country.placeOfNode[entry.sender] == stage.letters.all[letter].sender
        else {
            // A reused id is found by the ledger, not by the decision.
            guard hostileDigests.contains(entry.envelopeDigest) else {
                return fail(.forged, "message \(entry.messageID)")
            }
            return
        }
        guard let inForce else { return fail(.decisionDiffers, "nothing is in force") }
        let sender = stage.letters.all[letter].sender
        guard country.isMember(sender, in: inForce.registry),
            keys.contains(country.keyNumber(sender, in: inForce.registry))
        else { return fail(.revoked, "letter \(letter) under a revoked or retired key") }
        guard let set = oracle.decision(letter, under: inForce).set else {
            return fail(.notGranted, "letter \(letter) was accepted")
        }
        let eligible = entry.eligible.wire.recipients.map(\.node)
        let audience = entry.audience.wire.recipients.map(\.node)
        let expected = oracle.audience(
            letter,
            of: set,
            under: inForce,
            subscriptions: subscriptions
        )
        guard set.nodes.map(\.node.text) == eligible,
            set.nodes.map(\.ruleIDs) == entry.eligible.wire.recipients.map(\.rules)
        else { return fail(.notGranted, "the eligible of letter \(letter)") }
        guard expected.map(\.text) == audience else {
            return fail(.decisionDiffers, "the audience of letter \(letter)")
        }
        guard entry.registry == releasePlaces.registry, entry.policy == releasePlaces.policy else {
            return fail(.decisionDiffers, "the release of letter \(letter)")
        }
        decided[entry.envelopeDigest] = (eligible, audience)
    }

    /// An honest letter is refused for no other reason than the rules give.
    private func check(_ refused: WireRefusedRequest) {
        guard let digest = Digest(bytes: refused.envelopeDigest),
            let (letter, keys) = honestDigests[digest], let inForce,
            let sender = NodeID(refused.node).flatMap({ country.placeOfNode[$0] }),
            sender == stage.letters.all[letter].sender
        else { return }
        let isExpected =
            switch RefusalCode.numbered(refused.code) {
            case .wrapsNotEligible: stage.letters.all[letter].isSealed
            case .badSignature: !keys.contains(country.keyNumber(sender, in: inForce.registry))
            case .idReused: !hostileDigests.isEmpty || stage.letters.all[letter].isSealed
            case let code: code == oracle.decision(letter, under: inForce).refusal?.code
            }
        if !isExpected { fail(.decisionDiffers, "letter \(letter) was refused: \(refused.code)") }
    }

    /// Mail is withheld only from whom the rules no longer grant it.
    private func check(_ record: WireWithheldMessage) {
        guard let node = NodeID(record.node).flatMap({ country.placeOfNode[$0] }),
            let place = book.messageAt[record.message], let inForce,
            let letter = stage.letters.placeOfID[book.messages[place].id]
        else { return fail(.tombstoneWrong, "entry \(record.message)") }
        guard !oracle.grants(letter, to: node, under: inForce) else {
            return fail(.tombstoneWrong, "letter \(letter) is granted to node \(node)")
        }
        withholding.insert(MailPlace(node: node, number: record.number))
    }
}

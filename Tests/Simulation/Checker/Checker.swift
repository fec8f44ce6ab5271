// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The checker sees everything that is written, sent, recorded and stored, and compares it with what
// it knows should be. It asks no machine what it thinks. The first broken promise ends the run.

import Foundation
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// Watches one run.
final class Checker {
    let stage: Stage
    private(set) var violation: Violation?
    var book: Book

    // What operators and senders did.
    /// The release that operators put in place, and whether its revocations bite already.
    var announced = ReleasePair(registry: 0, policy: 0)
    /// Order of writing, by letter, counted for each sender.
    var writtenOrder: [Int: Int] = [:]
    var promisedLetters: [Int: [Int]] = [:]
    var settledLetters: Set<Int> = []
    /// Digests under which honest nodes sent letters, with the number of the key that signed.
    var honestDigests: [WiciCore.Digest: (letter: Int, keys: Set<Int>)] = [:]
    var hostileDigests: Set<WiciCore.Digest> = []
    var lastAcceptedOrder: [Int: Int] = [:]
    /// Bits of the hub's disk that flipped.
    var flips = 0
    /// A power cut may have taken the mark of how far the hub's log was synced.
    var isMarkLost = false
    /// The log's last transaction went with a damaged sector.
    var isTailLost = false

    // What the hub's machine has been told.
    /// The release in force in the machine; nil before its entries were reported.
    var inForce: ReleasePair?
    var releasePlaces = (registry: LedgerIndex(0), policy: LedgerIndex(0))
    /// Size of the ledger as far as the machine was told.
    var handledSize: UInt64 = 0
    var ledgerHasFailed = false
    var subscriptions: [Int: [Subscription]] = [:]
    /// Decisions on their way to the disk: who was found eligible and in the audience.
    var decided: [WiciCore.Digest: (eligible: [String], audience: [String])] = [:]
    /// Hellos that each node has sent since the hub started.
    var hellos: [Int: Int] = [:]
    /// Refusals that each node got and that only a number on record will speak of.
    var countedRefusals: [Int: Int] = [:]
    /// Tombstones that were justified when they were asked for.
    var withholding: Set<MailPlace> = []

    // What left.
    /// Next number on each connection; the first may be any that a hello named.
    var expected: [UInt64: UInt64] = [:]
    var helloStarts: [UInt64: Set<UInt64>] = [:]
    var seenNotes: [Data: UInt64] = [:]
    /// Size of the last checkpoint that each node kept.
    var keptSizes: [Int: UInt64] = [:]
    /// How many of each node's recorded subscriptions have been answered or passed over.
    var subscriptionsAnswered: [Int: Int] = [:]
    var lastCheckpointSize: UInt64 = 0
    var envelopes: [Data: ParsedEnvelope] = [:]

    // What nodes have.
    /// Numbers that a node's disk holds for sure.
    var durable: [Int: UInt64] = [:]

    var country: Country { stage.country }
    var oracle: Oracle { stage.oracle }

    init(_ stage: Stage) {
        self.stage = stage
        book = Book(stage.country)
    }

    /// Notes the first broken promise.
    func fail(_ promise: Promise, _ detail: @autoclosure () -> String) {
        guard violation == nil else { return }
        violation = Violation(promise: promise, detail: detail())
    }

    func fail(_ broken: Violation?) {
        if violation == nil { violation = broken }
    }

    // MARK: What people and operators do

    /// A letter is in its sender's outbox for sure.
    func letterWritten(_ letter: Letter) {
        letterMayBeWritten(letter)
        guard let place = stage.letters.placeOfID[letter.id] else { return }
        promisedLetters[letter.sender, default: []].append(place)
    }

    /// A letter may be in its sender's outbox: the machine stopped while it was written.
    func letterMayBeWritten(_ letter: Letter) {
        guard let place = stage.letters.placeOfID[letter.id] else { return }
        writtenOrder[place] = writtenOrder.count
    }

    /// A node signed a letter and hands it to its session.
    func letterLeaves(_ envelope: OutgoingEnvelope, key: Int) {
        guard let letter = stage.letters.placeOfID[envelope.messageID] else { return }
        honestDigests[envelope.digest, default: (letter, [])].keys.insert(key)
    }

    /// A member sends other bytes under an id that the ledger has.
    func hostileDigest(_ digest: WiciCore.Digest) { hostileDigests.insert(digest) }

    func operatorsRelease(_ pair: ReleasePair) { announced = pair }

    /// A bit of the hub's disk flipped: entries may be gone, and somebody must notice.
    func diskIsDamaged() { flips += 1 }
}

/// A delivered envelope, taken apart once a run.
struct ParsedEnvelope {
    let id: MessageID
    let digest: WiciCore.Digest
    /// Whom the wraps are for.
    let wraps: [String]
}

extension Checker {
    /// Takes an envelope apart; nil when it is none.
    func parsed(_ bytes: Data) -> ParsedEnvelope? {
        if let known = envelopes[bytes] { return known }
        guard let parts = try? EnvelopeParts(bytes: bytes, form: .delivered) else { return nil }
        let parsed = ParsedEnvelope(
            id: parts.messageID,
            digest: parts.digest,
            wraps: parts.wraps.map(\.recipient)
        )
        envelopes[bytes] = parsed
        return parsed
    }
}

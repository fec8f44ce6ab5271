// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whether the hub's ledger still begins with all that the node knows of. A hub that was started from
// an older copy has another one: it gives numbers and places away a second time, and mail would be
// lost. A hub that has rewritten its past has another one too.

package import Foundation
package import WiciCore

/// An entry that the node knows of: by a receipt, or by a delivery.
package struct KnownEntry: Hashable, Sendable {
    /// The message that was accepted.
    package let messageID: MessageID
    /// The entry's place in the ledger.
    package let index: LedgerIndex

    /// Makes a known entry of its parts.
    package init(messageID: MessageID, index: LedgerIndex) {
        self.messageID = messageID
        self.index = index
    }
}

/// What the node has the hub prove, and how far it has.
///
/// Two things are asked at each connection: that the tree of the last checkpoint is the beginning of
/// the hub's (RFC 9162 section 2.1.4), and that the newest entries stand where the hub said. Each later
/// checkpoint is proved from the one before, so that an entry has to be proved once.
struct LedgerWatch: Equatable, Sendable {
    /// What one look at the hub's word gives.
    enum Finding: Equatable, Sendable {
        /// Nothing is to be done.
        case nothing
        /// The hub is to be asked.
        case ask(WirePacket.OneOf_Content)
        /// The hub did not say.
        case undecided
        /// The ledger does not go on from what the node knows.
        case contradicted(ConnectionState.Contradiction)
    }

    private enum Question: Equatable, Sendable {
        case growth
        case entry(KnownEntry)
    }

    /// The last checkpoint that is kept over connections, and the last one of this connection.
    ///
    /// They differ while something else is unproved: growth alone can be proved by a hub whose ledger
    /// has left the way after the kept checkpoint and before the newest entries.
    private(set) var kept: Checkpoint?
    private var last: Checkpoint?
    private var lastNote: Data?
    /// The hub's newest checkpoint, not looked at yet; empty where it has none.
    private var given: Data?
    private var questions: [UInt64: Question] = [:]
    private var hasAskedForEntries = false
    /// Of the newest entries those that the hub has proved, or that are no longer for this node.
    private var settled: Set<KnownEntry> = []
    private var count: UInt64 = 0

    init(kept: Checkpoint?) {
        self.kept = kept
        self.last = kept
    }

    /// Whether everything that was to be proved on this connection has been.
    var isSatisfied: Bool { given == nil && hasAskedForEntries && questions.isEmpty }

    /// Begins anew on a new connection.
    mutating func restart() {
        (last, lastNote) = (kept, nil)
        given = nil
        questions = [:]
        hasAskedForEntries = false
    }

    /// Takes the hub's newest checkpoint, to be looked at when the key is known.
    mutating func take(_ note: Data) { given = note }

    /// Looks at the newest checkpoint, unless a proof is on its way; the first is taken on trust.
    mutating func look(under key: VerifierKey) -> Finding {
        guard let note = given, !questions.values.contains(.growth) else { return .nothing }
        given = nil
        if note.isEmpty { return last.map { ask(from: $0) } ?? .nothing }
        guard let head = Checkpoint(bytes: note, ledgerKey: key) else {
            return .contradicted(.checkpointWrong)
        }
        guard let last, last.origin == head.origin else {
            (self.last, lastNote) = (head, note)
            settled = []
            return .nothing
        }
        if head.contradicts(last) { return .contradicted(.checkpointWrong) }
        return head.size == last.size ? .nothing : ask(from: last)
    }

    private mutating func ask(from last: Checkpoint) -> Finding {
        .ask(.proveConsistency(size: last.size, request: note(.growth)))
    }

    /// Asks for proofs of the newest entries, unless the last checkpoint covers them and they had one.
    mutating func ask(for entries: [KnownEntry]) -> [WirePacket.OneOf_Content] {
        hasAskedForEntries = true
        settled.formIntersection(entries)
        let covered = last?.size ?? 0
        return entries.filter { $0.index.value >= covered || !settled.contains($0) }
            .map { .prove($0.messageID, request: note(.entry($0))) }
    }

    private mutating func note(_ question: Question) -> UInt64 {
        count += 1
        let number = RequestNumber.ledger(count)
        questions[number] = question
        return number
    }

    // MARK: Answers

    /// Judges the proof that the ledger grew from the last checkpoint.
    mutating func take(_ answer: WireConsistency, under key: VerifierKey) -> Finding {
        guard questions[answer.request] == .growth, let last else { return .nothing }
        questions[answer.request] = nil
        let path = answer.path.compactMap { Digest(bytes: $0) }
        guard path.count == answer.path.count,
            let head = Checkpoint(bytes: answer.checkpoint, ledgerKey: key),
            head.origin == last.origin,
            ConsistencyProof(oldSize: last.size, newSize: head.size, path: path)
                .verify(oldRoot: last.root, newRoot: head.root)
        else { return .contradicted(.checkpointWrong) }
        (self.last, lastNote) = (head, answer.checkpoint)
        // What was given before it is older.
        given = nil
        return .nothing
    }

    /// Keeps this connection's last checkpoint, everything being proved; nil when none is new.
    mutating func takeProved() -> Data? {
        guard let note = lastNote else { return nil }
        (kept, lastNote) = (last, nil)
        return note
    }

    /// Judges the proof of a known entry; nil when the session did not ask for it.
    mutating func take(_ answer: WireProof, under key: VerifierKey) -> Finding? {
        guard case .entry(let known)? = questions[answer.request] else { return nil }
        questions[answer.request] = nil
        guard let head = Checkpoint(bytes: answer.checkpoint, ledgerKey: key),
            !head.contradicts(last)
        else { return .contradicted(.checkpointWrong) }
        guard ProofModel(answer).proves(known.messageID, at: known.index, ledgerKey: key) else {
            return .contradicted(.entryMissing(known.messageID))
        }
        settled.insert(known)
        return .nothing
    }

    /// Judges a refusal; nil when the session did not ask for what is refused.
    mutating func take(_ refused: WireRefused) -> Finding? {
        guard let question = questions.removeValue(forKey: refused.request) else { return nil }
        switch (question, RefusalCode.numbered(refused.refusal.code)) {
        case (.growth, .entryUnknown?): return .contradicted(.checkpointWrong)
        case (.entry(let known), .entryUnknown?):
            return .contradicted(.entryMissing(known.messageID))
        // It is there, and no longer for this node.
        case (.entry(let known), .openingNotYours?):
            settled.insert(known)
            return .nothing
        default: return .undecided
        }
    }
}

extension Checkpoint {
    /// Reads a checkpoint that came as a signed note; nil when it is none that the key signed.
    init?(bytes: Data, ledgerKey: VerifierKey) {
        guard let note = try? SignedNote(bytes: bytes, limits: .checkpoint),
            let checkpoint = try? Checkpoint(note: note, ledgerKey: ledgerKey)
        else { return nil }
        self = checkpoint
    }

    /// Reads a checkpoint that was verified before it was kept; nil when it is none.
    package init?(kept bytes: Data) {
        guard let note = try? SignedNote(bytes: bytes, limits: .checkpoint),
            let checkpoint = try? Checkpoint(text: note.text)
        else { return nil }
        self = checkpoint
    }

    /// Whether the tree is smaller than before, or another of the same size.
    fileprivate func contradicts(_ earlier: Checkpoint?) -> Bool {
        guard let earlier, earlier.origin == origin else { return false }
        return size < earlier.size || (size == earlier.size && root != earlier.root)
    }
}

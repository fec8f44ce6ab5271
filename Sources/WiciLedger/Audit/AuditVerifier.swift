// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The whole check of a ledger, offline and pure: every opening against its leaf, the root against a
// signed checkpoint, every record against those before it, every mailbox number against the
// acceptances, every decision against the releases where their texts are at hand. It runs over a
// ledger file or an export alike.

import Foundation
public import WiciCore

/// Verifies a ledger's entries, given in order from the first.
public struct AuditVerifier: Sendable {
    /// What entries after the checkpoint mean.
    public enum Tail: Sendable {
        /// Somebody put them there: an export ends with its checkpoint. They are not looked at.
        case forbidden
        /// They are younger than the checkpoint, as in the file of a running hub. They are checked
        /// like the others, but nothing proves them yet.
        case young
    }

    /// What a verification found.
    public struct Report: Sendable {
        /// Entries checked.
        public var entries: UInt64 = 0
        /// Messages accepted.
        public var messages: UInt64 = 0
        /// Messages whose recipients are those that header, registry and policy give.
        public var replayed: UInt64 = 0
        /// Messages of which that could not be asked, because no text of the releases named by their
        /// records is at hand: an export has none.
        public var undecided: UInt64 { messages - min(messages, replayed + wronglyDecided) }
        var wronglyDecided: UInt64 = 0
        /// Entries after the checkpoint: nobody has signed them.
        public var unproven: UInt64 = 0
        /// The first faults, at most 100.
        public var faults: [LedgerError] = []
        /// All faults.
        public var faultCount: UInt64 = 0
        /// The size that the checkpoint signs, whether or not the entries fit it.
        public var signedSize: UInt64?
        /// The checkpoint's size, once the root over so many entries equals the signed one.
        public var checkpointSize: UInt64?
        /// The tree's root over the entries checked.
        public var root = TreeHash.empty

        /// Whether nothing is wrong and a checkpoint was verified.
        ///
        /// Says nothing of the `unproven`, which only the file of a running hub may have, and of who
        /// decided the `undecided`.
        public var isSound: Bool { faultCount == 0 && checkpointSize != nil }

        mutating func add(_ fault: LedgerError) {
            faultCount += 1
            if faults.count < 100 { faults.append(fault) }
        }
    }

    private let source: String
    private let checkpoint: Checkpoint?
    private let tail: Tail
    private var report = Report()
    private var tree = TreeFrontier()
    private var rootAtCheckpoint: Digest?
    private var fold = LedgerFold()
    private var decisions: DecisionReplay?
    private var messageIDs = MessageIDSet()
    /// Whether a record is missing, so that a later one may refer to what nobody can know.
    private var hasHole = false
    /// How far the numbers of the entries are ahead of their places: what is missing is one fault, not
    /// one for each entry after it.
    private var gap: UInt64 = 0

    /// Begins a verification against a note that the ledger's key must have signed.
    ///
    /// `source` names the file in faults. Without a note nothing is sound.
    public init(
        source: String,
        checkpoint note: SignedNote?,
        ledgerKey: VerifierKey,
        tail: Tail = .forbidden
    ) {
        self.source = source
        self.tail = tail
        guard let note else {
            checkpoint = nil
            report.add(
                LedgerError(.ledgerCheckpointWrong, at: .init(file: source, table: "checkpoint"))
            )
            return
        }
        do throws(NoteError) {
            checkpoint = try Checkpoint(note: note, ledgerKey: ledgerKey)
        } catch {
            checkpoint = nil
            report.add(
                LedgerError(
                    .ledgerCheckpointWrong,
                    at: .init(file: source, table: "checkpoint"),
                    detail: "\(error)"
                )
            )
        }
        report.signedSize = checkpoint?.size
        if checkpoint?.size == 0 { rootAtCheckpoint = TreeHash.empty }
    }

    /// Makes room for so many entries, before the first.
    mutating func expect(_ entries: UInt64) {
        messageIDs = MessageIDSet(expecting: Int(entries))
    }

    /// Takes the next entry.
    ///
    /// An opening may be missing only where an erasure is on record, and no kind of record tells of
    /// one yet.
    public mutating func add(_ entry: LedgerEntryRow) {
        entry.lend { add($0) }
    }

    /// Takes the next entry, and what is stored for it, in place.
    mutating func add(_ entry: LentEntry) {
        let index = tree.size
        guard isCovered(index) else { return }
        if entry.index &- index != gap {
            gap = entry.index &- index
            skip()
            addFault(.ledgerEntryMissing, "leaf", index)
        }
        if entry.leaf.count != LedgerLeaf.byteCount || entry.leaf[0] != 1 {
            addFault(.ledgerLeafWrong, "leaf", index)
        }
        tree.append(TreeHash.leaf(lent: entry.leaf))
        if tree.size == checkpoint?.size { rootAtCheckpoint = tree.root }
        guard let salt = entry.salt, let record = entry.record else {
            addFault(.auditOpeningMissing, "opening", index)
            return skip()
        }
        guard LedgerLeaf.isLeaf(entry.leaf, ofSalt: salt, record: record) else {
            addFault(.ledgerLeafWrong, "opening", index)
            return skip()
        }
        replay(record, entry.content, at: index)
    }

    /// Whether the entry at the end is to be checked; counts it when no checkpoint covers it.
    private mutating func isCovered(_ index: UInt64) -> Bool {
        guard let checkpoint, index >= checkpoint.size else { return true }
        report.unproven += 1
        guard tail == .forbidden else { return true }
        if report.unproven == 1 { addFault(.auditSizeDiffers, "leaf", index) }
        return false
    }

    /// Passes over an entry whose record is not known.
    private mutating func skip() {
        hasHole = true
        fold.skip()
    }

    /// Replays a record and compares the stored content with the digest in it.
    private mutating func replay(
        _ record: UnsafeRawBufferPointer,
        _ content: UnsafeRawBufferPointer?,
        at index: UInt64
    ) {
        do throws(RecordFault) {
            if let message = LentAcceptance(canonicalRecord: record) {
                messageIDs.prepare(for: message.messageID)
                compare(content, withBody: message.bodyDigest, at: index)
                note(message.messageID, at: index)
                try fold.accept(
                    eligible: message.eligible,
                    audience: message.audience,
                    registry: message.registry,
                    policy: message.policy
                )
                return decideAgain(
                    header: message.header,
                    eligible: message.eligible,
                    registry: message.registry,
                    policy: message.policy,
                    at: Moment(milliseconds: message.recordedAt),
                    index
                )
            }
            let change: ViewChange
            do throws(RecordFault) {
                if let delivery = ViewChange(canonicalDelivery: record) {
                    change = delivery
                } else {
                    change = try ViewChange(recordBytes: Data(record))
                }
            } catch {
                skip()
                return addFault(error.code, "opening", index, error.field)
            }
            switch change {
            case .message(let message):
                note(message.messageID, at: index)
                compare(content, withBody: message.bodyDigest, at: index)
            case .release(let release):
                let note = content.map { Data($0) }
                let isRecorded = note.map { Digest(sha256Of: $0) == release.digest }
                if isRecorded == false { addFault(.auditContentWrong, "content", index) }
                decisions?.adopt(
                    release.kind,
                    note: isRecorded == true ? note : nil,
                    at: LedgerIndex(index)
                )
            default:
                if content != nil { addFault(.auditContentWrong, "content", index) }
            }
            try fold.apply(change)
            guard case .message(let message) = change else { return }
            message.header.withUnsafeBytes { header in
                decideAgain(
                    header: header,
                    eligible: message.eligible,
                    registry: message.registry,
                    policy: message.policy,
                    at: message.acceptedAt,
                    index
                )
            }
        } catch {
            // What a missing record held may be what this one refers to.
            if !hasHole { addFault(error.code, "opening", index, error.field) }
        }
    }

    /// Asks header, registry and policy who was eligible, and compares.
    private mutating func decideAgain(
        header: UnsafeRawBufferPointer,
        eligible: LedgerIndex,
        registry: LedgerIndex,
        policy: LedgerIndex,
        at moment: Moment,
        _ index: UInt64
    ) {
        guard let set = fold.recipientSets[eligible] else { return }
        let outcome = decisions?.ask(
            header: header,
            eligible: (eligible, set),
            registry: registry,
            policy: policy,
            at: moment
        )
        switch outcome {
        case .same: report.replayed += 1
        case .unasked, nil: break
        case .different:
            report.wronglyDecided += 1
            addFault(.auditDecisionWrong, "opening", index, "accepted.eligible")
        }
    }

    private mutating func note(_ messageID: MessageID, at index: UInt64) {
        report.messages += 1
        if !messageIDs.insert(messageID) {
            addFault(.auditMessageTwice, "opening", index)
        }
    }

    private mutating func compare(
        _ content: UnsafeRawBufferPointer?,
        withBody digest: Digest,
        at index: UInt64
    ) {
        if let content, EnvelopeDigest.body(lent: content) != digest {
            addFault(.auditContentWrong, "content", index)
        }
    }

    /// Ends: compares the root with the checkpoint's.
    public consuming func finish() -> Report {
        report.entries = tree.size
        report.root = tree.root
        guard let checkpoint else { return report }
        if tree.size < checkpoint.size {
            addFault(
                .ledgerShorterThanCheckpoint,
                "leaf",
                tree.size,
                "\(tree.size) of \(checkpoint.size)"
            )
        } else if rootAtCheckpoint != checkpoint.root {
            addFault(.ledgerRootWrong, "leaf", checkpoint.size)
        } else {
            report.checkpointSize = checkpoint.size
        }
        return report
    }

    /// Adds a fault that the caller found, such as a line that cannot be read.
    public mutating func add(_ fault: LedgerError) {
        report.add(fault)
    }

    private mutating func addFault(
        _ code: RefusalCode,
        _ table: String,
        _ index: UInt64,
        _ detail: String = ""
    ) {
        report.add(
            LedgerError(
                code,
                at: LedgerError.Place(file: source, table: table, index: index),
                detail: detail
            )
        )
    }
}

extension AuditVerifier {
    /// Verifies a whole ledger file against its last checkpoint, stored contents included.
    ///
    /// Entries younger than the checkpoint are checked and counted as `unproven`. A page or row that
    /// cannot be read ends the check and is one of the faults. Progress is given as entries done and
    /// in all. Takes about 27 bytes of memory an entry, most of them for the ids seen so far.
    ///
    /// Who was eligible is asked again of the recorded releases, unless that is not wanted: a ledger
    /// that a test has made up was never decided.
    public static func verify(
        _ reader: LedgerReader,
        ledgerKey: VerifierKey,
        asksRules: Bool = true,
        progress: ((Int, Int) -> Void)? = nil
    ) throws(LedgerError) -> Report {
        let note = try reader.lastCheckpoint()
        let size = try reader.size()
        var verifier = AuditVerifier(
            source: reader.path,
            checkpoint: note,
            ledgerKey: ledgerKey,
            tail: .young
        )
        if asksRules { verifier.decisions = DecisionReplay() }
        // The file says how many entries it has; how much memory that is worth its length says.
        verifier.expect(min(size, reader.fileBytes / UInt64(LedgerLeaf.byteCount)))
        do throws(LedgerError) {
            try reader.lendEachEntry(below: size) { entry in
                verifier.add(entry)
                if entry.index & 0x3FFF == 0 { progress?(Int(entry.index), Int(size)) }
            }
        } catch {
            verifier.add(error)
        }
        progress?(Int(size), Int(size))
        return verifier.finish()
    }

    /// Verifies an export, given line by line without newlines, against a checkpoint.
    ///
    /// Lines that the checkpoint does not cover are counted, not read, and make the export unsound.
    public static func verify(
        export lines: some Sequence<some Collection<UInt8>>,
        name: String,
        checkpoint: SignedNote?,
        ledgerKey: VerifierKey,
        progress: ((Int) -> Void)? = nil
    ) -> Report {
        var verifier = AuditVerifier(source: name, checkpoint: checkpoint, ledgerKey: ledgerKey)
        var count = 0
        for (number, line) in lines.enumerated() {
            count = number + 1
            guard verifier.isCovered(UInt64(number)) else { continue }
            do throws(LedgerError) {
                verifier.add(try AuditExport.entry(line: line, number: UInt64(number)))
            } catch {
                verifier.add(error)
            }
            if count & 0x3FFF == 0 { progress?(count) }
        }
        progress?(count)
        return verifier.finish()
    }
}

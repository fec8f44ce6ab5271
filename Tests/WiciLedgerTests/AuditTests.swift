// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Audits: a sound ledger and its export verify here and in an independent program, and every kind of
// tampering is found.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

/// A ledger in which one message has a whole history.
struct AuditFixture {
    let fixture: LedgerFixture
    let ledger: Ledger
    let alert = messageID(1)

    init() throws {
        fixture = try LedgerFixture()
        ledger = try fixture.openWithReleases()
        let eligible = recipients(["ngo-a.main", "pip.main", "sg.main"])
        let audience = recipients(["ngo-a.main", "pip.main"])
        let answer = recipients(["kwp-lublin.main"])
        func append(_ entries: NewEntry...) throws {
            _ = try ledger.append(entries, at: LedgerFixture.start)
        }
        try append(
            .accepted(
                try acceptedEntry(1, type: "case-alert", to: audience, eligible: eligible)
            )
        )
        try append(.accepted(try acceptedEntry(2, to: audience, eligible: eligible)))
        var refused = WireRefusedRequest()
        refused.node = "ngo-b.main"
        refused.request = "submit"
        refused.code = RefusalCode.idReused.number
        refused.messageID = alert.data
        try append(.event(.refused(refused)))
        try append(
            .event(
                .delivered(
                    .with {
                        $0.node = "ngo-a.main"
                        $0.through = 2
                    }
                )
            )
        )
        let place = try #require(try ledger.findMessage(alert))
        try append(
            .event(
                .withheld(
                    .with {
                        $0.node = "pip.main"
                        $0.number = 1
                        $0.message = place.value
                        $0.reason = "withheld"
                        $0.code = RefusalCode.revoked.number
                    }
                )
            )
        )
        try append(
            .accepted(
                try acceptedEntry(
                    3,
                    sender: "ngo-a.main",
                    type: "acknowledgement",
                    to: answer,
                    references: [alert]
                )
            )
        )
        for number in UInt64(10)..<60 {
            try append(.accepted(try acceptedEntry(number, to: audience, eligible: eligible)))
        }
    }

    var key: VerifierKey { fixture.signer.verifierKey }

    func rows() throws -> [LedgerEntryRow] {
        try ledger.entries(from: LedgerIndex(0), limit: 10_000)
    }

    func report(
        over rows: [LedgerEntryRow],
        _ note: SignedNote?
    ) -> AuditVerifier.Report {
        var verifier = AuditVerifier(source: "test", checkpoint: note, ledgerKey: key)
        for row in rows { verifier.add(row) }
        return verifier.finish()
    }
}

struct AuditTests {
    @Test func `a sound ledger file verifies beside the running hub`() throws {
        let audit = try AuditFixture()
        _ = try audit.ledger.checkpoint(now: LedgerFixture.start)
        let reader = try LedgerReader(path: audit.fixture.path)
        let report = try AuditVerifier.verify(reader, ledgerKey: audit.key)
        #expect(report.faults.isEmpty)
        #expect(report.isSound)
        #expect(report.entries == audit.ledger.size)
        #expect(report.messages == 53)
        #expect(report.root == audit.ledger.root)
        #expect(report.checkpointSize == audit.ledger.size)
    }

    @Test func `every kind of change to an entry is found and placed`() throws {
        let audit = try AuditFixture()
        let note = try audit.ledger.checkpoint(now: LedgerFixture.start)
        let rows = try audit.rows()
        #expect(audit.report(over: rows, note).isSound)
        func codes(_ change: (inout [LedgerEntryRow]) -> Void) -> Set<RefusalCode> {
            var changed = rows
            change(&changed)
            let report = audit.report(over: changed, note)
            #expect(!report.isSound)
            return Set(report.faults.map(\.code))
        }
        #expect(codes { $0[20].record?[5] ^= 1 } == [.ledgerLeafWrong])
        #expect(codes { $0[20].salt?[5] ^= 1 } == [.ledgerLeafWrong])
        #expect(codes { $0[20].leaf[5] ^= 1 } == [.ledgerLeafWrong, .ledgerRootWrong])
        #expect(codes { $0.remove(at: 20) }.contains(.ledgerEntryMissing))
        #expect(codes { $0.removeLast() } == [.ledgerShorterThanCheckpoint])
        #expect(codes { $0.swapAt(20, 21) }.contains(.ledgerRootWrong))
        #expect(codes { $0[20].salt = nil } == [.auditOpeningMissing])
        #expect(codes { $0[20].record = nil } == [.auditOpeningMissing])
        #expect(codes { $0.append($0[20]) } == [.auditSizeDiffers])
    }

    @Test func `a missing entry is one fault and not one for every entry after it`() throws {
        let audit = try AuditFixture()
        let note = try audit.ledger.checkpoint(now: LedgerFixture.start)
        var rows = try audit.rows()
        rows.remove(at: 20)
        let report = audit.report(over: rows, note)
        #expect(report.faults.map(\.code) == [.ledgerEntryMissing, .ledgerShorterThanCheckpoint])
        #expect(report.checkpointSize == nil)
        #expect(report.signedSize == audit.ledger.size)
    }

    @Test func `entries younger than the last checkpoint are checked and called unproven`() throws {
        let audit = try AuditFixture()
        let note = try audit.ledger.checkpoint(now: LedgerFixture.start)
        let signed = audit.ledger.size
        for number in UInt64(70)...71 {
            let message = try acceptedEntry(number, to: recipients(["pip.main"]))
            _ = try audit.ledger.append([.accepted(message)], at: LedgerFixture.start)
        }
        let reader = try LedgerReader(path: audit.fixture.path)
        let report = try AuditVerifier.verify(reader, ledgerKey: audit.key)
        #expect(report.isSound)
        #expect(report.checkpointSize == signed)
        #expect(report.unproven == audit.ledger.size - signed)
        #expect(report.entries == audit.ledger.size)
        #expect(report.messages == 55)
        // The same entries where only signed ones may be: they are not even counted.
        let asExport = audit.report(over: try audit.rows(), note)
        #expect(asExport.faults.map(\.code) == [.auditSizeDiffers])
        #expect(asExport.faults.map(\.place.index) == [signed])
        #expect(asExport.entries == signed)
        #expect(asExport.messages == 53)
        #expect(asExport.unproven == report.unproven)
        // A young entry that does not match its leaf is a fault all the same.
        try audit.fixture.tamper("UPDATE opening SET record = x'00' WHERE place = \(signed + 1)")
        let damaged = try AuditVerifier.verify(
            try LedgerReader(path: audit.fixture.path),
            ledgerKey: audit.key
        )
        #expect(damaged.faults.first?.code == .ledgerLeafWrong)
    }

    @Test func `a blanked opening is found by the auditor and by the hub that reads again`() throws
    {
        let audit = try AuditFixture()
        _ = try audit.ledger.checkpoint(now: LedgerFixture.start)
        try audit.fixture.tamper("UPDATE opening SET salt = NULL, record = NULL WHERE place = 20")
        let reader = try LedgerReader(path: audit.fixture.path)
        let report = try AuditVerifier.verify(reader, ledgerKey: audit.key)
        #expect(report.faults.map(\.code) == [.auditOpeningMissing])
        #expect(report.faults.map(\.place.index) == [20])
        let error = #expect(throws: LedgerError.self) {
            try audit.ledger.reread(atMost: 1_000)
        }
        #expect(error?.code == .ledgerEntryMissing)
        #expect(error?.place.index == 20)
    }

    @Test func `a wrong checkpoint or none is never sound`() throws {
        let audit = try AuditFixture()
        let rows = try audit.rows()
        #expect(!audit.report(over: rows, nil).isSound)
        let key = try #require(SigningKey(seed: Data(repeating: 9, count: 32)))
        let other = try NoteSigner(name: audit.key.name, key: key)
        let forged = try Checkpoint(
            origin: other.verifierKey.name,
            size: audit.ledger.size,
            root: audit.ledger.root
        ).signed(by: other)
        let report = audit.report(over: rows, forged)
        #expect(report.faults.map(\.code) == [.ledgerCheckpointWrong])
    }

    @Test func `records that contradict one another are found though the tree is right`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        var message = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        message.registry = LedgerIndex(1)
        _ = try ledger.append(
            [
                .accepted(message),
                .event(
                    .delivered(
                        .with {
                            $0.node = "ngo-a.main"
                            $0.through = 5
                        }
                    )
                ),
            ],
            at: LedgerFixture.start
        )
        let note = try ledger.checkpoint(now: LedgerFixture.start)
        var verifier = AuditVerifier(
            source: "test",
            checkpoint: note,
            ledgerKey: fixture.signer.verifierKey
        )
        for row in try ledger.entries(from: LedgerIndex(0), limit: 99) { verifier.add(row) }
        let report = verifier.finish()
        #expect(report.faults.map(\.code) == [.auditReferenceUnknown, .auditMailboxWrong])
        #expect(report.faults.map(\.place.index) == [3, 4])
    }

    @Test func `a message that is in the tree twice is found among many`() throws {
        let audit = try AuditFixture()
        let many = try (UInt64(100)..<2_100).map { number in
            NewEntry.accepted(try acceptedEntry(number, to: recipients(["pip.main"])))
        }
        _ = try audit.ledger.append(many, at: LedgerFixture.start)
        var rows = try audit.rows()
        var again = rows[20]
        again.index = LedgerIndex(UInt64(rows.count))
        rows.append(again)
        var tree = TreeFrontier()
        for row in rows { tree.append(TreeHash.leaf(row.leaf)) }
        let note = try Checkpoint(origin: audit.key.name, size: tree.size, root: tree.root)
            .signed(by: audit.fixture.signer)
        let report = audit.report(over: rows, note)
        #expect(report.faults.map(\.code) == [.auditMessageTwice])
        #expect(report.faults.map(\.place.index) == [again.index.value])
        #expect(report.messages == 2_054)
    }

    @Test func `changed content is found by its digest`() throws {
        let audit = try AuditFixture()
        _ = try audit.ledger.checkpoint(now: LedgerFixture.start)
        try audit.fixture.tamper("UPDATE content SET body = x'00' WHERE place = 4")
        let reader = try LedgerReader(path: audit.fixture.path)
        let report = try AuditVerifier.verify(reader, ledgerKey: audit.key)
        #expect(report.faults.map(\.code) == [.auditContentWrong])
        #expect(report.faults.map(\.place.index) == [4])
    }

    @Test func `a trail tells the message's whole history`() throws {
        let audit = try AuditFixture()
        var trail = AuditTrail(of: audit.alert)
        for row in try audit.rows() { try trail.add(row) }
        let acceptance = try #require(trail.acceptance)
        #expect(acceptance.type == "case-alert")
        #expect(acceptance.eligible.nodes.count == 3)
        #expect(acceptance.audience.rules(for: try node("pip.main")) == ["G1"])
        #expect(acceptance.numbers[try node("pip.main")] == MailboxNumber(1))
        #expect(
            trail.steps.dropFirst().map(\.event) == [
                .refused(
                    node: "ngo-b.main",
                    code: RefusalCode.idReused.number,
                    field: "",
                    rule: ""
                ),
                .delivered(try node("ngo-a.main"), number: MailboxNumber(1)),
                .withheld(
                    try node("pip.main"),
                    number: MailboxNumber(1),
                    reason: "withheld",
                    code: RefusalCode.revoked.number,
                    rule: "",
                    .recipient(since: LedgerFixture.start)
                ),
                .referred(type: "acknowledgement", sender: "ngo-a.main", messageID(3)),
            ]
        )
        #expect(trail.outstanding.isEmpty)
        var unknown = AuditTrail(of: messageID(999))
        for row in try audit.rows() { try unknown.add(row) }
        #expect(unknown.acceptance == nil)
    }

    /// Withholds the second message from the charity, which has it on its disk, and from the
    /// inspection, which has not.
    private func withholdSecond(in audit: AuditFixture, at moment: Moment) throws {
        let place = try #require(try audit.ledger.findMessage(messageID(2)))
        for (node, number) in [("ngo-a.main", UInt64(2)), ("pip.main", 2)] {
            let record = WireWithheldMessage.with {
                $0.node = node
                $0.number = number
                $0.message = place.value
                $0.reason = "withheld"
            }
            _ = try audit.ledger.append([.event(.withheld(record))], at: moment)
        }
    }

    @Test func `of what was withheld later the trail tells whether it had been delivered`() throws {
        let audit = try AuditFixture()
        try withholdSecond(in: audit, at: LedgerFixture.start.adding(milliseconds: 60_000))
        var trail = AuditTrail(of: messageID(2))
        for row in try audit.rows() { try trail.add(row) }
        let before = trail.steps.compactMap { step -> AuditTrail.Before? in
            guard case .withheld(_, _, _, _, _, let before) = step.event else { return nil }
            return before
        }
        #expect(before == [.delivered, .recipient(since: LedgerFixture.start)])
    }

    @Test func `an audience that is not of the eligible is found, and shown in no trail`() throws {
        let audit = try AuditFixture()
        let audience = recipients(["ngo-a.main", "mafia.main"])
        let eligible = recipients(["ngo-a.main", "pip.main", "sg.main"])
        let forged = try acceptedEntry(90, to: audience, eligible: eligible)
        let outcome = try audit.ledger.append([.accepted(forged)], at: LedgerFixture.start).first
        let index = try #require(outcome?.index)
        let rules = try acceptedEntry(
            91,
            to: recipients(["ngo-a.main"], rule: "NO-SUCH-RULE"),
            eligible: eligible
        )
        _ = try audit.ledger.append([.accepted(rules), .accepted(forged)], at: LedgerFixture.start)
        let note = try audit.ledger.checkpoint(now: LedgerFixture.start)
        let rows = try audit.rows()
        let report = audit.report(over: rows, note)
        #expect(!report.isSound)
        #expect(report.faults.map(\.code) == [.auditAudienceWrong, .auditAudienceWrong])
        #expect(report.faults.first?.place.index == index.value)
        #expect(report.undecided == report.messages)
        var trail = AuditTrail(of: messageID(90))
        #expect(throws: LedgerError.self) { for row in rows { try trail.add(row) } }
    }

    @Test func `what a node had before it was withheld counts as disclosed`() throws {
        let audit = try AuditFixture()
        try withholdSecond(in: audit, at: LedgerFixture.start)
        var flow = AuditFlow()
        for row in try audit.rows() { flow.add(row) }
        let warnings = flow.rows.filter { $0.type == "warning" }
        #expect(warnings.map { "\($0.recipient) \($0.count)" } == ["ngo-a.main 51", "pip.main 50"])
    }

    @Test func `the flow counts what was disclosed and not what was withheld`() throws {
        let audit = try AuditFixture()
        var flow = AuditFlow()
        for row in try audit.rows() { flow.add(row) }
        let rows = flow.rows.map { "\($0.sender) \($0.recipient) \($0.type) \($0.count)" }
        #expect(
            rows == [
                "kwp-lublin.main ngo-a.main case-alert 1",
                "kwp-lublin.main ngo-a.main warning 51",
                "kwp-lublin.main pip.main warning 51",
                "ngo-a.main kwp-lublin.main acknowledgement 1",
            ]
        )
    }
}

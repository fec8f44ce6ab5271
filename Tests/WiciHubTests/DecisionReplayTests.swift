// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whoever holds the ledger's key can sign anything; what the rules never gave is found all the same.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct DecisionReplayTests {
    private let network: HubNetwork
    private let folder: URL
    private let signer: NoteSigner

    init() throws {
        network = try HubNetwork.shared.get()
        folder = FileManager.default.temporaryDirectory.appending(path: "wici-replay-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        signer = try NoteSigner(name: "test-ledger", key: SigningKey())
    }

    private func open() throws -> Ledger {
        try Ledger.open(
            LedgerConfiguration(path: folder.appending(path: "ledger.sqlite").path),
            signer: signer,
            now: HubNetwork.now
        ).ledger
    }

    private func report() throws -> AuditVerifier.Report {
        let reader = try LedgerReader(path: folder.appending(path: "ledger.sqlite").path)
        return try AuditVerifier.verify(reader, ledgerKey: signer.verifierKey)
    }

    /// Releases at 0 and 1, and what a hub accepts under them.
    private func fill(_ ledger: Ledger) throws -> [AcceptedEntry] {
        let registry = try signer.note(text: network.contents.text).bytes
        let policy = try signer.note(text: network.policyText).bytes
        _ = try ledger.append(
            [
                .release(.registry, number: 1, note: registry),
                .release(.policy, number: 1, note: policy),
            ],
            at: HubNetwork.now
        )
        let release = try network.release()
        var admission = Admission(release: release)
        admission.adopt(release, registryEntry: LedgerIndex(0), policyEntry: LedgerIndex(1))
        var subscription = WireSubscription()
        subscription.types = ["good-practice"]
        admission.subscribe(HubNetwork.charity, to: [subscription])
        var entries: [AcceptedEntry] = []
        for number in 1...12 as ClosedRange<UInt64> {
            let named = number % 2 == 0 ? [HubNetwork.office] : []
            let envelope = try network.envelope(from: HubNetwork.police, to: named, number: number)
            {
                if named.isEmpty { $0.selector.regions = ["PL"] }
                if number % 3 == 0 { $0.urgency = "UR-2" }
            }
            switch admission.decide(envelope, from: HubNetwork.police, now: HubNetwork.now) {
            case .accepted(let entry): entries.append(entry)
            case .refused(let refused): Issue.record("refused: \(refused.refusal)")
            }
        }
        _ = try ledger.append(entries.map(NewEntry.accepted), at: HubNetwork.now)
        return entries
    }

    @Test func `decisions of a hub are found right when they are made again`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try open()
        let entries = try fill(ledger)
        #expect(Set(entries.map(\.eligible)).count > 1)
        #expect(entries.contains { $0.audience != $0.eligible })
        _ = try ledger.checkpoint(now: HubNetwork.now)
        let report = try report()
        #expect(report.isSound, "\(report.faults)")
        #expect(report.replayed == 12 && report.undecided == 0)
    }

    @Test func `a signed record that no rule gives is found`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try open()
        let entries = try fill(ledger)
        func forged(_ number: UInt64, _ change: (inout AcceptedEntry, inout WireHeader) -> Void)
            throws
        {
            var entry = entries[0]
            var header = try WireHeader(serializedBytes: entry.header)
            header.messageID = HubNetwork.messageID(number).data
            change(&entry, &header)
            entry.messageID = HubNetwork.messageID(number)
            entry.header = try header.serializedData()
            _ = try ledger.append([.accepted(entry)], at: HubNetwork.now)
        }
        // A label that its recipients may not have, plain where the policy wants it sealed.
        try forged(100) { $1.tlp = "TLP:RED" }
        try forged(101) {
            $1.dataLevel = "special"
            $1.dataSubject = "DS-VIC"
        }
        // A node that the registry does not list, and a rule that the policy does not have.
        try forged(102) { entry, _ in
            var set = entry.eligible.wire
            set.recipients.append(.with { $0.node = "zz-unknown.main" })
            (entry.eligible, entry.audience) = (RecipientSet(set), RecipientSet(set))
        }
        try forged(103) { entry, _ in
            var set = entry.eligible.wire
            set.recipients[0].rules = ["G99"]
            (entry.eligible, entry.audience) = (RecipientSet(set), RecipientSet(set))
        }
        try forged(104) { entry, _ in entry.audience = RecipientSet(WireRecipientSet()) }
        _ = try ledger.checkpoint(now: HubNetwork.now)
        let report = try report()
        #expect(!report.isSound)
        #expect(report.faults.map(\.code) == Array(repeating: .auditDecisionWrong, count: 4))
        #expect(report.replayed == 13 && report.undecided == 0)
    }

    @Test func `without the texts of the releases it is said that nobody asked`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try open()
        _ = try fill(ledger)
        let note = try ledger.checkpoint(now: HubNetwork.now)
        var verifier = AuditVerifier(
            source: "export",
            checkpoint: note,
            ledgerKey: signer.verifierKey
        )
        for row in try ledger.entries(from: LedgerIndex(0), limit: 1_000) { verifier.add(row) }
        let report = verifier.finish()
        #expect(report.isSound)
        #expect(report.replayed == 0 && report.undecided == 12)
    }
}

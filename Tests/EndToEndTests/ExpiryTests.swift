// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// When registry or policy has run out, nothing is decided: the hub's machine on a real ledger, at
// times that no test can wait for.

import Foundation
import NetworkRig
import SwiftProtobuf
import Synchronization
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub
@testable import WiciNode

struct ExpiryTests {
    /// A hub without sockets, whose clock the test holds.
    struct Paper {
        var machine: HubStateMachine
        let ledger: Ledger
        private var answers: [WirePacket.OneOf_Content] = []

        init(_ network: TestNetwork, now: Moment) throws {
            let folder = network.hubFolder
            let trust = try folder.configuration().authority
            let registryNote = try Data(contentsOf: folder.registryFile)
            let policyNote = try Data(contentsOf: folder.policyFile)
            let release = Release(
                registry: try Registry.load(note: registryNote, trust: trust, after: nil, now: now),
                policy: try Policy.load(note: policyNote, trust: trust, after: nil, now: now),
                registryNote: registryNote,
                policyNote: policyNote
            )
            let (ledger, recovered) = try Ledger.open(
                LedgerConfiguration(path: folder.ledgerFile.path),
                signer: folder.ledgerSigner(),
                now: now
            )
            self.ledger = ledger
            machine = HubStateMachine(recovered: recovered, release: release)
            try handle(.released(release), now: now)
        }

        /// What the hub answers to one packet at one time.
        mutating func answer(
            to content: WirePacket.OneOf_Content,
            from node: NodeID,
            at now: Moment
        ) throws -> WirePacket.OneOf_Content? {
            answers = []
            try handle(.packet(ConnectionID(1), node, .packet(content)), now: now)
            return answers.last
        }

        private mutating func handle(_ event: HubStateMachine.Event, now: Moment) throws {
            for effect in machine.handle(event, now: now) {
                switch effect {
                case .append(let id, let entries):
                    let outcomes = try ledger.append(entries, at: now)
                    let commit = Commit(
                        id: id,
                        outcomes: outcomes,
                        ledgerSize: ledger.size,
                        at: now
                    )
                    try handle(.committed([commit]), now: now)
                case .send(_, let bytes):
                    if let content = try WirePacket(serializedBytes: bytes).content {
                        answers.append(content)
                    }
                case .deliver(_, let batch):
                    if let content = try WirePacket(serializedBytes: batch.packet).content {
                        answers.append(content)
                    }
                case .sendReceipts(_, let bytes):
                    var signed = WireSignedReceipts()
                    signed.receipts = bytes
                    answers.append(.receipts(signed))
                default: break
                }
            }
        }
    }

    private func refusal(_ answer: WirePacket.OneOf_Content?) throws -> String? {
        switch answer {
        case .refused(let refused): return refused.refusal.name
        case .receipts(let signed):
            let receipt = try WireReceipts(serializedBytes: signed.receipts).receipts.last
            guard case .refusal(let refusal)? = receipt?.outcome else { return nil }
            return refusal.name
        default: return nil
        }
    }

    private func recorded(_ paper: Paper) throws -> [String] {
        try paper.ledger.entries(from: LedgerIndex(0), limit: 1_000).compactMap { entry in
            guard let bytes = entry.record,
                case .refused(let refused)? = try WireRecord(serializedBytes: bytes).event
            else { return nil }
            return RefusalCode.numbered(refused.code)?.name
        }
    }

    /// Milliseconds of a day.
    private static let day: Int64 = 86_400_000

    /// Says hello today and submits on the last day, both served, and then two days later, when both
    /// must get the one refusal, on record.
    private func expect(
        _ code: String,
        afterDays days: Int64,
        in network: TestNetwork
    ) throws {
        let now = Node.systemTime()
        let member = try network.member("oip-lublin")
        var paper = try Paper(network, now: now)
        var hello = WireHello()
        hello.versionMin = 1
        hello.versionMax = 1
        guard case .welcome? = try paper.answer(to: .hello(hello), from: member.id, at: now) else {
            Issue.record("no welcome today")
            return
        }
        let lastDay = now.adding(milliseconds: days * Self.day)
        let after = now.adding(milliseconds: (days + 2) * Self.day)
        var letter = try Letter("19", from: member)
        letter.header.keepUntil =
            WarsawTime.date(at: after.adding(milliseconds: Self.day)).description
        let inTime = try paper.answer(to: letter.submit(), from: member.id, at: lastDay)
        #expect(inTime != nil)
        #expect(try refusal(inTime) == nil)
        let next = letter.spoilt { _ in }
        let late = try paper.answer(to: next.submit(), from: member.id, at: after)
        #expect(try refusal(late) == code)
        let again = try paper.answer(to: .hello(hello), from: member.id, at: after)
        #expect(try refusal(again) == code)
        #expect(try recorded(paper) == [code, code])
    }

    @Test
    func `nothing is decided by a registry after its last day`() throws {
        // The registry of a test network is issued for 365 days, its last day included.
        let network = try TestNetwork(institutions: ["oip-lublin", "kwp-lublin"])
        try expect("registry-expired", afterDays: 365, in: network)
    }

    @Test
    func `nothing is decided by a policy after its last day`() throws {
        let network = try TestNetwork(institutions: ["oip-lublin", "kwp-lublin"])
        let note = try SignedNote(bytes: Data(contentsOf: network.hubFolder.policyFile))
        let end = WarsawTime.date(at: Node.systemTime()).adding(days: 30)
        let text = note.text.replacing(/expires: .*/, with: "expires: \(end)")
        try network.sign(text).write(to: network.hubFolder.policyFile)
        try expect("policy-expired", afterDays: 30, in: network)
    }

    @Test(.timeLimit(.minutes(8)))
    func `over the wire an expired registry refuses what it served the day before`() async throws {
        let network = try TestNetwork(institutions: ["oip-lublin", "kwp-lublin"])
        let daysAhead = Mutex<Int64>(0)
        try await network.startHub(
            clock: HubClock {
                Node.systemTime().adding(milliseconds: daysAhead.withLock { $0 } * Self.day)
            }
        )
        let member = try network.member("oip-lublin")
        let peer = RawPeer(member)
        #expect(try await peer.perform { try $0.hello() } == .packet("welcome"))
        let letter = try Letter("19", from: member)
        #expect(try await peer.perform { try $0.ask(letter.submit()) } == .receipt(repeated: false))
        daysAhead.withLock { $0 = 366 }
        let next = letter.spoilt { _ in }
        let late = try await peer.perform { try $0.ask(next.submit()) }
        // The session may have been ended for its silence of a year: then it must say hello.
        #expect(late == .refused("registry-expired") || late == .refused("hello-expected"))
        #expect(try await peer.perform { try $0.hello() } == .refused("registry-expired"))
        await network.stopHub()
        let recorded = try RefusalTests.refusals(of: "oip-lublin.main", in: network).map(\.code)
        #expect(recorded.last == "registry-expired")
    }
}

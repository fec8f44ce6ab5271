// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Labels that were judged once are not judged again. What a hub remembers must never change an answer.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct AdmissionTests {
    /// What single headers get wrong, and what differs between headers that are right.
    private static let changes: [@Sendable (inout WireHeader) -> Void] = [
        { _ in }, { $0.sentAt += 5 }, { $0.acknowledgeBy = $0.sentAt + 1 },
        { $0.acknowledgeBy = $0.sentAt - 1 }, { $0.keepUntil = "" },
        { $0.keepUntil = "2027-02-30" },
        { $0.keepUntil = "2040-01-01" }, { $0.sentAt = 0 }, { $0.thread = Data([1]) },
        { $0.references = [Data([1])] }, { $0.references = [HubNetwork.messageID(9).data] },
        { $0.topics = [] }, { $0.topics = ["GP-CAM"] }, { $0.urgency = "UR-9" },
        { $0.urgency = "UR-2" }, { $0.tlp = "TLP:AMBER" }, { $0.tlp = "TLP:RED" },
        { $0.operator = "op-2" }, { $0.language = "en" }, { $0.type = "letter" },
        { $0.type = "follow-up" }, { $0.schema = 2 }, { $0.dataLevel = "personal" },
        { $0.selector.institutions = [] }, { $0.selector.kinds = ["IK-NGO"] },
    ]

    private static func text(_ outcome: Admission.Outcome) -> String {
        switch outcome {
        case .accepted(let entry):
            "\(entry.messageID) \(entry.envelopeDigest.hexadecimal) \(entry.eligible.wire)"
                + " \(entry.audience.wire) \(entry.feedTopics)"
        case .refused(let refused): "\(refused.wire) \(refused.isOwn)"
        }
    }

    @Test func `an admission that remembers answers as one that has seen nothing`() throws {
        let network = try HubNetwork.shared.get()
        let release = try network.release()
        var fresh = Admission(release: release)
        fresh.adopt(release, registryEntry: LedgerIndex(1), policyEntry: LedgerIndex(2))
        var subscription = WireSubscription()
        subscription.types = ["good-practice"]
        fresh.subscribe(HubNetwork.charity, to: [subscription])
        var remembering = fresh
        var numbers = SeededGenerator(seed: 3)
        var accepted = 0
        var refusals: Set<String> = []
        for round in 0..<1_500 {
            let recipients = [HubNetwork.office, HubNetwork.charity].shuffled(using: &numbers)
            let first = Self.changes[round % Self.changes.count]
            let second = Self.changes.randomElement(using: &numbers)
            let envelope = try network.envelope(
                from: round % 7 == 0 ? HubNetwork.office : HubNetwork.police,
                to: Array(recipients.prefix(Int.random(in: 1...2, using: &numbers))),
                number: UInt64(round + 100)
            ) { header in
                first(&header)
                if round % 3 == 0 { second?(&header) }
            }
            var cold = fresh
            let expected = cold.decide(envelope, from: HubNetwork.police, now: HubNetwork.now)
            let answer = remembering.decide(envelope, from: HubNetwork.police, now: HubNetwork.now)
            #expect(Self.text(answer) == Self.text(expected))
            switch answer {
            case .accepted: accepted += 1
            case .refused(let refused):
                refusals.insert("\(refused.refusal.code.number) \(refused.refusal.field)")
            }
        }
        #expect(accepted > 100)
        #expect(refusals.count > 10, "\(refusals)")
    }

    @Test func `a message that nobody may keep any more is refused by its date`() throws {
        let network = try HubNetwork.shared.get()
        let release = try network.release()
        var admission = Admission(release: release)
        admission.adopt(release, registryEntry: LedgerIndex(1), policyEntry: LedgerIndex(2))
        func refusal(keptUntil day: String, number: UInt64) throws -> RefusedEnvelope? {
            let envelope = try network.envelope(
                from: HubNetwork.police,
                to: [HubNetwork.office],
                number: number
            ) { header in
                header.sentAt -= 10 * 86_400_000
                header.keepUntil = day
            }
            let outcome = admission.decide(envelope, from: HubNetwork.police, now: HubNetwork.now)
            guard case .refused(let refused) = outcome else { return nil }
            return refused
        }
        // It is the first of December in Warsaw.
        let late = try #require(try refusal(keptUntil: "2026-11-30", number: 1))
        #expect(late.refusal.code == .headerFault && late.refusal.field == "keepUntil")
        #expect(late.faults.map(\.code) == [.keepUntilOutOfRange])
        #expect(late.faults.first?.sentence.english.contains("that day is over") == true)
        #expect(late.isOwn)
        #expect(try refusal(keptUntil: "2026-12-01", number: 2) == nil)
        #expect(try refusal(keptUntil: "2026-11-30", number: 3) != nil)
    }
}

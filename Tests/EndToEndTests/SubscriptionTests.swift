// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Every condition of a subscription, at a real hub: one that meets a message brings it, one that does
// not keeps it away, and the receipt tells the sender the same.

import Foundation
import NetworkRig
import Testing
import WiciCore

@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct SubscriptionTests {
    /// An exercise of middling urgency, for one region.
    private static let practice = """
        type: good-practice
        marking: TLP:GREEN
        urgency: UR-2
        status: exercise
        to:
          regions: [PL-06]
        body:
          common: {title: 'PRZYKŁAD: ćwiczenie'}
          domain: GP-IDE
          problem: próba
          steps: próba
          result: próba
          contact: koordynator
        """

    private static let cases: [(subscription: SubscriptionModel, isWanted: Bool)] = [
        (SubscriptionModel(), true),
        (SubscriptionModel(types: ["good-practice"]), true),
        (SubscriptionModel(types: ["warning"]), false),
        (SubscriptionModel(regions: ["PL-06", "PL-18"]), true),
        (SubscriptionModel(regions: ["PL-18"]), false),
        (SubscriptionModel(urgencyFrom: "UR-2"), true),
        (SubscriptionModel(urgencyFrom: "UR-3"), false),
        (SubscriptionModel(topics: ["GP-REF", "GP-IDE"]), true),
        (SubscriptionModel(topics: ["GP-REF"]), false),
        (SubscriptionModel(senderKinds: ["IK-PIP"]), true),
        (SubscriptionModel(senderKinds: ["IK-SG"]), false),
        (SubscriptionModel(statuses: ["exercise"]), true),
        (SubscriptionModel(statuses: ["actual"]), false),
        (SubscriptionModel(types: ["good-practice"], statuses: ["actual"]), false),
    ]

    @Test
    func `each condition of a subscription decides what arrives`() async throws {
        let institutions = ["oip-lublin", "kwp-lublin"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            let police = try #require(nodes["kwp-lublin"])
            let inspection = try #require(nodes["oip-lublin"])
            var wanted: [MessageID] = []
            for (subscription, isWanted) in Self.cases {
                try await police.subscribe([subscription])
                let id = try await inspection.send(draft: MessageDraft(yaml: Self.practice))
                let entry = try await inspection.outcome(of: id, wait: .seconds(20))
                let audience = entry.receipt?.audience.map(\.node)
                #expect(audience == (isWanted ? ["kwp-lublin.main"] : []), "\(subscription)")
                #expect(entry.receipt?.eligible.map(\.node) == ["kwp-lublin.main"])
                if isWanted { wanted.append(id) }
            }
            // Of two subscriptions one suffices.
            try await police.subscribe([
                SubscriptionModel(types: ["warning"]), SubscriptionModel(statuses: ["exercise"]),
            ])
            let id = try await inspection.send(draft: MessageDraft(yaml: Self.practice))
            _ = try await inspection.outcome(of: id, wait: .seconds(20))
            wanted.append(id)
            try await eventually("the police have exactly what they wanted, in order") {
                try await police.inbox(after: .none, limit: 100, unacknowledgedOnly: false)
                    .map(\.id) == wanted
            }
        }
        await network.stopHub()
    }
}

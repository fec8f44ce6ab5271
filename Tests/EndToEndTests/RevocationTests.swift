// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Revocation bites at once, on live connections too, and leaves the innocent alone.

import Foundation
import Testing
import WiciCore

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(2)))
struct RevocationTests {
    @Test
    func `a revoked node is cut and turned away while the others notice nothing`() async throws {
        let institutions = ["oip-lublin", "kwp-lublin", "nosg-chelm"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            let police = try #require(nodes["kwp-lublin"])
            let guards = try #require(nodes["nosg-chelm"])
            let inspection = try #require(nodes["oip-lublin"])
            for node in [police, guards] {
                try await node.subscribe([SubscriptionModel(types: ["case-alert"])])
            }
            let since = await guards.status().since
            let revoked = try network.member("kwp-lublin").id
            try network.release { contents in
                try contents.revoke(
                    revoked,
                    on: WarsawTime.date(at: Node.systemTime()),
                    reason: .withdrawn
                )
            }
            let id = try await inspection.send(draft: DeliveryTests.sample("01"))
            let entry = try await inspection.outcome(of: id, wait: .seconds(10))
            #expect(entry.state == .accepted)
            #expect(entry.receipt?.eligible.map(\.node) == ["nosg-chelm.main"])
            try await eventually("the border guard has the alert") {
                try await guards.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
                    .map(\.id) == [id]
            }
            try await eventually("the police are turned away") {
                await police.status().connection == .refused
            }
            #expect(
                try await police.inbox(after: .none, limit: 10, unacknowledgedOnly: false).isEmpty
            )
            #expect(await guards.status().since == since)
        }
        await network.stopHub()
    }

    @Test
    func `a broken registry is refused at reload and the one in force goes on`() async throws {
        let institutions = ["oip-lublin", "kwp-lublin"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            try Data("registry: broken\n\n".utf8).write(to: network.hubFolder.registryFile)
            #expect(throws: HubError.self) { try network.reloadHub() }
            let police = try #require(nodes["kwp-lublin"])
            try await police.subscribe([SubscriptionModel(types: ["case-alert"])])
            let inspection = try #require(nodes["oip-lublin"])
            let id = try await inspection.send(draft: DeliveryTests.sample("01"))
            let entry = try await inspection.outcome(of: id, wait: .seconds(10))
            #expect(entry.receipt?.audience.map(\.node) == ["kwp-lublin.main"])
        }
        await network.stopHub()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The main job through real sockets, disks and keys.

import Foundation
import NetworkRig
import Testing
import WiciCore

@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct DeliveryTests {
    static func sample(_ prefix: String) throws -> MessageDraft {
        try MessageDraft(yaml: sampleText(prefix))
    }

    /// The text of the sample whose file's name begins so.
    static func sampleText(_ prefix: String) throws -> String {
        let folder = repositoryRoot.appending(path: "Deploy/network/messages")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        guard let name = names.first(where: { $0.hasPrefix(prefix) }) else {
            throw TestNetwork.Failure("sample \(prefix)")
        }
        return try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    @Test
    func `an alert reaches the subscribed eligible institutions once and the receipt names them`()
        async throws
    {
        let institutions = ["oip-lublin", "kwp-lublin", "nosg-chelm", "fundacja-przyklad"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            let police = try #require(nodes["kwp-lublin"])
            try await police.subscribe([SubscriptionModel(types: ["case-alert"])])
            let inspection = try #require(nodes["oip-lublin"])
            let id = try await inspection.send(draft: Self.sample("01"))
            let entry = try await inspection.outcome(of: id, wait: .seconds(10))
            #expect(entry.state == .accepted, "\(String(describing: entry.refusal))")
            #expect(entry.receipt?.audience.map(\.node) == ["kwp-lublin.main"])
            #expect(
                entry.receipt?.eligible.map(\.node) == ["kwp-lublin.main", "nosg-chelm.main"]
            )
            try await eventually("the police have the alert") {
                try await !police.inbox(after: .none, limit: 10, unacknowledgedOnly: false).isEmpty
            }
            let inbox = try await police.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
            #expect(inbox.map(\.id) == [id])
            #expect(inbox.first?.suspect == nil)
            let acknowledgement = try await police.acknowledge(id, note: "Przyjęto.")
            let acknowledged = try await police.outcome(of: acknowledgement, wait: .seconds(10))
            #expect(
                acknowledged.state == .accepted,
                "\(String(describing: acknowledged.refusal))"
            )
            try await eventually("the inspection has the acknowledgement") {
                try await inspection.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
                    .map(\.id) == [acknowledgement]
            }
            let ngo = try #require(nodes["fundacja-przyklad"])
            #expect(try await ngo.inbox(after: .none, limit: 10, unacknowledgedOnly: false).isEmpty)
        }
        await network.stopHub()
    }

    @Test
    func `a message without a single body field arrives in order`() async throws {
        let institutions = ["oip-lublin", "kwp-lublin"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            let police = try #require(nodes["kwp-lublin"])
            try await police.subscribe([SubscriptionModel(types: ["case-alert"])])
            let inspection = try #require(nodes["oip-lublin"])
            let id = try await inspection.send(draft: Self.sample("01"))
            try await eventually("the police have the alert") {
                try await !police.inbox(after: .none, limit: 10, unacknowledgedOnly: false).isEmpty
            }
            let acknowledgement = try await police.acknowledge(id, note: "")
            try await eventually("the inspection has the acknowledgement, beyond suspicion") {
                try await inspection.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
                    .map { $0.suspect == nil ? $0.id : nil } == [acknowledgement]
            }
        }
        await network.stopHub()
    }

    @Test
    func `a subscription outlives the hub that took it`() async throws {
        let institutions = ["oip-lublin", "kwp-lublin"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            let police = try #require(nodes["kwp-lublin"])
            let inspection = try #require(nodes["oip-lublin"])
            try await police.subscribe([SubscriptionModel(types: ["case-alert"])])
            await network.stopHub()
            // Written while the hub is away: it leaves when the hub is back.
            let id = try await inspection.send(draft: Self.sample("01"))
            try await network.startHub()
            let entry = try await inspection.outcome(of: id, wait: .seconds(40))
            #expect(entry.receipt?.audience.map(\.node) == ["kwp-lublin.main"])
            try await eventually("the police have the alert", within: .seconds(60)) {
                try await police.inbox(after: .none, limit: 10, unacknowledgedOnly: false)
                    .map(\.id) == [id]
            }
        }
        await network.stopHub()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Revocation bites at once, on live connections too, and leaves the innocent alone.

import Foundation
import NetworkRig
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
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

    /// A revocation in the middle of a stream of mail: what a ledger says of it afterwards.
    private struct Stream {
        /// Places of all acceptances, with the nodes they went to.
        var audiences: [LedgerIndex: [NodeID]] = [:]
        /// Places of the registry releases.
        var releases: [LedgerIndex] = []
        var refusals: [String] = []

        init(_ network: TestNetwork) throws {
            let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
            var sets: [UInt64: [NodeID]] = [:]
            var accepted: [(LedgerIndex, UInt64)] = []
            var releases: [LedgerIndex] = []
            var refusals: [String] = []
            try reader.forEachEntry(below: reader.size()) { entry throws(LedgerError) in
                guard let bytes = entry.record,
                    let event = (try? WireRecord(serializedBytes: bytes))?.event
                else { return }
                switch event {
                case .recipientSet(let set):
                    sets[entry.index.value] = set.recipients.compactMap { NodeID($0.node) }
                case .accepted(let one): accepted.append((entry.index, one.audience))
                case .registryRelease: releases.append(entry.index)
                case .refused(let one):
                    refusals.append(RefusalCode.numbered(one.code)?.name ?? "")
                default: break
                }
            }
            for (index, set) in accepted { audiences[index] = sets[set] }
            self.releases = releases
            self.refusals = refusals
        }
    }

    @Test
    func `in the middle of a stream a revoked node gets nothing after the release, feed included`()
        async throws
    {
        let (stays, goes, sends) = ("nosg-chelm", "kwp-lublin", "oip-lublin")
        let network = try TestNetwork(institutions: [stays, goes, sends])
        try await network.startHub()
        let listening = RawPeer(try network.member(stays))
        let leaving = RawPeer(try network.member(goes))
        let leaver = try network.member(goes)
        let feed = network.feed
        for peer in [listening, leaving] {
            #expect(try await peer.perform { try $0.hello(window: 10_000) } == .packet("welcome"))
            let wanted = WireSubscription.with { $0.types = ["good-practice"] }
            let answer = try await peer.perform {
                try $0.ask(.subscribe(.with { $0.subscriptions = [wanted] }))
            }
            #expect(answer == .packet("subscribed"))
        }
        let heard = StopFlag()
        async let turnedAway = onThread { () -> Int? in
            var listener = try FeedListener(leaver, feed: feed)
            guard try listener.topic(within: .seconds(20)) != nil else { return nil }
            heard.raise()
            return try listener.refusal(within: .seconds(20))
        }
        try await eventually("the feed is heard") { heard.isRaised }
        let stopping = StopFlag()
        let sender = try network.member(sends)
        async let sending = onThread { () -> Int in
            var connection = try MailSender(sender)
            var count = 0
            while !stopping.isRaised {
                let everybody = WireSelector.with { $0.regions = ["PL-06"] }
                count += try connection.send(count..<count + 5, to: everybody).count
            }
            return count
        }
        try await eventually("mail flows") {
            try await leaving.perform { conversation in
                try conversation.roundTrip()
                return conversation.deliveries.count > 50
            }
        }
        try network.release { contents in
            try contents.revoke(
                leaver.id,
                on: WarsawTime.date(at: Node.systemTime()),
                reason: .withdrawn
            )
        }
        let next = try await leaving.perform { conversation -> RawAnswer in
            var ping = WirePing()
            ping.nonce = 1
            _ = try? conversation.send(.ping(ping))
            var answer = try conversation.answer()
            while answer == .packet("pong") { answer = try conversation.answer() }
            return answer
        }
        #expect(next == .refused("revoked") || next == .lost || next == .refusedKey(status: 400))
        #expect(try await turnedAway == 400)
        stopping.raise()
        let sent = try await sending
        try await eventually("whoever stays has everything") {
            try await listening.perform { conversation in
                try conversation.roundTrip()
                return conversation.deliveries.count == sent
            }
        }
        await network.stopHub()
        let stream = try Stream(network)
        let release = try #require(stream.releases.last)
        #expect(stream.releases.count == 2)
        let received = try await leaving.perform { $0.deliveries.map(\.index) }
        #expect(received.allSatisfy { LedgerIndex($0) < release })
        let before = stream.audiences.filter { $0.key < release }
        let after = stream.audiences.filter { $0.key > release }
        #expect(!before.isEmpty && !after.isEmpty)
        #expect(before.values.allSatisfy { $0.contains(leaver.id) })
        #expect(after.values.allSatisfy { !$0.contains(leaver.id) && !$0.isEmpty })
        #expect(stream.refusals.contains("revoked"))
    }

    /// The police subscribe and the inspection's alert reaches them: what was in force still is.
    static func expectAlertGoesThrough(_ nodes: [String: Node]) async throws {
        let police = try #require(nodes["kwp-lublin"])
        try await police.subscribe([SubscriptionModel(types: ["case-alert"])])
        let inspection = try #require(nodes["oip-lublin"])
        let id = try await inspection.send(draft: DeliveryTests.sample("01"))
        let entry = try await inspection.outcome(of: id, wait: .seconds(10))
        #expect(entry.receipt?.audience.map(\.node) == ["kwp-lublin.main"])
    }

    @Test
    func `a broken registry is refused at reload and the one in force goes on`() async throws {
        let institutions = ["oip-lublin", "kwp-lublin"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            try Data("registry: broken\n\n".utf8).write(to: network.hubFolder.registryFile)
            #expect(throws: HubError.self) { try network.reloadHub() }
            try await RevocationTests.expectAlertGoesThrough(nodes)
        }
        await network.stopHub()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the hub remembers equals what it would compute: eligible sets, answers at delivery, and the
// bounded table of connections.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub
@testable import ZeroMQ

struct HubMemoryTests {
    private static func randomHeader(
        _ network: HubNetwork,
        _ random: inout SeededGenerator
    ) -> WireHeader {
        func pick<Item>(_ items: [Item]) -> Item {
            items[Int.random(in: 0..<items.count, using: &random)]
        }
        var header = network.header(from: pick(HubNetwork.nodes), to: [], number: 1)
        header.tlp = pick(["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:RED", "TLP:WHITE"])
        header.type = pick(["good-practice", "warning", "case-alert"])
        switch Int.random(in: 0..<4, using: &random) {
        case 0: header.selector.regions = [pick(["PL", "PL-06", "PL-18"])]
        case 1: header.selector.kinds = [pick(["IK-UW", "IK-NGO"])]
        case 2: header.selector.roles = ["kwp-lublin/duty-officer"]
        default: header.selector.institutions = [pick(["uw-lublin", "fundacja-przyklad"])]
        }
        return header
    }

    @Test func `remembered eligibility equals the computed one under every release`() throws {
        let network = try HubNetwork.shared.get()
        var random = SeededGenerator(seed: 1)
        var both = 0
        var remembered = 0
        for release in [
            try network.release(),
            try network.release(policy: HubNetwork.withoutCharities),
            try network.release(registry: HubNetwork.revoke(HubNetwork.charity)),
        ] {
            var memory = EligibilityMemory()
            for step in 0..<1_000 {
                let header = Self.randomHeader(network, &random)
                let now = HubNetwork.now.adding(milliseconds: Int64(step / 100) * 43_200_000)
                let computed = Eligibility.of(
                    header: header,
                    registry: release.registry,
                    policy: release.policy,
                    at: now
                )
                let bytes: Data = try header.serializedBytes()
                let labels = try bytes.withUnsafeBytes { try HeaderOutline($0) }.labels
                let known = memory.judgement(on: labels, now: now)?.decision
                let decision =
                    known
                    ?? memory.decision(header, labels, release: release, now: now) {
                        $0.recipients
                    }
                if known != nil { remembered += 1 }
                switch decision {
                case .granted(let found, let audience):
                    #expect(computed.set == found.set)
                    #expect(audience == found.recipients)
                case .refused(let refusal): #expect(computed.refusal == refusal)
                }
                for node in HubNetwork.nodes {
                    let direct = Eligibility.refusal(
                        ofDelivering: header,
                        to: node,
                        registry: release.registry,
                        policy: release.policy,
                        at: now
                    )
                    let kept = memory.refusal(
                        ofDelivering: header,
                        to: node,
                        release: release,
                        now: now
                    )
                    #expect(kept == direct)
                    // One recipient's answer is the set's, wherever there is a set.
                    if let set = computed.set {
                        #expect(set.contains(node) == (direct == nil))
                        both += 1
                    }
                }
            }
        }
        #expect(both > 1_000 && remembered > 100)
    }

    private func frame(_ routingID: UInt64, _ user: NodeID) throws -> ReceivedMessage {
        let key = try #require(RawPublicKey(hexadecimal: Self.key))
        var message = ReceivedMessage()
        message.frames = [Data("\(routingID)".utf8), Data([1])]
        message.userID = Caller(node: user, key: key).userID
        return message
    }

    private static let key = String(repeating: "ab", count: 32)

    @Test func `a caller is the node and the key it came with, and nothing else is a caller`()
        throws
    {
        let key = try #require(RawPublicKey(hexadecimal: Self.key))
        let caller = Caller(node: HubNetwork.office, key: key)
        #expect(Caller(userID: caller.userID) == caller)
        let node = HubNetwork.office.text
        for text in ["", node, "\(node) ab", " \(Self.key)", "\(node)  \(Self.key)"] {
            #expect(Caller(userID: text) == nil, "\(text)")
        }
    }

    @Test func `a member that opens connections without end has its oldest cut`() throws {
        var table = PeerTable()
        let first = table.receive(try frame(0, HubNetwork.office), now: HubNetwork.now)
        let innocent = try #require(first).0
        var opened: [ConnectionID] = []
        for number in 1...1_000 as ClosedRange<UInt64> {
            let next = try frame(number, HubNetwork.police)
            let connection = table.receive(next, now: HubNetwork.now)
            opened.append(try #require(connection).0)
            #expect(table.count <= PeerTable.connectionsPerNode + 1)
        }
        #expect(opened.filter { table.address(of: $0) != nil } == opened.suffix(8))
        #expect(table.address(of: innocent) != nil)
        // Whoever is turned away is not remembered at all.
        let stranger = try frame(5_000, HubNetwork.police)
        #expect(table.receive(stranger, now: HubNetwork.now, admits: { _ in false }) == nil)
        table.forget(opened[999])
        #expect(table.count == PeerTable.connectionsPerNode)
        // A forgotten one that speaks again is a new connection and has to say hello.
        let again = table.receive(try frame(1, HubNetwork.police), now: HubNetwork.now)
        #expect(try !opened.contains(#require(again).0))
    }
}

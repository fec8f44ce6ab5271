// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Bad input over real connections: each kind gets its typed refusal, the hub goes on serving an
// honest member, and the ledger holds exactly those refusals, in order.

import Foundation
import NetworkRig
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger
import ZeroMQ

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct RefusalTests {
    /// A refusal as the ledger has it.
    struct Recorded: Hashable, CustomStringConvertible {
        let code: String
        let field: String
        var rule = ""
        var description: String { "\(code) at '\(field)' by '\(rule)'" }
    }

    /// A hub with a hostile member and an honest one on connections of their own.
    struct Siege {
        let network: TestNetwork
        let hostile: HostileMember
        let peer: RawPeer
        let honest: RawPeer
        private(set) var expected: [Recorded] = []

        init() async throws {
            network = try TestNetwork(institutions: HostileMember.institutions)
            try await network.startHub()
            hostile = try HostileMember(network)
            peer = RawPeer(hostile.member)
            honest = RawPeer(try network.member("kwp-lublin"))
            #expect(try await peer.perform { try $0.hello() } == .packet("welcome"))
            #expect(try await honest.perform { try $0.hello() } == .packet("welcome"))
        }

        /// Sends each input and compares the refusal; the honest member is served after each.
        mutating func send(_ inputs: [HostileInput]) async throws {
            #expect(!inputs.isEmpty)
            for input in inputs {
                let (answer, refusal) = try await peer.perform { conversation in
                    (try conversation.ask(frame: input.frame), conversation.lastRefusal)
                }
                #expect(answer == .refused(input.code), "\(input.what)")
                #expect(refusal.field == input.field, "\(input.what)")
                #expect(refusal.rule == input.rule ?? refusal.rule, "\(input.what)")
                #expect(!refusal.helpPl.isEmpty && !refusal.helpEn.isEmpty, "\(input.what)")
                try await honest.perform { try $0.roundTrip() }
                expected.append(
                    Recorded(code: input.code, field: input.field, rule: refusal.rule)
                )
            }
        }

        mutating func expect(_ code: String, _ field: String = "") {
            expected.append(Recorded(code: code, field: field))
        }

        /// Shows that the honest member's message is accepted, then ends the hub and compares what
        /// the ledger says of the hostile member.
        func end() async throws {
            let letter = try Letter("04", from: network.member("kwp-lublin"))
            #expect(
                try await honest.perform { try $0.ask(letter.submit()) }
                    == .receipt(repeated: false)
            )
            await network.stopHub()
            let recorded = try RefusalTests.refusals(of: hostile.member.id.text, in: network)
            #expect(recorded == expected)
            #expect(try RefusalTests.refusals(of: "kwp-lublin.main", in: network).isEmpty)
        }
    }

    @Test
    func `a message that is not its sender's own is refused by name and goes on record`()
        async throws
    {
        var siege = try await Siege()
        try await siege.send(siege.hostile.forgeries())
        try await siege.end()
    }

    @Test
    func `a message that breaks a rule gets the refusal of exactly that rule`() async throws {
        var siege = try await Siege()
        try await siege.send(siege.hostile.breachesOfRules())
        try await siege.end()
    }

    @Test
    func `a fault of header or body names the field and goes on record`() async throws {
        var siege = try await Siege()
        try await siege.send(siege.hostile.faultsOfSchema())
        try await siege.end()
    }

    @Test
    func `wraps that are not exactly the eligible set are refused and the right set is accepted`()
        async throws
    {
        var siege = try await Siege()
        try await siege.send(siege.hostile.faultsOfSeals())
        let right = try siege.hostile.strictAlert().sealed(
            for: siege.hostile.recipients("kwp-lublin", "nosg-chelm", "oip-lublin")
        )
        let answer = try await siege.peer.perform { try $0.ask(right.submit()) }
        #expect(answer == .receipt(repeated: false))
        try await siege.end()
    }

    @Test
    func `garbage and hostile protobuf are refused and slow nobody down`() async throws {
        var siege = try await Siege()
        let clock = ContinuousClock()
        let start = clock.now
        let inputs = try siege.hostile.garbage()
        try await siege.send(inputs)
        #expect(clock.now - start < .seconds(20))
        // Over the limit of the socket itself: the connection is cut before there is a packet.
        #expect(
            try await siege.peer.perform { try $0.ask(frame: Data(count: 2 << 20)) } == .lost
        )
        try await siege.honest.perform { try $0.roundTrip() }
        #expect(try await siege.peer.perform { try $0.hello() } == .packet("welcome"))
        try await siege.end()
    }

    @Test
    func `requests for what is not one's own are refused by name`() async throws {
        var siege = try await Siege()
        let auditor = try siege.network.member("kwp-lublin")
        let guarded = try Letter("04", from: auditor).spoilt {
            $0.header.selector = .with { $0.institutions = ["nosg-chelm"] }
        }
        #expect(
            try await siege.honest.perform { try $0.ask(guarded.submit()) }
                == .receipt(repeated: false)
        )
        try await siege.send(siege.hostile.requests(foreign: guarded.id))
        try await siege.end()
    }

    @Test
    func `the same bytes get the same receipt and other bytes under the same id are refused`()
        async throws
    {
        var siege = try await Siege()
        let good = siege.hostile.good
        let first = try await siege.peer.perform { conversation in
            (try conversation.ask(good.submit()), conversation.lastReceipt)
        }
        let second = try await siege.peer.perform { conversation in
            (try conversation.ask(good.submit()), conversation.lastReceipt)
        }
        #expect(first.0 == .receipt(repeated: false))
        #expect(second.0 == .receipt(repeated: true))
        #expect(first.1.accepted.index > 0)
        #expect(second.1.accepted.index == first.1.accepted.index)
        #expect(second.1.accepted.acceptedAt == first.1.accepted.acceptedAt)
        #expect(second.1.envelopeDigest == first.1.envelopeDigest)
        var otherHeader = good
        otherHeader.header.urgency = "UR-2"
        var otherBody = good
        var practice = try WireGoodPractice(serializedBytes: good.body)
        practice.problem += "!"
        otherBody.body = try practice.serializedData()
        let reused = "id-reused"
        try await siege.send([
            try HostileInput("another header", otherHeader, reused, "message_id"),
            try HostileInput("another body", otherBody, reused, "message_id"),
        ])
        // Another member cannot take the id either, nor send what it has overheard as its own.
        let stolen = try Letter("04", from: siege.network.member("kwp-lublin")).spoilt { _ in }
        var thief = stolen
        thief.header.messageID = good.id
        let thieves = try await siege.peer.perform { [thief] in try $0.ask(thief.submit()) }
        #expect(thieves == .refused("sender-mismatch"))
        siege.expect("sender-mismatch", "sender")
        try await siege.end()
    }

    @Test
    func `a conversation begins with a hello in a version that both speak`() async throws {
        let network = try TestNetwork(institutions: ["oip-lublin"])
        try await network.startHub()
        let member = try network.member("oip-lublin")
        let peer = RawPeer(member)
        let good = try Letter("19", from: member)
        let answers = try await peer.perform { conversation in
            [
                try conversation.ask(.ping(WirePing())),
                try conversation.ask(good.submit()),
                try conversation.hello(versions: 9...9),
                try conversation.hello(versions: 0...0),
                try conversation.ask(.ping(WirePing())),
                try conversation.hello(versions: 1...7),
                try conversation.ask(.ping(WirePing())),
            ]
        }
        #expect(
            answers == [
                .refused("hello-expected"), .refused("hello-expected"),
                .refused("version-unsupported"), .refused("version-unsupported"),
                .refused("hello-expected"), .packet("welcome"), .packet("pong"),
            ]
        )
        await network.stopHub()
        #expect(
            try Self.refusals(of: member.id.text, in: network).map(\.code) == [
                "hello-expected", "hello-expected", "version-unsupported",
                "version-unsupported", "hello-expected",
            ]
        )
    }

    @Test
    func `an unknown key is turned away with 400 and a wrong hub key never connects`() async throws
    {
        let network = try TestNetwork(institutions: ["oip-lublin"])
        try await network.startHub()
        let stranger = RawPeer(
            endpoint: network.exchange,
            hub: network.hubKey,
            keys: try CurveKeyPair.generate()
        )
        #expect(try await stranger.perform { try $0.hello() } == .refusedKey(status: 400))
        let member = try network.member("oip-lublin")
        let deceived = RawPeer(
            endpoint: network.exchange,
            hub: try CurveKeyPair.generate().publicKey,
            keys: member.keys.exchange
        )
        let answer = try await deceived.perform { conversation in
            try conversation.hello(within: .seconds(2))
        }
        #expect(answer == .silence || answer == .lost)
        let honest = RawPeer(member)
        #expect(try await honest.perform { try $0.hello() } == .packet("welcome"))
        await network.stopHub()
        #expect(try Set(Self.refusals(of: "", in: network).map(\.code)) == ["unknown-key"])
        #expect(try Self.refusals(of: member.id.text, in: network).isEmpty)
    }

    /// Refusals of one node's requests in the ledger of a hub that has ended, in order; strangers
    /// have no name.
    static func refusals(of node: String, in network: TestNetwork) throws -> [Recorded] {
        let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
        var refusals: [Recorded] = []
        try reader.forEachEntry(below: reader.size()) { entry in
            guard let bytes = entry.record, let record = try? WireRecord(serializedBytes: bytes),
                case .refused(let refused)? = record.event, refused.node == node
            else { return }
            let name = RefusalCode.numbered(refused.code)?.name ?? "unknown \(refused.code)"
            refusals.append(Recorded(code: name, field: refused.field, rule: refused.rule))
        }
        return refusals
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// New keys for a node that stays a member: from `wici node rotate` over the authority's signatures to
// the node's own change, while it runs and while it is away; and what the old keys still open.

import Foundation
import Glibc
import NetworkRig
import Testing
import WiciCore
import ZeroMQ

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct RotationTests {
    private static let foundation = "fundacja-przyklad"
    private static let guards = "nosg-chelm"

    /// Who has which key, as a registry or a request says.
    private struct Keys: Equatable {
        let exchange, signing, sealing: String?

        init(_ value: PlainValue) {
            exchange = value["exchangeKey"]?.word
            signing = value["signingKey"]?.word
            sealing = value["sealingKey"]?.word
        }
    }

    /// A support request to the foundation, which must be sealed.
    private static func request() throws -> Data {
        let text = try CommandNetwork.sampleText("26")
            .replacing("[fundacja-przyklad, kcik]", with: "[fundacja-przyklad]")
        return Data(text.utf8)
    }

    /// A good practice of the foundation's, to the border guard by name.
    private static func practice() throws -> Data {
        let text = try CommandNetwork.sampleText("19")
            .replacing("regions: [PL]", with: "institutions: [nosg-chelm]")
        return Data(text.utf8)
    }

    /// The authority takes the request into the next release and the hub takes the release.
    private func release(_ network: CommandNetwork, request: String) async throws {
        let draft = network.path("authority/registry-2.yaml")
        try await network.ok(
            ["registry", "rotate", request, "--registry", network.registry, "--output", draft]
        )
        try await network.sign("registry", draft, to: network.registry)
        let run = try await network.ok("hub", "reload", network.hubFolder)
        #expect(run.output.contains("registry 2"), "\(run)")
    }

    /// What the registry in force says of the foundation's node.
    private func registered(_ network: CommandNetwork) async throws -> Keys {
        let members = try await network.ok("registry", "show", network.registry, "--json").json()
        let member = members.items.first { $0["id"]?.word == Self.foundation }
        return Keys(try #require(member?["nodes"]?.items.first))
    }

    private func expectOpen(_ id: String, _ network: CommandNetwork) async throws {
        try await network.awaitMail(id, at: Self.foundation)
        let view = try await network.ok(
            "message",
            "show",
            id,
            "--json",
            "--to-node",
            network.node(Self.foundation)
        ).json()
        #expect(view["body"]?["adults"]?.whole == 3, "\(view.json())")
        #expect(view["inbox"]?["suspect"] == nil, "\(view.json())")
    }

    private func keyFiles(_ network: CommandNetwork) throws -> [String] {
        let folder = network.node(Self.foundation) + "/keys"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test
    func `a node that was away takes its new keys, and mail sealed before and after opens`()
        async throws
    {
        try await CommandNetwork.run([Self.foundation, Self.guards]) { network in
            let folder = network.node(Self.foundation)
            let old = try await registered(network)
            let first = try await network.send(Self.request(), from: Self.guards)
            try await expectOpen(first, network)
            #expect(try await network.end(Self.foundation) == 0)
            let second = try await network.send(Self.request(), from: Self.guards)

            let made = try await network.ok("node", "rotate", folder, "--json").json()
            let again = try await network.ok("node", "rotate", folder, "--json").json()
            #expect(made == again)
            let request = try #require(made["request"]?.word)
            #expect(try keyFiles(network).contains("next"))
            let doctor = try await network.run("doctor", "--node", folder)
            #expect(doctor.output.contains("wait until the registry names them"), "\(doctor)")
            try await release(network, request: request)
            #expect(try await registered(network) == Keys(made))
            #expect(try await registered(network) != old)
            try await network.awaitStatus("holds the new registry", of: Self.guards) {
                $0.registry?.release == 2
            }
            let third = try await network.send(Self.request(), from: Self.guards)

            try network.launchNode(Self.foundation)
            try await network.awaitReady(Self.foundation)
            for id in [second, third, first] { try await expectOpen(id, network) }
            let retired = try #require(
                try keyFiles(network).first { $0.hasPrefix("sealing-retired-") }
            )
            #expect(
                try keyFiles(network)
                    == ["exchange.key", retired, "sealing.key", "signing.key", "storage.key"]
            )
            let words = ["acknowledge", second, "--json", "--to-node", folder]
            let answer = try #require(try await network.ok(words).json()["id"]?.word)
            try await network.awaitMail(answer, at: Self.guards)
            #expect(try await network.client(Self.guards).status().suspect == 0)
            // The new keys are the node's keys now: it starts with them again.
            #expect(try await network.end(Self.foundation) == 0)
            try network.launchNode(Self.foundation)
            try await network.awaitReady(Self.foundation)
        }
    }

    @Test
    func
        `a node that runs changes its keys by itself, and of what it sends nothing is lost or twice`()
        async throws
    {
        try await CommandNetwork.run([Self.foundation, Self.guards]) { network in
            let folder = network.node(Self.foundation)
            let made = try await network.ok("node", "rotate", folder, "--json").json()
            let request = try #require(made["request"]?.word)
            // Until the registry names the new keys, the old ones are in use.
            _ = try await network.send(Self.practice(), from: Self.foundation)
            async let sending: Void = sendMany(network, count: 30)
            try await release(network, request: request)
            try await sending
            try await eventually("the keys have changed", within: .seconds(60)) {
                try !keyFiles(network).contains("next")
            }
            try await network.awaitStatus("has sent everything", of: Self.foundation) {
                $0.isReady && $0.pending == 0
            }
            try await network.awaitStatus("has everything", of: Self.guards) {
                $0.storedThrough.value == 31
            }
            let inbox = try await network.client(Self.guards).inbox(limit: 1_000)
            #expect(Set(inbox.map(\.id)).count == 31)
            #expect(try await network.client(Self.guards).status().suspect == 0)
            let id = try await network.send(Self.request(), from: Self.guards)
            try await expectOpen(id, network)
        }
    }

    private func sendMany(_ network: CommandNetwork, count: Int) async throws {
        for _ in 0..<count {
            try await network.ok(
                [
                    "message", "send", "-", "--wait", "0", "--to-node",
                    network.node(Self.foundation),
                ],
                input: Self.practice()
            )
        }
    }

    // MARK: The hub's side

    private enum Ending: Equatable {
        case welcomed
        case silent
        case refusedKey
    }

    /// Waits for the answer to a packet before the hello: the connection stands then.
    private static func awaitRefusal(on connection: inout ExchangeConnection) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if case .refused = try connection.receive(within: .milliseconds(200)) { return }
        }
        throw TestNetwork.Failure("the hub does not answer")
    }

    /// Says hello and tells what came of it.
    private static func greet(_ connection: inout ExchangeConnection) -> Ending {
        do throws(ExchangeConnection.ConnectionError) {
            _ = try connection.greet(
                program: "test",
                windowEnd: MailboxNumber(10),
                within: .seconds(2)
            )
            return .welcomed
        } catch {
            return .silent
        }
    }

    /// What arrives on a connection that is over.
    private static func ending(
        of connection: inout ExchangeConnection
    ) throws(ZeroMQError) -> Ending {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if case .refusedKey = try connection.takeArrival() { return .refusedKey }
            try connection.wait(.milliseconds(200))
        }
        return .silent
    }

    @Test
    func
        `a connection made with a key that was replaced is over, whether it has said hello or not`()
        async throws
    {
        let network = try TestNetwork(institutions: ["kwp-lublin"])
        try await network.startHub()
        let member = try network.member("kwp-lublin")
        let fresh = try CurveKeyPair.generate()
        try await onThread {
            let context = try Context()
            func connection(_ keys: CurveKeyPair) throws -> ExchangeConnection {
                try ExchangeConnection(
                    to: network.exchange,
                    hub: network.hubKey,
                    keys: keys,
                    in: context
                )
            }
            var quiet = try connection(member.keys.exchange)
            try quiet.send(.ping(WirePing()))
            try Self.awaitRefusal(on: &quiet)
            var open = try connection(member.keys.exchange)
            #expect(Self.greet(&open) == .welcomed)
            let request = try member.keys.enrolmentRequest(
                institution: member.institution,
                node: member.id
            )
            let exchangeKey = try #require(RawPublicKey(bytes: fresh.publicKey.bytes))
            try network.release { contents in
                try contents.rotate(
                    EnrolmentRequest(
                        institution: request.institution,
                        node: request.node,
                        exchangeKey: exchangeKey,
                        signingKey: request.signingKey,
                        sealingKey: request.sealingKey
                    ),
                    oldKeysThrough: WarsawTime.date(at: Node.systemTime())
                )
            }
            #expect(Self.greet(&quiet) == .silent)
            #expect(try Self.ending(of: &open) == .refusedKey)
            var renewed = try connection(fresh)
            #expect(Self.greet(&renewed) == .welcomed)
        }
        await network.stopHub()
    }
}

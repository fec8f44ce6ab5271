// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where mutation starts: samples of everything that a target parses, made from the demonstration
// network, the vectors and the sample messages of this repository. They are made anew whenever they
// are needed, so that they follow the schemas; the corpus keeps what mutation found beyond them.

package import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciNode
import ZeroMQ

/// First inputs of the targets.
package enum Seeds {
    /// The first inputs of a target.
    package static func of(_ target: FuzzTarget) throws -> [Data] {
        switch target.name {
        case "hub-packet": try hubPackets()
        case "node-packet": try nodePackets()
        case "delivery": try deliveries()
        case "envelope": try envelopes()
        case "header": try samples().map { try $0.header.serializedData() }
        case "body": try bodies()
        case "sealed-body": try sealedBodies()
        case "signed-note": try notes()
        case "registry": try registries()
        case "enrolment": try enrolments()
        case "policy": [Data(try policy().utf8)]
        case "vocabulary": try vocabulary()
        case "checkpoint": try checkpoints()
        case "proof": try proofs()
        case "configuration": try configurations()
        case "request": try requests()
        case "identifiers": identifiers.map { Data($0.utf8) }
        case "export": try exports()
        default: []
        }
    }

    /// One sample message of each type, composed.
    static func samples() throws -> [ComposedMessage] {
        let network = try FuzzNetwork.shared.get()
        var messages: [String: ComposedMessage] = [:]
        for name in try sampleNames() {
            let draft = try MessageDraft(yaml: Repository.text("Deploy/network/messages/\(name)"))
            guard messages[draft.type] == nil else { continue }
            let number = UInt64(messages.count + 10)
            let answered = try messages["case-alert"]?.header ?? WireHeader(sample: network)
            messages[draft.type] = try? draft.compose(
                context: network.context(number: number, answered: answered)
            )
        }
        try require(messages.count > 12, "most samples compose")
        return messages.sorted { $0.key < $1.key }.map(\.value)
    }

    static func sampleNames() throws -> [String] {
        let folder = Repository.root.appending(path: "Deploy/network/messages")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// The type's place as the first byte, then the message.
    private static func bodies() throws -> [Data] {
        let types = MessageSchema.all.map(\.type)
        return try samples().map {
            Data([UInt8(try known(types.firstIndex(of: $0.header.type)))]) + $0.body
        }
    }

    private static func registries() throws -> [Data] {
        let network = try FuzzNetwork.shared.get()
        let membership = """
            teams:
              - {id: team-06, region: PL-06, name: {pl: "Zespół", en: "Team"}, since: 2014-10}
            institutions:
              - id: uw-lublin
                kind: IK-UW
                name: {pl: "Urząd", en: "Office"}
                regions: [PL-06]
                teams: [team-06]
                roles: [duty-officer]
                valid-from: 2026-01-01
              - id: gmina
                kind: IK-GM
                name: {pl: 'Gmina "Wzór"', en: "Commune\\tone"}
                regions: [PL-06]
                parent: uw-lublin
                valid-from: 2026-01-01
                valid-to: 2027-01-01

            """
        var contents = network.contents
        let last = contents.nodes.count - 1
        let day = try known(CivilDate("2026-11-30"))
        contents.nodes[last].revocation = Revocation(date: day, reason: .withdrawn)
        contents.nodes[0].retiredSealingKeys = [
            RetiredKey(key: try known(RawPublicKey(bytes: Data(count: 32))), through: day)
        ]
        return [network.contents.text, contents.text, membership].map { Data($0.utf8) }
    }

    private static func enrolments() throws -> [Data] {
        let network = try FuzzNetwork.shared.get()
        let node = try known(network.contents.nodes.first { $0.id == network.police })
        let request = EnrolmentRequest(
            institution: node.institution,
            node: node.id,
            exchangeKey: node.exchangeKey,
            signingKey: node.signingKey,
            sealingKey: node.sealingKey
        )
        let sender = try FuzzKeys.shared.get().sender
        return [Data(request.text.utf8), try request.signed(with: sender)]
    }

    /// The first rules of the demonstration's policy, with the checks that speak of them.
    private static func policy() throws -> String {
        let lines = try FuzzNetwork.shared.get().policyText.split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        func block(_ start: String, _ end: String) throws -> ArraySlice<Substring> {
            let first = try known(lines.firstIndex { $0.hasPrefix(start) })
            return lines[first..<(lines[first...].firstIndex { $0.hasPrefix(end) } ?? lines.count)]
        }
        let rules = ["by G1", "by G2", "by N1", "no grant"]
        let checks = try block("checks:", "promises:").dropFirst().filter { line in
            rules.contains { line.hasSuffix($0) }
        }
        let kept: [ArraySlice<Substring>] = [
            lines[..<(try known(lines.firstIndex { $0.hasPrefix("  - id: G3") }))],
            try block("nevers:", "  - id: N2"), ["checks:"], ArraySlice(checks.prefix(8)),
            try block("promises:", "none"),
        ]
        return kept.joined().joined(separator: "\n")
    }

    private static func vocabulary() throws -> [Data] {
        try ["tlp", "urgency", "voivodeship", "institution-kind", "consent"].map {
            Data(try Repository.text("Schemas/vocabulary/\($0).yaml").utf8)
        }
    }

    private static func configurations() throws -> [Data] {
        let network = try FuzzNetwork.shared.get()
        let key = try known(CurvePublicKey(hexadecimal: String(repeating: "07", count: 32)))
        var node = NodeConfiguration(
            node: network.police,
            hubEndpoint: "tcp://hub.example:5570",
            hubKey: key,
            authority: network.contents.authority
        )
        let socket = node.text
        node.api = .loopback(port: 8080)
        let hub = HubConfiguration(
            origin: "wici.example/ledger",
            exchange: "tcp://0.0.0.0:5570",
            feed: "tcp://0.0.0.0:5571",
            statusPort: 9100,
            authority: network.contents.authority
        )
        return [socket, node.text, hub.text].map { Data($0.utf8) }
    }

    private static func requests() throws -> [Data] {
        let drafts = try sampleNames().enumerated().filter { $0.offset % 7 == 0 }.map {
            Data(try Repository.text("Deploy/network/messages/\($0.element)").utf8)
        }
        let draft = try PlainValue(yaml: FuzzNetwork.goodPractice).json(indent: 2)
        let list = SubscriptionList([
            SubscriptionModel(types: ["warning"], regions: ["PL-06"], urgencyFrom: "UR-2")
        ])
        return drafts + [
            Data(draft.utf8), Data("{\"note\":\"przyjęto\"}".utf8),
            try NodeJSON.encoder().encode(list),
        ]
    }

    private static let identifiers = [
        "019d1c97-bf00-7abc-8def-0123456789ab", "kwp-lublin.main", "team-06", "IK-POL", "PL-06",
        "kwp-lublin/duty-officer", "2026-11-30", "2014-10", "2026-11-30T12:00:00Z",
        "2026-11-30T12:00:00.123+01:00", "2026-11-24T00:00:00.007Z",
        String(repeating: "0f", count: 32),
    ]
}

extension WireHeader {
    /// Something to answer: the header of the network's first message.
    fileprivate init(sample network: FuzzNetwork) throws {
        let bytes = try network.envelope(FuzzNetwork.goodPractice, number: 1)
        self = try EnvelopeParts(bytes: bytes, form: .submitted).header()
    }
}

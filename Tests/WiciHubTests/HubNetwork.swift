// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A small network for the hub: four members with signing keys, the policy of Deploy/network, and
// messages that are composed once and given new ids.

import Crypto
import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

@testable import WiciHub

/// What the tests know about their members.
struct HubNetwork {
    static let now = Moment(milliseconds: 1_796_083_200_000)  // 2026-12-01T00:00:00Z
    static let police = node("kwp-lublin.main")
    static let office = node("uw-lublin.main")
    static let charity = node("fundacja-przyklad.main")
    static let auditor = node("audytor.main")
    static let nodes = [police, office, charity, auditor]

    let contents: RegistryContents
    let policyText: String
    private let keys: [NodeID: SigningKey]
    private let header: WireHeader
    private let body: Data

    static let shared = Result { try HubNetwork() }

    init() throws {
        var keys: [NodeID: SigningKey] = [:]
        let validity = Validity(from: try Self.date("2026-01-01"))
        let members = [
            ("kwp-lublin", "IK-POL"), ("uw-lublin", "IK-UW"), ("fundacja-przyklad", "IK-NGO"),
            ("audytor", "IK-UW"),
        ]
        var institutions: [Institution] = []
        var nodes: [RegistryNode] = []
        for (place, (name, kind)) in members.enumerated() {
            guard let id = InstitutionID(name), let code = Code(kind),
                let region = RegionCode("PL-06"), let node = NodeID("\(name).main"),
                let raw = RawPublicKey(bytes: Data(repeating: UInt8(place + 1), count: 32)),
                let sealing = RawPublicKey(bytes: Data(repeating: UInt8(place + 101), count: 32))
            else { throw CocoaError(.formatting) }
            let key = SigningKey()
            keys[node] = key
            institutions.append(
                Institution(
                    id: id,
                    kind: code,
                    name: Bilingual(polish: name, english: name),
                    regions: [region],
                    roles: ["duty-officer"],
                    isAuditor: name == "audytor",
                    validity: validity
                )
            )
            guard let signing = RawPublicKey(bytes: key.publicKey.rawRepresentation) else {
                throw CocoaError(.formatting)
            }
            nodes.append(
                RegistryNode(
                    id: node,
                    institution: id,
                    exchangeKey: raw,
                    signingKey: signing,
                    sealingKey: sealing,
                    validity: validity
                )
            )
        }
        let signer = try NoteSigner(name: "test-authority", key: SigningKey())
        guard let hubKey = RawPublicKey(bytes: Data(repeating: 9, count: 32)) else {
            throw CocoaError(.formatting)
        }
        contents = RegistryContents(
            network: "wici-demo",
            release: 1,
            previous: nil,
            issued: try Self.date("2026-11-23"),
            expires: try Self.date("2027-12-31"),
            authority: AuthorityTrust(threshold: 1, keys: [signer.verifierKey]),
            hub: HubIdentity(
                origin: "test-ledger",
                exchangeKey: hubKey,
                ledgerKey: try NoteSigner(name: "test-ledger", key: SigningKey()).verifierKey
            ),
            teams: [],
            institutions: institutions,
            nodes: nodes
        )
        self.keys = keys
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        policyText = try String(
            contentsOf: root.appending(path: "Deploy/network/policy.yaml"),
            encoding: .utf8
        )
        let draft = try MessageDraft(yaml: Self.goodPractice)
        guard let kind = Code("IK-POL") else { throw CocoaError(.formatting) }
        let composed = try draft.compose(
            context: DraftContext(
                sender: Self.police,
                senderKind: kind,
                operator: "op-1",
                now: Self.now,
                messageID: MessageID(milliseconds: Self.now.milliseconds, random: (1, 2))
            )
        )
        header = composed.header
        body = composed.body
    }

    /// A release with changes to registry and policy.
    func release(
        policy change: (String) -> String = { $0 },
        registry edit: (inout RegistryContents) throws -> Void = { _ in }
    ) throws -> Release {
        var edited = contents
        try edit(&edited)
        let policyNote = try Self.signer.get().note(text: change(policyText)).bytes
        let registryNote = Data(edited.text.utf8)
        return Release(
            registry: Registry(
                contents: edited,
                digest: Digest(SHA256.hash(data: registryNote))
            ),
            policy: try Policy.recorded(note: policyNote),
            registryNote: registryNote,
            policyNote: policyNote
        )
    }

    private static let signer = Result {
        try NoteSigner(name: "test-policy", key: SigningKey())
    }

    /// The policy under which NGOs get no good practices any more.
    static func withoutCharities(_ text: String) -> String {
        guard let grant = text.range(of: "- id: G15"),
            let place = text.range(of: "to: any", range: grant.upperBound..<text.endIndex)
        else { return "" }
        return text.replacingCharacters(in: place, with: "to: [police, voivodeship-office]")
    }

    static func revoke(_ node: NodeID) -> (inout RegistryContents) throws -> Void {
        { contents in
            let day = WarsawTime.date(at: now)
            for place in contents.nodes.indices where contents.nodes[place].id == node {
                contents.nodes[place].revocation = Revocation(date: day, reason: .withdrawn)
            }
        }
    }

    /// A header of a good practice to the named institutions of these nodes.
    func header(from sender: NodeID, to recipients: [NodeID], number: UInt64) -> WireHeader {
        var header = header
        header.sender = sender.text
        header.messageID = Self.messageID(number).data
        header.selector = WireSelector()
        header.selector.institutions = recipients.map {
            String($0.text.dropLast(".main".count))
        }
        return header
    }

    /// A signed envelope as a node submits it; `variant` changes bytes but not the id.
    func envelope(
        from sender: NodeID,
        to recipients: [NodeID],
        number: UInt64,
        variant: Bool = false,
        change: (inout WireHeader) -> Void = { _ in }
    ) throws -> Data {
        var header = header(from: sender, to: recipients, number: number)
        if variant { header.sentAt += 1 }
        change(&header)
        let bytes: Data = try header.serializedData()
        let digest = EnvelopeParts.digest(headerBytes: bytes, bodyBytes: body)
        guard let key = keys[sender], let signature = BatchSigner.sign([digest], with: key).first
        else { throw CocoaError(.featureUnsupported) }
        return EnvelopeParts.serialize(
            headerBytes: bytes,
            bodyBytes: body,
            signature: signature,
            wraps: []
        )
    }

    static func messageID(_ number: UInt64) -> MessageID {
        MessageID(milliseconds: now.milliseconds, random: (number, ~number))
    }

    private static func node(_ text: String) -> NodeID {
        guard let node = NodeID(text) else { preconditionFailure("a malformed constant") }
        return node
    }

    private static func date(_ text: String) throws -> CivilDate {
        guard let date = CivilDate(text) else { throw CocoaError(.formatting) }
        return date
    }

    private static let goodPractice = """
        type: good-practice
        marking: TLP:GREEN
        urgency: UR-1
        to: {regions: [PL]}
        body:
          common: {title: "Rozmowa w autobusie"}
          domain: GP-IDE
          problem: Pracownicy milczą przy nadzorcy.
          steps: Podstawiony pojazd i dwie osoby.
          result: Liczba relacji wzrosła dwukrotnie.
          cost: KO-LOW
          contact: koordynator zespołu
        """
}

/// A small generator with a seed, so that a failing run can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

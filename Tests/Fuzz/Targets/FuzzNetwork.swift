// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The network behind the fixtures: three members and an auditor under the demonstration policy, all
// with fixed keys, and the message that they have exchanged.

package import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub

/// Registry, policy and a first message.
struct FuzzNetwork: Sendable {
    static let shared = Result { try FuzzNetwork() }

    static let now = Moment(milliseconds: 1_796_083_200_000)  // 2026-12-01T00:00:00Z
    /// The institutions, each with its kind and one node.
    private static let members = [
        ("audytor", "IK-UW"), ("fundacja-przyklad", "IK-NGO"), ("kwp-lublin", "IK-POL"),
        ("uw-lublin", "IK-UW"),
    ]

    let police: NodeID
    let office: NodeID
    let auditor: NodeID
    let contents: RegistryContents
    let policyText: String
    let release: Release

    private init() throws {
        let keys = try FuzzKeys.shared.get()
        police = try Self.node("kwp-lublin")
        office = try Self.node("uw-lublin")
        auditor = try Self.node("audytor")
        let validity = Validity(from: try Self.date("2026-01-01"))
        contents = RegistryContents(
            network: "wici-demo",
            release: 1,
            previous: nil,
            issued: try Self.date("2026-11-23"),
            expires: try Self.date("2027-12-31"),
            authority: AuthorityTrust(threshold: 1, keys: [keys.authority.verifierKey]),
            hub: HubIdentity(
                origin: keys.ledger.verifierKey.name,
                exchangeKey: try Self.rawKey(9),
                ledgerKey: keys.ledger.verifierKey
            ),
            teams: [],
            institutions: try Self.members.map { try Self.institution($0, $1, validity) },
            nodes: try Self.members.indices.map { try Self.node(at: $0, keys, validity) }
        )
        policyText = try Repository.text("Deploy/network/policy.yaml")
        let policyNote = try keys.authority.note(text: policyText).bytes
        let registryNote = try keys.authority.note(text: contents.text).bytes
        let trust = contents.authority
        let registry = try Registry.load(
            note: registryNote,
            trust: trust,
            after: nil,
            now: Self.now
        )
        release = Release(
            registry: registry,
            policy: try Policy.load(note: policyNote, trust: trust, after: nil, now: Self.now),
            registryNote: registryNote,
            policyNote: policyNote
        )
    }

    /// A draft as a sender's node completes it, signed and not sealed.
    func envelope(_ draft: String, number: UInt64) throws -> Data {
        let message = try MessageDraft(yaml: draft).compose(context: context(number: number))
        var envelope = WireEnvelope()
        envelope.header = try message.header.serializedData()
        envelope.body = message.body
        return try known(FuzzKeys.shared.get().signed(envelope.serializedData()))
    }

    /// What a draft of the police is completed with.
    func context(number: UInt64, answered: WireHeader? = nil) throws -> DraftContext {
        DraftContext(
            sender: police,
            senderKind: try known(Code("IK-POL")),
            operator: "op-1",
            now: Self.now,
            messageID: MessageID(milliseconds: Self.now.milliseconds, random: (number, ~number)),
            answered: answered
        )
    }

    /// A message to everybody.
    static let goodPractice = """
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

    private static func institution(
        _ name: String,
        _ kind: String,
        _ validity: Validity
    ) throws -> Institution {
        Institution(
            id: try known(InstitutionID(name)),
            kind: try known(Code(kind)),
            name: Bilingual(polish: name, english: name),
            regions: [try known(RegionCode("PL-06"))],
            roles: ["duty-officer"],
            isAuditor: name == "audytor",
            validity: validity
        )
    }

    /// The police can sign, police and office can open seals; the other keys belong to nobody.
    private static func node(
        at place: Int,
        _ keys: FuzzKeys,
        _ validity: Validity
    ) throws -> RegistryNode {
        let name = members[place].0
        var entry = RegistryNode(
            id: try node(name),
            institution: try known(InstitutionID(name)),
            exchangeKey: try rawKey(UInt8(place + 1)),
            signingKey: try rawKey(UInt8(place + 51)),
            sealingKey: try rawKey(UInt8(place + 101)),
            validity: validity
        )
        if name == "kwp-lublin" {
            let key = keys.sender.publicKey.rawRepresentation
            entry.signingKey = try known(RawPublicKey(bytes: key))
        }
        if let opener = ["kwp-lublin", "uw-lublin"].firstIndex(of: name) {
            let key = keys.sealing[opener].publicKey.rawRepresentation
            entry.sealingKey = try known(RawPublicKey(bytes: key))
        }
        return entry
    }

    private static func node(_ institution: String) throws -> NodeID {
        try known(NodeID("\(institution).main"))
    }

    private static func rawKey(_ byte: UInt8) throws -> RawPublicKey {
        try known(RawPublicKey(bytes: Data(repeating: byte, count: 32)))
    }

    private static func date(_ text: String) throws -> CivilDate {
        try known(CivilDate(text))
    }
}

/// The checkout that the targets are built from.
package enum Repository {
    /// Its top folder.
    package static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

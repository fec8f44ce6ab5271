// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A small network with real keys: authority, hub, a police node, a voivodeship office, an NGO; the
// registry is made here, the policy is the one of Deploy/network.

import Foundation
import WiciCore
import ZeroMQ

@testable import WiciNode

struct NetworkFixture {
    static let now = Moment(milliseconds: 1_796_083_200_000)  // 2026-12-01T00:00:00Z

    let authority: NoteSigner
    let ledger: NoteSigner
    let ledgerKey = SigningKey()
    let hubKeys: CurveKeyPair
    var nodes: [String: NodeKeys] = [:]
    var contents: RegistryContents
    let policyNote: Data

    init() throws {
        authority = try NoteSigner(name: "test-authority", key: Self.authorityKey)
        ledger = try NoteSigner(name: "test-ledger", key: ledgerKey)
        hubKeys = try CurveKeyPair.generate()
        let members = [
            ("kwp-lublin", "IK-POL"), ("uw-lublin", "IK-UW"), ("fundacja-przyklad", "IK-NGO"),
        ]
        let validity = Validity(from: try Self.date("2026-01-01"))
        let region = RegionCode("PL-06").unsafelyKnown
        var institutions: [Institution] = []
        var entries: [RegistryNode] = []
        for (id, kind) in members {
            let institution = InstitutionID(id).unsafelyKnown
            institutions.append(
                Institution(
                    id: institution,
                    kind: Code(kind).unsafelyKnown,
                    name: Bilingual(polish: id, english: id),
                    regions: [region],
                    roles: ["duty-officer"],
                    validity: validity
                )
            )
            let keys = NodeKeys(
                exchange: try CurveKeyPair.generate(),
                signing: SigningKey(),
                sealing: [SealingPrivateKey()],
                storage: StorageKey()
            )
            let node = NodeID("\(id).main").unsafelyKnown
            let request = try keys.enrolmentRequest(institution: institution, node: node)
            entries.append(
                RegistryNode(
                    id: node,
                    institution: institution,
                    exchangeKey: request.exchangeKey,
                    signingKey: request.signingKey,
                    sealingKey: request.sealingKey,
                    validity: validity
                )
            )
            nodes[id] = keys
        }
        contents = RegistryContents(
            network: "wici-demo",
            release: 1,
            previous: nil,
            issued: try Self.date("2026-11-23"),
            expires: try Self.date("2027-12-31"),
            authority: AuthorityTrust(threshold: 1, keys: [authority.verifierKey]),
            hub: HubIdentity(
                origin: "test-ledger",
                exchangeKey: RawPublicKey(bytes: hubKeys.publicKey.bytes).unsafelyKnown,
                ledgerKey: ledger.verifierKey
            ),
            teams: [],
            institutions: institutions,
            nodes: entries
        )
        policyNote = try Self.signedPolicy.get()
    }

    /// One key and one note for all tests: evaluating the policy's promises takes long.
    private static let authorityKey = SigningKey()

    private static let signedPolicy = Result {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let policy = try String(
            contentsOf: root.appending(path: "Deploy/network/policy.yaml"),
            encoding: .utf8
        )
        let authority = try NoteSigner(name: "test-authority", key: authorityKey)
        return try authority.note(text: policy).bytes
    }

    private static func date(_ text: String) throws -> CivilDate {
        guard let date = CivilDate(text) else { throw CocoaError(.formatting) }
        return date
    }

    func registryNote() throws -> Data { try authority.note(text: contents.text).bytes }

    func documents() throws -> TrustedDocuments {
        var documents = TrustedDocuments(authority: contents.authority)
        try documents.adopt(registry: registryNote(), now: Self.now)
        try documents.adopt(policy: policyNote, now: Self.now)
        return documents
    }

    static func node(_ institution: String) -> NodeID {
        NodeID("\(institution).main").unsafelyKnown
    }

    func writer(_ institution: String) throws -> MessageWriter {
        try MessageWriter(
            node: Self.node(institution),
            documents: documents(),
            now: Self.now
        )
    }

    func check(_ institution: String) throws -> DeliveryCheck {
        let check = DeliveryCheck(
            node: Self.node(institution),
            documents: try documents(),
            sealingKeys: nodes[institution]?.sealing ?? []
        )
        guard let check else { throw CocoaError(.featureUnsupported) }
        return check
    }

    /// A prepared envelope, signed as a batch of one.
    func envelope(
        from institution: String,
        _ draft: String,
        id: MessageID? = nil
    ) throws -> Data {
        let writer = try writer(institution)
        let message = try writer.compose(
            try MessageDraft(yaml: draft),
            operator: "op-1",
            id: id ?? MessageID(milliseconds: Self.now.milliseconds, random: (1, 2)),
            now: Self.now
        )
        let prepared = try writer.prepare(try writer.preview(message, now: Self.now))
        guard let key = nodes[institution]?.signing,
            let signature = BatchSigner.sign([prepared.digest], with: key).first
        else { throw CocoaError(.featureUnsupported) }
        return prepared.signed(signature)
    }

    /// What the hub hands to one recipient.
    func delivered(_ envelope: Data, to institution: String) throws -> Data {
        let parts = try EnvelopeParts(bytes: envelope, form: .submitted)
        return parts.deliverable.bytes(for: Self.node(institution)) ?? Data()
    }

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

    /// The policy has this sealed for its marking.
    static let sealedAlert = """
        type: case-alert
        marking: TLP:AMBER+STRICT
        urgency: UR-3
        to: {regions: [PL-06], kinds: [IK-UW]}
        body:
          common: {title: "Kwatera pracownicza", sourceEvaluation: A, informationEvaluation: "2"}
          facts: Czternaście osób podało jednakową opowieść o umowach.
          forms: [EX-LAB]
          acts: [AC-REC, AC-HAR]
          means: [ME-3, ME-5]
          indicators: [G03, C01, L01, L08]
          place: "06"
          placeKind: PK-LOD
          periodStart: "2026-10-01"
          periodEnd: "2026-12-01"
          personsEstimated: 14
          minors: YN-NO
          expectation: XP-CHK
          doneSoFar: Zawiadomiono prokuraturę.
        """
}

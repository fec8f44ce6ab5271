// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The network that is measured: a hub's folder, one registry of senders and receivers, one small
// policy. Made anew for every run, in a folder that is removed after it.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import ZeroMQ

/// A measured network's folder and keys.
struct BenchNetwork {
    /// One node's keys.
    struct Member {
        let id: NodeID
        let exchange: CurveKeyPair
        let signing: SigningKey
    }

    let folder: URL
    let hubKey: CurvePublicKey
    let ledgerKey: VerifierKey
    let senders: [Member]
    let receivers: [Member]

    /// The whole policy: the police tell NGOs of good practices.
    private static func policyText(on date: CivilDate) -> String {
        """
        policy: wici-bench
        release: 1
        previous: none
        issued: \(date)
        expires: \(date.adding(days: 30))
        community: {pl: pomiar, en: measurement}
        seal: {marking-from: TLP:AMBER+STRICT, data-level-from: personal}
        public: []
        grants:
          - id: G1
            says: {pl: Policja przekazuje dobre praktyki., en: The police pass on good practices.}
            from: [police]
            types: [good-practice]
            to: [ngo]
            region: any
            marking-at-most: TLP:GREEN
            data-level-at-most: none
            purpose: any
            regime: any
            status: any
            sealed: optional
            basis: pomiar
        nevers: []
        checks:
          - police -> ngo, good-practice, same, TLP:GREEN = allowed by G1
        promises: []

        """
    }

    /// Makes folder, keys, registry and policy.
    ///
    /// The folder is in `parent`, or else where the system has its temporary files.
    init(
        senders senderCount: Int,
        receivers receiverCount: Int,
        in parent: URL? = nil,
        cleanup: BenchCleanup
    ) throws {
        let folder = (parent ?? FileManager.default.temporaryDirectory)
            .appending(path: "wici-bench-\(UUID().uuidString)")
        self.folder = folder
        cleanup.note(folder: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let authority = try NoteSigner(name: "authority.example/bench", key: SigningKey())
        let trust = AuthorityTrust(threshold: 1, keys: [authority.verifierKey])
        let identity = try HubFolder(folder).initialise(
            HubConfiguration(
                origin: "hub.example/bench",
                exchange: "tcp://127.0.0.1:*",
                feed: "tcp://127.0.0.1:*",
                statusPort: 0,
                authority: trust,
                limits: MemberLimits(envelopesPerSecond: 1_000_000)
            )
        )
        ledgerKey = identity.ledgerKey
        guard let hubKey = CurvePublicKey(hexadecimal: identity.exchangeKey),
            let rawHubKey = RawPublicKey(hexadecimal: identity.exchangeKey),
            let region = RegionCode("PL-06"), let police = Code("IK-POL"),
            let organisation = Code("IK-NGO")
        else { throw CommandFailure.missing(folder) }
        self.hubKey = hubKey
        let today = CivilDate.today()
        var institutions: [Institution] = []
        var nodes: [RegistryNode] = []
        func member(_ name: String, _ kind: Code) throws -> Member {
            let keys = try CurveKeyPair.generate()
            let signing = SigningKey()
            let sealing = SealingPrivateKey()
            guard let institution = InstitutionID(name), let id = NodeID("\(name).main"),
                let exchangeKey = RawPublicKey(bytes: keys.publicKey.bytes),
                let signingKey = RawPublicKey(bytes: signing.publicKey.rawRepresentation),
                let sealingKey = RawPublicKey(bytes: sealing.publicKey.rawRepresentation)
            else { throw CommandFailure.missing(folder) }
            institutions.append(
                Institution(
                    id: institution,
                    kind: kind,
                    name: Bilingual(polish: name, english: name),
                    regions: [region],
                    teams: [],
                    parent: nil,
                    roles: [],
                    isAuditor: false,
                    validity: Validity(from: today)
                )
            )
            nodes.append(
                RegistryNode(
                    id: id,
                    institution: institution,
                    exchangeKey: exchangeKey,
                    signingKey: signingKey,
                    sealingKey: sealingKey,
                    validity: Validity(from: today),
                    revocation: nil
                )
            )
            return Member(id: id, exchange: keys, signing: signing)
        }
        senders = try (1...senderCount).map { try member("sender-\($0)", police) }
        receivers = try (1...receiverCount).map { try member("receiver-\($0)", organisation) }
        let contents = RegistryContents(
            network: "wici-bench",
            release: 1,
            previous: nil,
            issued: today,
            expires: today.adding(days: 30),
            authority: trust,
            hub: HubIdentity(
                origin: "hub.example/bench",
                exchangeKey: rawHubKey,
                ledgerKey: identity.ledgerKey
            ),
            teams: [],
            institutions: institutions,
            nodes: nodes
        )
        try authority.note(text: contents.text).bytes.write(to: HubFolder(folder).registryFile)
        try authority.note(text: Self.policyText(on: today)).bytes
            .write(to: HubFolder(folder).policyFile)
    }

    /// Removes the folder.
    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Messages

    /// Topics by which receivers tell workloads apart.
    enum Audience: String {
        /// Every receiver.
        case all = "GP-IDE"
        /// The first twenty receivers.
        case twenty = "GP-REF"
        /// The first receiver.
        case one = "GP-CHI"
        /// One who stays away until the catch-up is measured.
        case absent = "GP-SHE"
        /// Those who come back one after another and catch up on the same messages.
        case returning = "GP-INT"
    }

    /// Serialized envelopes of good practices with bodies of some size, signed in batches.
    static func envelopes(
        from sender: Member,
        to audience: Audience,
        count: Int,
        bodyBytes: Int,
        batch: Int
    ) throws -> [Data] {
        let bodyData = try body(to: audience, byteCount: bodyBytes).serializedData()
        var generator = SystemRandomNumberGenerator()
        let now = Moment.now()
        let keepUntil = CivilDate.today().adding(days: 30).description
        var envelopes: [Data] = []
        envelopes.reserveCapacity(count)
        while envelopes.count < count {
            let headers = try (0..<min(batch, count - envelopes.count)).map { _ in
                try header(sender, to: audience, now: now, keepUntil: keepUntil, using: &generator)
                    .serializedData()
            }
            let digests = headers.map { EnvelopeParts.digest(headerBytes: $0, bodyBytes: bodyData) }
            for (header, signature) in zip(headers, BatchSigner.sign(digests, with: sender.signing))
            {
                envelopes.append(
                    EnvelopeParts.serialize(
                        headerBytes: header,
                        bodyBytes: bodyData,
                        signature: signature
                    )
                )
            }
        }
        return envelopes
    }

    /// A good practice of nearly so many bytes.
    private static func body(to audience: Audience, byteCount: Int) throws -> WireGoodPractice {
        var body = WireGoodPractice()
        body.common.title = "PRZYKŁAD"
        body.domain = audience.rawValue
        body.problem = "pomiar"
        body.result = "pomiar"
        body.contact = "koordynator"
        body.steps = "x"
        var rest = byteCount - (try body.serializedData().count) - 1
        // The most characters of each text (good_practice.proto): where letters do not fill so many
        // bytes, dashes of three bytes do.
        let letter = rest <= 4_000 ? "x" : "–"
        func fill(_ text: inout String, _ limit: Int) {
            let count = min(limit - text.count, rest / letter.utf8.count)
            guard count > 0 else { return }
            text += String(repeating: letter, count: count)
            rest -= count * letter.utf8.count
        }
        fill(&body.steps, 4_000)
        fill(&body.problem, 1_500)
        fill(&body.result, 1_500)
        return body
    }

    private static func header(
        _ sender: Member,
        to audience: Audience,
        now: Moment,
        keepUntil: String,
        using generator: inout SystemRandomNumberGenerator
    ) -> WireHeader {
        var header = WireHeader()
        header.messageID =
            MessageID(
                milliseconds: now.milliseconds,
                random: (generator.next(), generator.next())
            ).data
        header.type = "good-practice"
        header.schema = 1
        header.sender = sender.id.text
        header.operator = "op-1"
        header.sentAt = now.milliseconds
        header.status = "test"
        header.tlp = "TLP:GREEN"
        header.purpose = "prevention"
        header.regime = "led"
        header.dataLevel = "none"
        header.keepUntil = keepUntil
        header.urgency = "UR-1"
        header.selector.regions = ["PL-06"]
        header.topics = [audience.rawValue]
        header.language = "pl"
        return header
    }
}

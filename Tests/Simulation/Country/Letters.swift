// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The messages that runs draw from, composed once a process: granted and refused ones, to named
// institutions and to whole regions, plain and sealed. A letter's id is the same in every run.

import Foundation
import SwiftProtobuf
import WiciCore

/// A message before anybody has sent it.
struct Letter {
    let id: MessageID
    let sender: Int
    /// The header; of a sealed letter with a place for the seal.
    let header: WireHeader
    /// The body before sealing.
    let body: Data
    var isSealed: Bool { header.hasSeal }
}

/// An envelope that lacks its signature.
struct Prepared {
    let header: Data
    let body: Data
    let wraps: [WireWrap]

    /// What the outbox keeps.
    var bytes: Data {
        var envelope = WireEnvelope()
        envelope.header = header
        envelope.body = body
        envelope.wraps = wraps
        return (try? envelope.serializedData()) ?? Data()
    }

    var isSealed: Bool { (try? WireHeader(serializedBytes: header))?.hasSeal ?? false }

    var digest: Digest { EnvelopeParts.digest(headerBytes: header, bodyBytes: body, wraps: wraps) }

    init(header: Data, body: Data, wraps: [WireWrap]) {
        self.header = header
        self.body = body
        self.wraps = wraps
    }

    init?(bytes: Data) {
        guard let envelope = try? WireEnvelope(serializedBytes: bytes) else { return nil }
        self.init(header: envelope.header, body: envelope.body, wraps: envelope.wraps)
    }

    func signed(_ signature: WireBatchSignature) -> Data {
        EnvelopeParts.serialize(
            headerBytes: header,
            bodyBytes: body,
            signature: signature,
            wraps: wraps
        )
    }
}

/// All letters, and their envelopes as far as they were needed.
final class Letters {
    let all: [Letter]
    let placeOfID: [MessageID: Int]
    private let country: Country
    private var prepared: [Question: Prepared] = [:]

    private struct Question: Hashable {
        let letter: Int
        let pair: ReleasePair
    }

    static let senders = 12
    private static let lettersPerSender = 9

    init(_ country: Country) throws {
        self.country = country
        let drafts = try Self.drafts.map { try Self.compose($0, country) }
        var random = Generator(seed: 11, for: "letters")
        var letters: [Letter] = []
        for number in 0..<Self.senders * Self.lettersPerSender {
            let sender = number % Self.senders
            let draft = drafts[number / Self.senders % drafts.count]
            let id = MessageID(
                milliseconds: Country.noon.milliseconds + Int64(number),
                random: (UInt64(number), ~UInt64(number))
            )
            var header = draft.header
            header.sender = country.members[sender].node.text
            header.messageID = id.data
            if draft.isNamed {
                header.selector = WireSelector()
                header.selector.institutions = Self.recipients(besides: sender, country, &random)
            }
            if draft.isSealed {
                header.seal.suite = Seal.suite
                header.seal.keyCommitment = Digest.zero.data
            }
            letters.append(Letter(id: id, sender: sender, header: header, body: draft.body))
        }
        all = letters
        placeOfID = Dictionary(
            letters.enumerated().map { ($1.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private static func recipients(
        besides sender: Int,
        _ country: Country,
        _ random: inout Generator
    ) -> [String] {
        var places: [Int] = []
        let count = random.within(1...4)
        while places.count < count {
            let place = random.below(country.members.count - 1)
            if place != sender, !places.contains(place) { places.append(place) }
        }
        return places.sorted().map { country.members[$0].institution.text }
    }

    /// The envelope of a letter under a registry and policy; nil when a sealed letter has nobody who
    /// may open it.
    func prepared(_ place: Int, under pair: ReleasePair) -> Prepared? {
        let letter = all[place]
        guard letter.isSealed else {
            guard let bytes: Data = try? letter.header.serializedData() else { return nil }
            return Prepared(header: bytes, body: letter.body, wraps: [])
        }
        let question = Question(letter: place, pair: pair)
        if let known = prepared[question] { return known }
        let made = try? seal(letter, under: pair)
        prepared[question] = made
        return made
    }

    private func seal(_ letter: Letter, under pair: ReleasePair) throws -> Prepared? {
        let registry = country.registries[pair.registry].document
        let eligible = Eligibility.of(
            header: letter.header,
            registry: registry,
            policy: country.policies[pair.policy].document,
            at: Country.noon
        )
        guard let set = eligible.set else { return nil }
        let key = ContentKey()
        var header = letter.header
        header.seal = key.sealInfo
        let bytes: Data = try header.serializedData()
        let nodes = set.nodes.map(\.node) + [country.members[letter.sender].node]
        let recipients = nodes.compactMap { node -> SealRecipient? in
            guard let entry = registry.node(node),
                let publicKey = SealingPublicKey(rawRepresentation: entry.sealingKey.data)
            else { return nil }
            return SealRecipient(node: node, publicKey: publicKey)
        }
        let sealed = try Seal.seal(
            body: letter.body,
            headerBytes: bytes,
            key: key,
            recipients: recipients
        )
        return Prepared(header: bytes, body: sealed.bytes, wraps: sealed.wraps)
    }
}

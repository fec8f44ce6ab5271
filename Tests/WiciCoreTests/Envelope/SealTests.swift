// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Seals: who can open, who cannot, and what a dishonest sender or recipient cannot do.

import Foundation
import SwiftProtobuf
import Testing

import enum Crypto.ChaChaPoly
import struct Crypto.HKDF
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

@testable import WiciCore

struct SealTests {
    static func open(_ bytes: Data, as name: String, key: UInt8) throws -> Data {
        let node = try EnvelopeFixtures.node(name)
        let submitted = try EnvelopeFixtures.verify(bytes, .submitted)
        guard let delivered = submitted.parts.deliverable.bytes(for: node) else {
            throw SealError.noWrap
        }
        return try Unseal.open(
            try EnvelopeFixtures.verify(delivered, .delivered),
            as: node,
            keys: [try EnvelopeFixtures.sealingKey(key)]
        )
    }

    @Test func `every recipient opens its delivered envelope and finds one wrap`() throws {
        let bytes = try EnvelopeFixtures.sealed()
        for (index, name) in EnvelopeFixtures.recipients.enumerated() {
            let body = try Self.open(bytes, as: name, key: 11 + UInt8(index))
            #expect(body == Data("sealed body".utf8))
            let submitted = try EnvelopeFixtures.verify(bytes, .submitted)
            let node = try EnvelopeFixtures.node(name)
            let delivered = try #require(submitted.parts.deliverable.bytes(for: node))
            let parts = try EnvelopeFixtures.verify(delivered, .delivered).parts
            #expect(parts.wraps.map(\.recipient) == [name])
            #expect(parts.digest == submitted.parts.digest)
        }
    }

    @Test func `a node without a wrap gets no envelope`() throws {
        let submitted = try EnvelopeFixtures.verify(try EnvelopeFixtures.sealed(), .submitted)
        let other = try EnvelopeFixtures.node("other.main")
        #expect(submitted.parts.deliverable.bytes(for: other) == nil)
        #expect(throws: SealError.noWrap) {
            try Unseal.open(submitted, as: other, keys: [])
        }
    }

    @Test func `a key that the wrap does not name is not tried`() throws {
        let bytes = try EnvelopeFixtures.sealed()
        let own = try EnvelopeFixtures.sealingKey(12).publicKey.keyID
        #expect(throws: SealError.noPrivateKey(own)) {
            try Self.open(bytes, as: "la-strada.main", key: 13)
        }
    }

    @Test func `a wrap for one node does not open as another's`() throws {
        let submitted = try EnvelopeFixtures.verify(try EnvelopeFixtures.sealed(), .submitted)
        var wraps = submitted.parts.wraps
        wraps[2].keyID = wraps[1].keyID
        wraps[2].encapsulatedKey = wraps[1].encapsulatedKey
        wraps[2].ciphertext = wraps[1].ciphertext
        let bytes = try EnvelopeFixtures.signed(
            headerBytes: submitted.parts.headerBytes,
            bodyBytes: submitted.parts.bodyBytes,
            wraps: wraps
        )
        #expect(throws: SealError.cannotOpen) {
            try Self.open(bytes, as: wraps[2].recipient, key: 12)
        }
    }

    @Test func `wraps moved under another header do not open`() throws {
        let submitted = try EnvelopeFixtures.verify(try EnvelopeFixtures.sealed(), .submitted)
        var header = try submitted.parts.header()
        header.tlp = "TLP:GREEN"
        let bytes = try EnvelopeFixtures.signed(
            headerBytes: try header.serializedBytes(),
            bodyBytes: submitted.parts.bodyBytes,
            wraps: submitted.parts.wraps
        )
        #expect(throws: SealError.cannotOpen) {
            try Self.open(bytes, as: "la-strada.main", key: 12)
        }
    }

    /// A sender who commits to one key and wraps another could show two texts to two nodes.
    @Test func `a header that commits to another key is refused by the recipient`() throws {
        let bytes = try dishonest { $0.seal.keyCommitment = Data(repeating: 1, count: 32) }
        #expect(throws: SealError.wrongCommitment) {
            try Self.open(bytes, as: "la-strada.main", key: 12)
        }
    }

    @Test func `another sender or id inside the seal is refused`() throws {
        let sender = try dishonest(content: { $0.sender = "other.main" })
        let id = try dishonest(content: { $0.messageID = Data(repeating: 1, count: 16) })
        for bytes in [sender, id] {
            #expect(throws: SealError.otherMessageInside) {
                try Self.open(bytes, as: "la-strada.main", key: 12)
            }
        }
    }

    @Test func `padding that is not zero or not to the first step is refused`() throws {
        let nonZero = try dishonest(padding: { padded in padded[padded.count - 1] = 1 })
        let wrongStep = try dishonest(padding: { padded in
            // The same content, padded by hand to 4 KiB instead of 1 KiB.
            var content = try? WireSealedContent(serializedBytes: padded)
            content?.padding = Data()
            let bare = content?.canonicalBytes ?? Data()
            content?.padding = Data(count: 4096 - bare.count - 3)
            padded = content?.canonicalBytes ?? Data()
        })
        for bytes in [nonZero, wrongStep] {
            #expect(throws: SealError.wrongPadding) {
                try Self.open(bytes, as: "la-strada.main", key: 12)
            }
        }
        let garbage = try dishonest(padding: { $0 = Data(repeating: 0xFF, count: 1024) })
        #expect(throws: SealError.malformedContent) {
            try Self.open(garbage, as: "la-strada.main", key: 12)
        }
    }

    /// An envelope by a sender who follows the cipher but not the rules.
    private func dishonest(
        _ alterHeader: (inout WireHeader) -> Void = { _ in },
        content alterContent: (inout WireSealedContent) -> Void = { _ in },
        padding alterPadded: (inout Data) -> Void = { _ in }
    ) throws -> Data {
        let secret = Data(repeating: 42, count: 32)
        guard let key = ContentKey(bytes: secret) else { throw EnvelopeFixtures.Failed() }
        let info = key.sealInfo
        var header = EnvelopeFixtures.header(7, seal: info)
        alterHeader(&header)
        let headerBytes: Data = try header.serializedBytes()
        let headerDigest = EnvelopeDigest.header(headerBytes)
        var content = WireSealedContent()
        content.sender = header.sender
        content.messageID = header.messageID
        content.body = Data("body".utf8)
        alterContent(&content)
        var padded = try #require(SealPadding.padded(content))
        alterPadded(&padded)
        let bodyKey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret),
            info: Data("wici/v1/seal/body".utf8),
            outputByteCount: 32
        )
        let box = try ChaChaPoly.seal(
            padded,
            using: bodyKey,
            nonce: ChaChaPoly.Nonce(data: Data(count: 12)),
            authenticating: headerDigest.data
        )
        let node = try EnvelopeFixtures.node("la-strada.main")
        let recipient = SealRecipient(
            node: node,
            publicKey: try EnvelopeFixtures.sealingKey(12).publicKey
        )
        let wrap = try Seal.wrap(secret, for: recipient, headerDigest: headerDigest)
        return try EnvelopeFixtures.signed(
            headerBytes: headerBytes,
            bodyBytes: box.ciphertext + box.tag,
            wraps: [wrap]
        )
    }

    @Test func `sealed bodies have few lengths, and every body length opens`() throws {
        var lengths: Set<Int> = []
        let counts =
            Array(0...1100) + Array(3900...4100) + Array(16_250...16_400)
            + Array(32_600...32_800) + [65_400, 65_500, 200_000, 262_000]
        for count in counts {
            var content = WireSealedContent()
            content.sender = "kwp-lublin.main"
            content.messageID = Data(repeating: 7, count: 16)
            content.body = Data(count: count)
            let padded = try #require(SealPadding.padded(content))
            lengths.insert(padded.count)
            #expect(try SealPadding.content(padded) == content)
            #expect(try WireSealedContent(serializedBytes: padded).body == content.body)
        }
        #expect(lengths == Set(EnvelopeLimits.paddingSteps))
    }

    @Test func `every content length is padded to exactly a step or not at all`() {
        for count in 0...262_144 {
            guard let padding = SealPadding.paddingCount(contentCount: count) else {
                #expect([1, 2, 130, 16_387].contains(262_144 - count))
                continue
            }
            let prefix = padding < 128 ? 2 : padding < 16_384 ? 3 : 4
            let total = padding == 0 ? count : count + prefix + padding
            if !EnvelopeLimits.paddingSteps.contains(total) {
                Issue.record("content of \(count) bytes becomes \(total)")
            }
        }
        #expect(SealPadding.paddingCount(contentCount: 262_145) == nil)
    }

    @Test func `what cannot be sealed is refused by name`() throws {
        let recipient = SealRecipient(
            node: try EnvelopeFixtures.node("la-strada.main"),
            publicKey: try EnvelopeFixtures.sealingKey(12).publicKey
        )
        func seal(_ body: Data, _ recipients: [SealRecipient], commit: Bool = true) throws {
            let key = ContentKey()
            let header = EnvelopeFixtures.header(1, seal: commit ? key.sealInfo : nil)
            _ = try Seal.seal(
                body: body,
                headerBytes: try header.serializedBytes(),
                key: key,
                recipients: recipients
            )
        }
        #expect(throws: SealError.headerMismatch) { try seal(Data(), [recipient], commit: false) }
        #expect(throws: SealError.recipientCount) { try seal(Data(), []) }
        #expect(throws: SealError.repeatedRecipient(recipient.node)) {
            try seal(Data(), [recipient, recipient])
        }
        #expect(throws: SealError.bodyTooLarge) { try seal(Data(count: 262_144), [recipient]) }
        #expect(throws: Never.self) { try seal(Data(count: 262_000), [recipient]) }
    }

    @Test func `a content key's commitment and body key differ and are reproducible`() throws {
        guard let first = ContentKey(bytes: Data(repeating: 1, count: 32)),
            let second = ContentKey(bytes: Data(repeating: 1, count: 32))
        else { throw EnvelopeFixtures.Failed() }
        let commitments = [first.commitment, second.commitment]
        let bodyKeys = [first.bodyKey, second.bodyKey]
        #expect(commitments[0] == commitments[1])
        #expect(bodyKeys[0] == bodyKeys[1])
        #expect(commitments[0].data != bodyKeys[0].withUnsafeBytes { Data($0) })
        switch ContentKey(bytes: Data(count: 31)) {
        case .none: break
        case .some: Issue.record("a content key of 31 bytes was taken")
        }
    }
}

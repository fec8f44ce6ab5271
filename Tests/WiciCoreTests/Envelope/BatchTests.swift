// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Batch signatures: every envelope of a batch verifies, in any order, and no forged one ever does,
// whatever the verifier remembers.

import Foundation
import Testing
import WiciCore

struct BatchTests {
    static func digests(_ count: Int) -> [Digest] {
        (0..<count).map { TreeHash.leaf(Data("envelope \($0)".utf8)) }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100, 999, 1000])
    func `every envelope of a batch verifies in any order and again`(_ count: Int) throws {
        let key = try EnvelopeFixtures.signingKey()
        let digests = Self.digests(count)
        let signatures = BatchSigner.sign(digests, with: key)
        #expect(signatures.count == count)
        var verifier = BatchVerifier()
        for index in digests.indices.shuffled() + digests.indices.prefix(5) {
            let isAccepted = verifier.verify(
                envelopeDigest: digests[index],
                signature: signatures[index],
                key: key.publicKey
            )
            #expect(isAccepted)
        }
        #expect(verifier.rememberedBatches == (count == 1 ? 0 : 1))
    }

    @Test func `a forged envelope never passes, before or after others of its batch`() throws {
        let key = try EnvelopeFixtures.signingKey()
        var random = SystemRandomNumberGenerator()
        for count in [1, 2, 3, 5, 6, 8, 13] {
            let digests = Self.digests(count)
            let signatures = BatchSigner.sign(digests, with: key)
            var verifier = BatchVerifier()
            for round in 0..<400 {
                let index = Int.random(in: 0..<count, using: &random)
                var digest = digests[index]
                var signature = signatures[index]
                Self.forge(&digest, &signature, random: &random)
                let isForgeryAccepted = verifier.verify(
                    envelopeDigest: digest,
                    signature: signature,
                    key: key.publicKey
                )
                #expect(
                    !isForgeryAccepted,
                    "count \(count), round \(round)"
                )
                if round % 40 == 39 {
                    let index = Int.random(in: 0..<count, using: &random)
                    let isAccepted = verifier.verify(
                        envelopeDigest: digests[index],
                        signature: signatures[index],
                        key: key.publicKey
                    )
                    #expect(isAccepted)
                }
            }
        }
    }

    /// Changes one thing so that the signature no longer covers the digest.
    static func forge(
        _ digest: inout Digest,
        _ signature: inout WireBatchSignature,
        random: inout SystemRandomNumberGenerator
    ) {
        switch Int.random(in: 0..<7, using: &random) {
        case 0 where !signature.path.isEmpty:
            let place = signature.path.indices.randomElement(using: &random) ?? 0
            signature.path[place][Int.random(in: 0..<32, using: &random)] ^= 1
        case 1: signature.signature[Int.random(in: 0..<64, using: &random)] ^= 4
        case 2: signature.index = signature.index == 0 ? signature.size : signature.index - 1
        case 3: signature.size += 1
        case 4: signature.path.append(Data(count: 32))
        case 5 where !signature.path.isEmpty: signature.path.removeLast()
        default: digest = TreeHash.node(digest, .zero)
        }
    }

    @Test func `another key does not verify, even for a remembered batch`() throws {
        let key = try EnvelopeFixtures.signingKey(1)
        let other = try EnvelopeFixtures.signingKey(2)
        let digests = Self.digests(4)
        let signatures = BatchSigner.sign(digests, with: key)
        var verifier = BatchVerifier()
        let isAccepted = verifier.verify(
            envelopeDigest: digests[0],
            signature: signatures[0],
            key: key.publicKey
        )
        #expect(isAccepted)
        let isForgeryAccepted = verifier.verify(
            envelopeDigest: digests[0],
            signature: signatures[0],
            key: other.publicKey
        )
        #expect(!isForgeryAccepted)
    }

    @Test func `the memory of batches is bounded`() throws {
        let key = try EnvelopeFixtures.signingKey()
        var verifier = BatchVerifier(capacity: 3)
        for number in 0..<10 {
            let digests = [
                TreeHash.leaf(Data("\(number)".utf8)), TreeHash.leaf(Data("x\(number)".utf8)),
            ]
            let signatures = BatchSigner.sign(digests, with: key)
            for index in digests.indices {
                let isAccepted = verifier.verify(
                    envelopeDigest: digests[index],
                    signature: signatures[index],
                    key: key.publicKey
                )
                #expect(isAccepted)
            }
        }
        #expect(verifier.rememberedBatches == 3)
    }

    @Test func `empty and oversize batches are not signed`() throws {
        let key = try EnvelopeFixtures.signingKey()
        #expect(BatchSigner.sign([], with: key).isEmpty)
        #expect(BatchSigner.sign(Self.digests(1001), with: key).isEmpty)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Hashing without the heap: the same digests as swift-crypto gives, at every length.

import Crypto
import Foundation
import Processor
import Testing
import WiciCore

struct Sha256Tests {
    /// SHA-256 by swift-crypto, piece after piece.
    private func streamed(_ pieces: Data...) -> WiciCore.Digest {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        return WiciCore.Digest(hash.finalize())
    }

    @Test func `a leaf and a body of any length have the digests that swift-crypto gives`() {
        var random = SystemRandomNumberGenerator()
        for length in Array(0...600) + [1_023, 1_024, 1 << 16] {
            let bytes = Data((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
            #expect(TreeHash.leaf(bytes) == streamed(Data([0]), bytes))
            #expect(EnvelopeDigest.body(bytes) == streamed(Data("wici/v1/body\0".utf8), bytes))
            let leaf = LedgerLeaf.bytes(salt: Data(repeating: 7, count: 32), record: bytes)
            let domain = Data("wici/v1/leaf\0".utf8)
            #expect(
                leaf?.dropFirst() == streamed(domain, Data(repeating: 7, count: 32), bytes).data
            )
        }
    }

    @Test func `a node and an envelope have the digests that swift-crypto gives`() {
        let left = streamed(Data("left".utf8))
        let right = streamed(Data("right".utf8))
        #expect(TreeHash.node(left, right) == streamed(Data([1]), left.data, right.data))
        #expect(
            EnvelopeDigest.envelope(header: left, body: right, wrapsRoot: left)
                == streamed(Data("wici/v1/envelope\0".utf8), left.data, right.data, left.data)
        )
    }

    #if os(Linux)
    @Test func `swift-crypto brings what hashes without the heap`() {
        let bytes: [UInt8] = [1, 2, 3]
        var digest = [UInt8](repeating: 0, count: 32)
        #expect(processor_sha256(bytes, 1, bytes, 2, bytes, 3, &digest))
        #expect(Data(digest) == streamed(Data([1, 1, 2, 1, 2, 3])).data)
    }
    #endif
}

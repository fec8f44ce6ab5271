// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Envelopes travel unaltered or not at all: round trips, limits, and every flipped bit.

import Foundation
import SwiftProtobuf
import Testing

@testable import WiciCore

struct EnvelopeTests {
    @Test(arguments: [0, 1, 1000, 256 * 1024])
    func `a plain envelope is read back with its exact bytes`(_ count: Int) throws {
        let body = Data((0..<count).map { UInt8(truncatingIfNeeded: $0) })
        let bytes = try EnvelopeFixtures.plain(body: body)
        for form in [EnvelopeParts.Form.submitted, .delivered] {
            let parts = try EnvelopeFixtures.verify(bytes, form).parts
            #expect(parts.bodyBytes == body)
            #expect(parts.sender.text == "kwp-lublin.main")
            #expect(!parts.isSealed)
            #expect(parts.headerBytes == (try parts.header().serializedBytes()))
            #expect(parts.deliverable.bytes(for: parts.sender) == bytes)
        }
    }

    @Test func `every flipped bit of a small envelope is refused`() throws {
        let bytes = try EnvelopeFixtures.plain()
        for bit in 0..<bytes.count * 8 {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: EnvelopeError.self, "bit \(bit)") {
                try EnvelopeFixtures.verify(altered, .submitted)
            }
        }
    }

    @Test func `every flipped bit of a sealed envelope is refused, header and wraps included`()
        throws
    {
        let bytes = try EnvelopeFixtures.sealed()
        for bit in 0..<bytes.count * 8 {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: EnvelopeError.self, "bit \(bit)") {
                try EnvelopeFixtures.verify(altered, .submitted)
            }
        }
    }

    @Test func `random flipped bits of large sealed envelopes are refused`() throws {
        let bytes = try EnvelopeFixtures.sealed(body: Data(count: 200_000))
        for _ in 0..<150 {
            let bit = Int.random(in: 0..<bytes.count * 8)
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: EnvelopeError.self, "bit \(bit)") {
                try EnvelopeFixtures.verify(altered, .submitted)
            }
        }
    }

    /// The size in the wrap's proof is outside the signature; one value of it is right.
    @Test func `a sealed envelope that was delivered is nothing to hand on`() throws {
        let node = try EnvelopeFixtures.node("la-strada.main")
        let submitted = try EnvelopeFixtures.verify(try EnvelopeFixtures.sealed(), .submitted)
        let bytes = try #require(submitted.parts.deliverable.bytes(for: node))
        let delivered = try EnvelopeFixtures.verify(bytes, .delivered)
        #expect(delivered.parts.deliverable.bytes(for: node) == nil)
    }

    @Test func `any flipped bit of a delivered envelope is refused`() throws {
        let node = try EnvelopeFixtures.node("la-strada.main")
        let submitted = try EnvelopeFixtures.verify(try EnvelopeFixtures.sealed(), .submitted)
        let bytes = try #require(submitted.parts.deliverable.bytes(for: node))
        for bit in 0..<bytes.count * 8 {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: EnvelopeError.self, "bit \(bit)") {
                try EnvelopeFixtures.verify(altered, .delivered)
            }
        }
    }

    @Test func `a wrap's proof names the least size that has its path and no other is taken`()
        throws
    {
        for size in 1...40 {
            let wraps = (0..<size).map { number in
                var wrap = WireWrap()
                wrap.recipient = "node-\(number)"
                return wrap
            }
            let leaves = wraps.map { TreeHash.leaf($0.canonicalBytes) }
            let tree = MerkleTree(leafHashes: leaves)
            for index in 0..<size {
                let proof = try #require(WrapProofs(of: wraps).proof(at: index))
                let path = proof.path.compactMap { Digest(bytes: $0) }
                let fitting = (index + 1...80).filter { other in
                    InclusionProof(index: UInt64(index), size: UInt64(other), path: path)
                        .computedRoot(leafHash: leaves[index]) == tree.root
                }
                #expect(fitting.first == Int(proof.size) && fitting.contains(size))
                for other in fitting {
                    var altered = proof
                    altered.size = UInt32(other)
                    let taken = altered.canonicalBytes.withUnsafeBytes {
                        WireWrapProof(canonical: $0)
                    }
                    #expect((taken != nil) == (altered.size == proof.size))
                }
            }
        }
    }

    @Test func `truncated and extended envelopes are refused`() throws {
        for bytes in [try EnvelopeFixtures.plain(), try EnvelopeFixtures.sealed()] {
            for count in 0..<bytes.count where count < 400 || count % 97 == 0 {
                #expect(throws: EnvelopeError.self) {
                    try EnvelopeFixtures.verify(bytes.prefix(count), .submitted)
                }
            }
            for tail in [Data([0]), Data([0x32, 0]), Data([0x2A, 0]), Data([0x22, 0])] {
                #expect(throws: EnvelopeError.self) {
                    try EnvelopeFixtures.verify(bytes + tail, .submitted)
                }
            }
        }
    }

    @Test func `random bytes are refused without harm`() {
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<300)
            let bytes = Data((0..<count).map { _ in UInt8.random(in: 0...255) })
            #expect(throws: EnvelopeError.self) {
                try EnvelopeParts(bytes: bytes, form: .submitted)
            }
        }
    }

    @Test func `a slice of a larger buffer is read like the bytes themselves`() throws {
        let bytes = try EnvelopeFixtures.plain()
        let buffer = Data([1, 2, 3]) + bytes + Data([4])
        let slice = buffer[3..<3 + bytes.count]
        let parts = try EnvelopeParts(bytes: slice, form: .submitted)
        #expect(parts == (try EnvelopeParts(bytes: bytes, form: .submitted)))
    }

    @Test func `the limits of header and body answer with their own refusal`() throws {
        var signature = WireBatchSignature()
        signature.signature = Data(count: 64)
        signature.size = 1
        func error(header: Data, body: Data) -> EnvelopeError? {
            let bytes = EnvelopeParts.serialize(
                headerBytes: header,
                bodyBytes: body,
                signature: signature
            )
            do throws(EnvelopeError) {
                _ = try EnvelopeParts(bytes: bytes, form: .submitted)
                return nil
            } catch {
                return error
            }
        }
        let header: Data = try EnvelopeFixtures.header().serializedBytes()
        #expect(error(header: Data(count: 8193), body: Data()) == .headerTooLarge)
        #expect(error(header: header, body: Data(count: 256 * 1024 + 1)) == .bodyTooLarge)
        #expect(error(header: header, body: Data(count: 256 * 1024)) == nil)
        #expect(error(header: Data([0xFF]), body: Data([1])) == .malformedHeader)
        #expect(error(header: header + Data([0xF8, 7, 1]), body: Data([1])) == .malformedHeader)
        var info = WireSealInfo()
        info.suite = 2
        info.keyCommitment = Data(count: 32)
        let other: Data = try EnvelopeFixtures.header(seal: info).serializedBytes()
        #expect(error(header: other, body: Data(count: 1040)) == .unknownSuite)
        info.suite = 1
        let sealed: Data = try EnvelopeFixtures.header(seal: info).serializedBytes()
        #expect(error(header: sealed, body: Data(count: 1041)) == .wrongPadding)
        #expect(error(header: sealed, body: Data(count: 1040)) == .malformedWraps)
        #expect(EnvelopeError.headerTooLarge.refusal.code == .headerTooLarge)
    }

    @Test func `wraps that are unsorted, repeated, or on a plain message are refused`() throws {
        let sealed = try EnvelopeFixtures.verify(try EnvelopeFixtures.sealed(), .submitted).parts
        let plain = try EnvelopeFixtures.verify(try EnvelopeFixtures.plain(), .submitted).parts
        for wraps in [sealed.wraps.reversed(), sealed.wraps + sealed.wraps.suffix(1), []] {
            let bytes = try EnvelopeFixtures.signed(
                headerBytes: sealed.headerBytes,
                bodyBytes: sealed.bodyBytes,
                wraps: wraps
            )
            #expect(throws: EnvelopeError.malformedWraps) {
                try EnvelopeFixtures.verify(bytes, .submitted)
            }
        }
        let bytes = try EnvelopeFixtures.signed(
            headerBytes: plain.headerBytes,
            bodyBytes: plain.bodyBytes,
            wraps: sealed.wraps
        )
        #expect(throws: EnvelopeError.malformedWraps) {
            try EnvelopeFixtures.verify(bytes, .submitted)
        }
    }
}

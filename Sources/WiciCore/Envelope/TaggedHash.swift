// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// `Digest.of` for the paths that run for every message: the same bytes, without a list of
// existential parts. What is short is gathered first and hashed in one call: a call of the library
// costs as much as hashing some hundred bytes, copying them next to nothing.

import Crypto
import Foundation

/// SHA-256 over a domain string, one zero byte, and parts as they are added.
struct TaggedHash {
    private var hash = SHA256()

    /// Bytes that are gathered at most.
    private static let gathered = 1_024

    init(_ domain: StaticString) {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let count = domain.utf8CodeUnitCount
            precondition(count < buffer.count, "a domain is a short constant")
            Self.tag(buffer, domain)
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[...count]))
        }
    }

    mutating func add(_ bytes: Data) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    mutating func add(_ digest: Digest) {
        digest.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    func finish() -> Digest {
        Digest(hash.finalize())
    }

    /// The digest over one or two parts in place.
    static func digest(
        _ domain: StaticString,
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) -> Digest {
        let start = domain.utf8CodeUnitCount + 1
        let count = start + first.count + second.count
        guard count <= gathered else {
            var hash = TaggedHash(domain)
            hash.add(first)
            hash.add(second)
            return hash.finish()
        }
        return withUnsafeTemporaryAllocation(byteCount: gathered, alignment: 1) { buffer in
            tag(buffer, domain)
            let middle = start + first.count
            UnsafeMutableRawBufferPointer(rebasing: buffer[start..<middle]).copyMemory(from: first)
            UnsafeMutableRawBufferPointer(rebasing: buffer[middle..<count]).copyMemory(from: second)
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return Digest(hash.finalize())
        }
    }

    /// Writes the domain and its zero byte.
    private static func tag(_ buffer: UnsafeMutableRawBufferPointer, _ domain: StaticString) {
        domain.withUTF8Buffer { buffer.copyMemory(from: UnsafeRawBufferPointer($0)) }
        buffer[domain.utf8CodeUnitCount] = 0
    }
}

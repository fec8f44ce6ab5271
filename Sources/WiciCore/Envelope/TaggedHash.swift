// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// `Digest.of` for the paths that run for every message: the same bytes, without a list of
// existential parts.

import Crypto
import Foundation

/// SHA-256 over a domain string, one zero byte, and parts as they are added.
struct TaggedHash {
    private var hash = SHA256()

    init(_ domain: StaticString) {
        domain.withUTF8Buffer { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
    }

    mutating func add(_ bytes: Data) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    mutating func add(_ digest: Digest) {
        digest.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    func finish() -> Digest {
        Digest(hash.finalize())
    }
}

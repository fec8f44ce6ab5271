// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// `Digest.of` for the paths that run for every message: the same bytes, in place and without a list
// of existential parts.

import Crypto
import Foundation
import Processor

/// SHA-256 over a domain string, one zero byte, and one or two parts.
enum TaggedHash {
    /// The digest over parts in place.
    static func digest(
        _ domain: StaticString,
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) -> Digest {
        // A static string ends with a zero byte of its own.
        let count = domain.utf8CodeUnitCount + 1
        let tag = UnsafeRawBufferPointer(start: domain.utf8Start, count: count)
        return Digest(sha256Of: tag, first, second)
    }
}

extension Digest {
    /// SHA-256 of three pieces in a row, in place and off the heap.
    init(
        sha256Of first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        _ third: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let isDone = Swift.withUnsafeMutableBytes(of: &words) { words in
            processor_sha256(
                first.baseAddress,
                first.count,
                second.baseAddress,
                second.count,
                third.baseAddress,
                third.count,
                words.baseAddress
            )
        }
        guard isDone else {
            var hash = SHA256()
            for piece in [first, second, third] { hash.update(bufferPointer: piece) }
            self.init(hash.finalize())
            return
        }
        self.init(words: words)
    }
}

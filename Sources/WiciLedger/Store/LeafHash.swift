// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hash of a ledger leaf over stored bytes that are only lent: recovery hashes millions of leaves
// and copies none of them.

import Crypto
import WiciCore

extension TreeHash {
    /// The RFC 6962 leaf hash of bytes in place.
    static func leaf(lent bytes: UnsafeRawBufferPointer) -> WiciCore.Digest {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: bytes)
        return WiciCore.Digest(hash.finalize())
    }
}

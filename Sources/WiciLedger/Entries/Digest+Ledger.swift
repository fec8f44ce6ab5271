// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The digest by which records refer to notes and sets.

import Crypto
import Foundation
import WiciCore

extension WiciCore.Digest {
    /// SHA-256 of bytes without a domain, as records refer to notes and recipient sets.
    init(sha256Of bytes: Data) {
        self.init(SHA256.hash(data: bytes))
    }
    /// The same for bytes in place.
    init(sha256Of bytes: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        self.init(hash.finalize())
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Sealed content is padded to a few lengths, so that its size says little. The padding is a
// protobuf field and therefore cannot take every length: its own length prefix grows by a byte at
// 128 and at 16,384. Where a step cannot be met exactly, the next one is taken.

package import Foundation
import SwiftProtobuf

/// Pads sealed content to a step and reads it back.
package enum SealPadding {
    /// The content's bytes at exactly a step's length; `nil` when even the last step is too small.
    package static func padded(_ content: WireSealedContent) -> Data? {
        var content = content
        content.padding = Data()
        guard let padding = paddingCount(contentCount: content.canonicalBytes.count) else {
            return nil
        }
        content.padding = Data(count: padding)
        return content.canonicalBytes
    }

    /// The content in padded bytes; refuses another encoding, other padding and another step.
    package static func content(_ bytes: Data) throws(SealError) -> WireSealedContent {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(SealError) in try content(lent: bytes) }
        }.get()
    }

    private static func content(
        lent bytes: UnsafeRawBufferPointer
    ) throws(SealError) -> WireSealedContent {
        var fields = CanonicalFields(bytes)
        guard let sender = fields.bytes(1, limit: 63),
            let sender = String(validating: sender, as: UTF8.self),
            let messageID = fields.bytes(2, limit: 16),
            let body = fields.bytes(3, limit: EnvelopeLimits.body),
            let padding = fields.bytes(4, limit: EnvelopeLimits.body), fields.isAtEnd
        else { throw .malformedContent }
        let field = padding.isEmpty ? 0 : 1 + lengthPrefix(padding.count) + padding.count
        guard padding.allSatisfy({ $0 == 0 }),
            paddingCount(contentCount: bytes.count - field) == padding.count
        else { throw .wrongPadding }
        var content = WireSealedContent()
        content.sender = sender
        content.messageID = Data(messageID)
        content.body = Data(body)
        return content
    }

    /// Zero bytes that bring content of this length to the first step that can be met exactly.
    static func paddingCount(contentCount: Int) -> Int? {
        for step in EnvelopeLimits.paddingSteps where step >= contentCount {
            let missing = step - contentCount
            if missing == 0 { return 0 }
            // Tag, one to three bytes of length, then at least one zero.
            for prefix in 1...3 {
                let count = missing - 1 - prefix
                if count >= 1, lengthPrefix(count) == prefix { return count }
            }
        }
        return nil
    }

    /// Number of bytes of a varint that holds a length.
    private static func lengthPrefix(_ count: Int) -> Int {
        count < 1 << 7 ? 1 : count < 1 << 14 ? 2 : 3
    }
}

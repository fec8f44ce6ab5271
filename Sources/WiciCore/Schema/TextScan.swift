// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One pass over a text's bytes that counts its code points and finds what text may not hold.
// Validation stands on the hub's hot path, so plain ASCII and ordinary European letters are settled
// without decoding; only rare characters take the slow road.

import Foundation

/// What one pass over a text found.
struct TextScan {
    /// Number of Unicode code points.
    private(set) var length = 0
    /// A control character, a line or paragraph separator, or a direction override or isolate.
    private(set) var hasControl = false
    /// Something other than space, newline and no-break space.
    private(set) var hasInk = false
    /// False when the text is not in normalization form C (Unicode Standard Annex 15).
    private(set) var isNormalized = true

    /// Most combining marks in a row (the Stream-Safe Text Format of Unicode Standard Annex 15).
    private static let longestRowOfMarks = 30

    /// Scans a text; a newline counts as a control character unless it is allowed.
    init(_ text: String, newlineAllowed: Bool) {
        var text = text
        let isPlain = text.withUTF8 { scan($0, newlineAllowed: newlineAllowed) }
        if !isPlain {
            scanScalars(text)
        }
    }

    /// Scans the bytes; false when characters are left that need decoding.
    private mutating func scan(
        _ bytes: UnsafeBufferPointer<UInt8>,
        newlineAllowed: Bool
    ) -> Bool {
        var isPlain = true
        var previous: UInt8 = 0
        var isPunctuation = false
        for byte in bytes {
            if byte < 0x80 {
                length += 1
                if byte > 0x20 {
                    hasInk = true
                    if byte == 0x7F { hasControl = true }
                } else if byte < 0x20, !(newlineAllowed && byte == 0x0A) {
                    hasControl = true
                }
            } else if byte & 0xC0 == 0x80 {
                if previous == 0xC2 {
                    // U+0080 to U+009F are controls; U+00A0 is a blank.
                    if byte < 0xA0 { hasControl = true } else if byte > 0xA0 { hasInk = true }
                } else if previous == 0xE2 {
                    // The dashes and quotes of U+2010 to U+2027 are common in good Polish.
                    isPunctuation = byte == 0x80
                    if !isPunctuation { isPlain = false }
                } else if isPunctuation {
                    isPunctuation = false
                    if byte < 0x90 || byte > 0xA7 { isPlain = false }
                }
            } else {
                length += 1
                if byte != 0xC2 { hasInk = true }
                // Below U+0300 and in Cyrillic up to U+047F every character is normal.
                if byte > 0xCB, byte != 0xD0, byte != 0xD1, byte != 0xE2 { isPlain = false }
            }
            previous = byte
        }
        return isPlain
    }

    /// Looks at each code point, and compares with the normalized text.
    ///
    /// A long row of marks on one letter is no text that anybody writes, and putting it in order takes
    /// time that grows with its square; it counts as not normal without being put in order.
    private mutating func scanScalars(_ text: String) {
        var marks = 0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x2028...0x202E, 0x2066...0x2069: hasControl = true
            default: break
            }
            let isMark = scalar.properties.canonicalCombiningClass != .notReordered
            marks = isMark ? marks + 1 : 0
            guard marks <= Self.longestRowOfMarks else {
                isNormalized = false
                return
            }
        }
        let normalized = text.precomposedStringWithCanonicalMapping
        isNormalized = normalized.utf8.elementsEqual(text.utf8)
    }
}

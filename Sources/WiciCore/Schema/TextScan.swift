// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One pass over a text's bytes that counts its code points and finds what text may not hold.
// Validation stands on the hub's hot path, so plain ASCII and ordinary European letters are settled
// without decoding; only rare characters take the slow road.

// The standard library's own normalization, step by step: a text that is not normal is known by its
// first character that is not, where Foundation would first make the whole of it anew.
@_spi(_Unicode) import Swift

/// What one pass over a text found.
struct TextScan {
    /// Number of Unicode code points.
    private(set) var length = 0
    /// A control character, a line or paragraph separator, or a direction override or isolate.
    private(set) var hasControl = false
    /// A character that shows nothing and that no text needs where it stands: tags, zero-width spaces,
    /// direction marks, fillers, variation selectors without an emoji, noncharacters.
    private(set) var hasInvisible = false
    /// Something that shows: neither a blank nor a character without a glyph.
    private(set) var hasInk = false
    /// False when the text is not in normalization form C (Unicode Standard Annex 15).
    private(set) var isNormalized = true

    /// Most combining marks in a row (the Stream-Safe Text Format of Unicode Standard Annex 15).
    private static let longestRowOfMarks = 30

    /// Scans the bytes of a text, `nil` when they are not UTF-8; a newline counts as a control
    /// character unless it is allowed.
    ///
    /// Of a text that is longer than the limit little more than that is found out: what takes time for
    /// each of its characters is not begun.
    init?(_ bytes: UnsafeRawBufferPointer, newlineAllowed: Bool, limit: Int = .max) {
        switch scan(bytes, newlineAllowed: newlineAllowed) {
        case .ascii: break
        case .plain:
            guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        case .rare:
            guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
            if length <= limit { scanScalars(text) }
        }
    }

    private enum Characters {
        /// Nothing but ASCII.
        case ascii
        /// Letters and marks that are settled by their bytes.
        case plain
        /// Some that need decoding.
        case rare
    }

    /// Scans the bytes and tells what is among them.
    private mutating func scan(
        _ bytes: UnsafeRawBufferPointer,
        newlineAllowed: Bool
    ) -> Characters {
        var isASCII = true
        var isPlain = true
        var previous: UInt8 = 0
        var isPunctuation = false
        var place = 0
        while place < bytes.count {
            if let word = Self.printable(bytes, at: place) {
                length += 8
                if word != Self.everyByte * 0x20 { hasInk = true }
                place += 8
                continue
            }
            let byte = bytes[place]
            place += 1
            if byte < 0x80 {
                length += 1
                if byte > 0x20 {
                    hasInk = true
                    if byte == 0x7F { hasControl = true }
                } else if byte < 0x20, !(newlineAllowed && byte == 0x0A) {
                    hasControl = true
                }
            } else if byte & 0xC0 == 0x80 {
                isASCII = false
                if previous == 0xC2 {
                    // U+0080 to U+009F are controls; U+00A0 is a blank, U+00AD a soft hyphen.
                    if byte < 0xA0 {
                        hasControl = true
                    } else if byte > 0xA0, byte != 0xAD {
                        hasInk = true
                    }
                } else if previous == 0xE2 {
                    // The dashes and quotes of U+2010 to U+2027 are common in good Polish.
                    isPunctuation = byte == 0x80
                    if !isPunctuation { isPlain = false }
                } else if isPunctuation {
                    isPunctuation = false
                    if byte < 0x90 || byte > 0xA7 { isPlain = false }
                }
            } else {
                isASCII = false
                length += 1
                if byte != 0xC2 { hasInk = true }
                // Below U+0300 and in Cyrillic up to U+047F every character is normal.
                if byte > 0xCB, byte != 0xD0, byte != 0xD1, byte != 0xE2 { isPlain = false }
            }
            previous = byte
        }
        return isASCII ? .ascii : isPlain ? .plain : .rare
    }

    private static let everyByte: UInt64 = 0x0101_0101_0101_0101

    /// The eight bytes at a place when all of them are printable ASCII, which most text is.
    private static func printable(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt64? {
        guard bytes.count - place >= 8 else { return nil }
        let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        let high = everyByte << 7
        // No byte from 0x80 on; of the others none below 0x20, which would borrow, and not 0x7F, which
        // would carry.
        guard word & high == 0, (word &- everyByte &* 0x20) & high == 0,
            (word &+ everyByte) & high == 0
        else { return nil }
        return word
    }

    /// Looks at each code point, and compares with the normalized text.
    ///
    /// A long row of marks on one letter is no text that anybody writes, and putting it in order takes
    /// time that grows with its square; it counts as not normal without being put in order.
    private mutating func scanScalars(_ text: String) {
        var marks = 0
        var previous: Unicode.Scalar?
        hasInk = false
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x2028...0x202E, 0x2066...0x2069: hasControl = true
            default: break
            }
            switch Visibility(of: scalar, after: previous) {
            case .ink: hasInk = true
            case .blank: break
            case .invisible: hasInvisible = true
            }
            previous = scalar
            let isMark = scalar.properties.canonicalCombiningClass != .notReordered
            marks = isMark ? marks + 1 : 0
            guard marks <= Self.longestRowOfMarks else {
                isNormalized = false
                return
            }
        }
        isNormalized = text._nfc.elementsEqual(text.unicodeScalars)
    }
}

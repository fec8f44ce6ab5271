// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a reader sees of a character. A message can say one thing to the eye and hold another: tag
// characters spell whole words that no screen shows. What has no glyph is refused, except where a
// script needs it (Unicode Standard, section 23.2 and Annex 31).

/// Whether a character shows.
enum Visibility {
    /// It shows.
    case ink
    /// It shows nothing and may stand there: a space, a soft hyphen, a joiner that its script needs.
    case blank
    /// It shows nothing, and no text needs it there.
    case invisible

    /// Judges a character by the one before it.
    init(of scalar: Unicode.Scalar, after previous: Unicode.Scalar?) {
        switch scalar.value {
        // Joiners: between letters from Arabic on, and inside an emoji. No Latin, Greek or Cyrillic
        // text has them.
        case 0x200C, 0x200D:
            let isNeeded = previous.map { $0.value >= 0x0600 && !Self.isJoiner($0) } ?? false
            self = isNeeded ? .blank : .invisible
        // Text or picture: for a character that has both.
        case 0xFE0E, 0xFE0F:
            self = previous?.properties.isEmoji == true ? .blank : .invisible
        case 0x00, 0x09, 0x0A, 0x0D, 0x20, 0x80...0xA0, 0xAD, 0x1680, 0x2000...0x200A,
            0x2028, 0x2029, 0x202F, 0x205F, 0x2800, 0x3000:
            self = .blank
        case _ where Self.isHidden(scalar.value): self = .invisible
        default: self = .ink
        }
    }

    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0x200C || scalar.value == 0x200D
    }

    /// Default-ignorable characters without a use in running text, and noncharacters.
    private static func isHidden(_ value: UInt32) -> Bool {
        switch value {
        case 0x034F, 0x061C, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F, 0x200B,
            0x200E...0x200F, 0x2060...0x2065, 0x206A...0x206F, 0x3164, 0xFDD0...0xFDEF,
            0xFE00...0xFE0D, 0xFEFF, 0xFFA0, 0xFFF0...0xFFFB, 0x1BCA0...0x1BCA3,
            0x1D173...0x1D17A, 0xE0000...0xE0FFF:
            true
        default: value & 0xFFFE == 0xFFFE
        }
    }
}

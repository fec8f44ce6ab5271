// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The forms of values that are text on the wire: places, case keys, ids, digests. Each form is
// checked in one place and has its pattern beside it for the JSON Schema export.

/// Checks of values whose form does not depend on a schema.
struct ValueForms: Sendable {
    /// The two-digit TERYT codes of the voivodeships, in order.
    let voivodeships: [String]
    private let isVoivodeship: [Bool]

    init(vocabulary: Vocabulary) {
        let codes = vocabulary["voivodeship"].entries.compactMap(\.teryt)
        self.voivodeships = Set(codes).sorted()
        var known = [Bool](repeating: false, count: 100)
        for code in codes {
            if let number = Int(code), known.indices.contains(number) { known[number] = true }
        }
        self.isVoivodeship = known
    }

    /// A TERYT code of 2 (voivodeship), 4 (county) or 7 (municipality) digits.
    func isPlace(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard [2, 4, 7].contains(bytes.count), digits(bytes, 0, bytes.count) != nil,
                let voivodeship = digits(bytes, 0, 2)
            else { return false }
            return isVoivodeship[voivodeship]
        }
    }

    /// A case key, `HL-TT-YYYY-NNNN`: a team's voivodeship, a year of this century, a number.
    func isCaseKey(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count == 15, bytes.starts(with: Array("HL-".utf8)),
                bytes[5] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "-"),
                let voivodeship = digits(bytes, 3, 2), let year = digits(bytes, 6, 4),
                digits(bytes, 11, 4) != nil
            else { return false }
            return isVoivodeship[voivodeship] && (2000...2099).contains(year)
        }
    }

    /// The 64 lower-case hexadecimal digits of a SHA-256 digest.
    func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// The pattern of a place (ECMA-262, as JSON Schema uses it).
    var placePattern: String {
        "^(\(voivodeships.joined(separator: "|")))([0-9]{2}([0-9]{3})?)?$"
    }

    /// The pattern of a case key.
    var caseKeyPattern: String {
        "^HL-(\(voivodeships.joined(separator: "|")))-20[0-9]{2}-[0-9]{4}$"
    }

    /// The pattern of a digest.
    static let digestPattern = "^[0-9a-f]{64}$"
    /// The pattern of an institution's id.
    static let institutionPattern = "^[a-z0-9][a-z0-9.-]{0,61}[a-z0-9]$"
    /// The pattern of a message id.
    static let messagePattern =
        "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
    /// The pattern of a date; that the day exists is not expressible.
    static let datePattern = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
    /// The pattern of a moment.
    static let timePattern =
        "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        + "(\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
    /// The characters that no text may hold, inside a character class; newline stands apart.
    static let controlClass =
        "\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069"
        + "\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b\\u200e\\u200f\\u2060-\\u2065"
        + "\\u206a-\\u206f\\u3164\\ufdd0-\\ufdef\\ufe00-\\ufe0d\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff"
    /// The characters that show nothing though text may hold them, inside a character class.
    private static let blankClass =
        " \\u00a0\\u00ad\\u1680\\u2000-\\u200d\\u202f\\u205f\\u2800\\u3000\\ufe0e\\ufe0f"
    /// The pattern of a text of one line that is not blank.
    static let textPattern = "^(?=.*[^\(blankClass)])[^\\n\(controlClass)]*$"
    /// The pattern of a text of several lines that is not blank.
    static let longTextPattern =
        "^(?=[^\(controlClass)]*[^\\n\(blankClass)])[^\(controlClass)]*$"
}

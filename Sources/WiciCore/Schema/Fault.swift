// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A fault: one thing that is wrong with a message, the field where it is, a stable code, and a
// sentence that says what to do. Sentences name fields and limits, never what was written.

/// What kind of thing is wrong; the raw value is stable.
public enum FaultCode: String, Hashable, Sendable, CaseIterable {
    /// A field that must be filled is empty.
    case missing
    /// A field is filled that must be empty beside another one.
    case forbiddenHere = "forbidden-here"
    /// The schema has no such field.
    case unknownField = "unknown-field"
    /// The value is of another type: text for a number, a list for one value.
    case wrongType = "wrong-type"
    /// The list has no such code.
    case unknownCode = "unknown-code"
    /// The text is over its length.
    case tooLong = "too-long"
    /// The list is over its number of items.
    case tooMany = "too-many"
    /// The list holds something twice.
    case duplicate
    /// The text holds only blanks.
    case blank
    /// The text holds a control or direction character.
    case controlCharacter = "control-character"
    /// The text holds a character that nobody sees and that it does not need.
    case invisibleCharacter = "invisible-character"
    /// The text is not in Unicode normalization form C.
    case notNormalized = "not-nfc"
    /// The number is outside its range.
    case outOfRange = "out-of-range"
    /// Not a calendar date.
    case badDate = "bad-date"
    /// Not a moment with an offset.
    case badTime = "bad-time"
    /// The first date or time is after the second.
    case datesOutOfOrder = "dates-out-of-order"
    /// Not a TERYT code of a Polish place.
    case badPlace = "bad-place"
    /// Not a case key.
    case badCaseKey = "bad-case-key"
    /// Not an id of the right form.
    case badID = "bad-id"
    /// Not a SHA-256 digest.
    case badDigest = "bad-digest"
    /// Numbers that may not all be zero are.
    case sumNotPositive = "sum-not-positive"
    /// The header's topics are not those of the body.
    case topicsDiffer = "topics-differ"
    /// TLP:RED with recipients other than named roles.
    case rolesRequired = "roles-required"
    /// The message is kept longer than two years, or not even until it is sent.
    case keepUntilOutOfRange = "keep-until-out-of-range"
    /// The schema version is not the type's.
    case schemaVersion = "schema-version"
    /// There are more faults than are listed.
    case moreFaults = "more-faults"
}

/// One thing that is wrong with a message.
public struct Fault: Error, Hashable, Sendable {
    /// Where: JSON names and indices, for example `common.title` or `counts[2].form`.
    public let path: String
    /// What.
    public let code: FaultCode
    /// What to do, in both languages; never quotes the message.
    public let sentence: Bilingual

    /// Makes a fault.
    public init(path: String, code: FaultCode, sentence: Bilingual) {
        self.path = path
        self.code = code
        self.sentence = sentence
    }

    /// The same fault seen from the message around it.
    func nested(in outer: String) -> Fault {
        let separator = path.isEmpty || path.hasPrefix("[") ? "" : "."
        return Fault(path: outer + separator + path, code: code, sentence: sentence)
    }
}

extension Fault: CustomStringConvertible {
    /// Path, code and the English sentence.
    public var description: String { "\(path): \(code.rawValue): \(sentence.english)" }
}

extension Fault {
    /// Makes a fault whose sentence starts with the field's label.
    init(_ code: FaultCode, at path: String, label: Bilingual, _ polish: String, _ english: String)
    {
        self.init(
            path: path,
            code: code,
            sentence: Bilingual(
                polish: "\(label.polish): \(polish)",
                english: "\(label.english): \(english)"
            )
        )
    }
}

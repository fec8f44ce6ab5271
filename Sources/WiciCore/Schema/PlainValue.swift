// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A document as plain data: what drafts and message bodies are read into and what JSON is written
// from. Members keep their order, and numbers keep their digits.

/// A value of a JSON or YAML document.
public indirect enum PlainValue: Hashable, Sendable {
    /// A member of an object.
    public struct Member: Hashable, Sendable {
        /// The member's name.
        public let name: String
        /// The member's value.
        public let value: PlainValue

        /// Makes a member.
        public init(_ name: String, _ value: PlainValue) {
            self.name = name
            self.value = value
        }
    }

    /// Members in order; no name stands twice.
    case object([Member])
    /// Items in order.
    case array([PlainValue])
    /// A text.
    case string(String)
    /// A number, in the digits in which it was written.
    case number(String)
    /// True or false.
    case boolean(Bool)
    /// Nothing.
    case null
    /// An unquoted scalar of YAML, whose type the schema decides.
    case unquoted(String)

    /// The value of a member of an object.
    public subscript(name: String) -> PlainValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// True for null and for an empty unquoted scalar of YAML.
    var isNothing: Bool {
        switch self {
        case .null, .unquoted(""), .unquoted("~"), .unquoted("null"): true
        default: false
        }
    }

    /// The text of a scalar that may stand for text; numbers only when nothing was quoted (YAML).
    var text: String? {
        switch self {
        case .string(let text), .unquoted(let text): text
        default: nil
        }
    }

    /// JSON text (RFC 8259); `indent` spaces a level, or one line when zero.
    public func json(indent: Int = 0) -> String {
        var output = ""
        write(into: &output, indent: indent, level: 0)
        return output
    }

    private func write(into output: inout String, indent: Int, level: Int) {
        func line(_ level: Int) {
            guard indent > 0 else { return }
            output += "\n" + String(repeating: " ", count: indent * level)
        }
        switch self {
        case .object(let members) where !members.isEmpty:
            output += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { output += "," }
                line(level + 1)
                Self.write(member.name, into: &output)
                output += indent > 0 ? ": " : ":"
                member.value.write(into: &output, indent: indent, level: level + 1)
            }
            line(level)
            output += "}"
        case .array(let items) where !items.isEmpty:
            output += "["
            for (index, item) in items.enumerated() {
                if index > 0 { output += "," }
                line(level + 1)
                item.write(into: &output, indent: indent, level: level + 1)
            }
            line(level)
            output += "]"
        case .object: output += "{}"
        case .array: output += "[]"
        case .string(let text), .unquoted(let text): Self.write(text, into: &output)
        case .number(let digits): output += digits
        case .boolean(let value): output += value ? "true" : "false"
        case .null: output += "null"
        }
    }

    private static func write(_ text: String, into output: inout String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}

/// Why a document could not be read; names a place, never quotes the document.
public struct PlainValueError: Error, Hashable, Sendable {
    /// What kind of thing is wrong.
    public enum Reason: Hashable, Sendable {
        /// More bytes than the limit.
        case tooLarge
        /// Nested deeper than the limit.
        case tooDeep
        /// Not JSON, not YAML or not UTF-8.
        case malformed
        /// A name stands twice in one object.
        case duplicateName
        /// YAML's anchors, aliases and tags are refused.
        case anchorOrTag
    }

    /// What is wrong.
    public let reason: Reason
    /// The line, from 1; 0 when not known.
    public let line: Int

    /// What to do, in both languages.
    public var sentence: Bilingual {
        let (polish, english) =
            switch reason {
            case .tooLarge: ("Dokument jest za duży.", "The document is too large.")
            case .tooDeep:
                ("Dokument jest zbyt głęboko zagnieżdżony.", "The document nests too deep.")
            case .malformed: ("Dokumentu nie da się odczytać.", "The document cannot be read.")
            case .duplicateName:
                ("Ta sama nazwa występuje dwa razy.", "The same name stands twice.")
            case .anchorOrTag:
                (
                    "Kotwice, aliasy i znaczniki YAML są niedozwolone.",
                    "Anchors, aliases and tags of YAML are not allowed."
                )
            }
        guard line > 0 else { return Bilingual(polish: polish, english: english) }
        return Bilingual(polish: "Wiersz \(line): \(polish)", english: "Line \(line): \(english)")
    }
}

extension PlainValue {
    /// Largest document that is read, in bytes.
    public static let maximumBytes = 512 * 1024
    /// Deepest nesting that is read.
    public static let maximumDepth = 12
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Strict reading of the YAML that people sign. What is read must be what a person saw: no anchors,
// aliases, tags or directives, no key twice, no key that is not known, every value of one form.
// Limits are checked before the text reaches the YAML library.

import Yams

/// A value of a document with its place, so that every refusal can name path and line.
package struct DocumentValue: Sendable {
    enum Content: Sendable {
        case scalar(String, isPlain: Bool)
        case sequence([DocumentValue])
        case mapping([(key: String, value: DocumentValue)])
    }

    let content: Content
    let path: String
    let line: Int

    /// Largest document, in bytes of UTF-8.
    static let byteLimit = 1 << 20
    /// Deepest nesting of a document.
    static let depthLimit = 16

    /// Parses a document's text.
    package init(text: String) throws(DocumentError) {
        guard text.utf8.count <= Self.byteLimit else { throw DocumentError(.documentTooLarge) }
        try Self.refuseFeatures(in: text)
        YAMLNesting.setBound()
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Self.error(from: error)
        }
        guard let root else { throw DocumentError(.documentUnreadable) }
        try self.init(node: root, path: "", depth: 0)
    }

    private init(node: Node, path: String, depth: Int) throws(DocumentError) {
        let line = node.mark?.line ?? 0
        guard depth <= Self.depthLimit else {
            throw DocumentError(.documentTooDeep, path: path, line: line)
        }
        self.path = path
        self.line = line
        switch node {
        case .scalar(let scalar):
            self.content = .scalar(scalar.string, isPlain: scalar.style == .plain)
        case .sequence(let sequence):
            var values: [DocumentValue] = []
            values.reserveCapacity(sequence.count)
            for (index, node) in sequence.enumerated() {
                values.append(
                    try DocumentValue(node: node, path: "\(path)[\(index)]", depth: depth + 1)
                )
            }
            self.content = .sequence(values)
        case .mapping(let mapping):
            var entries: [(key: String, value: DocumentValue)] = []
            var seen: Set<String> = []
            for (keyNode, node) in mapping {
                guard let key = keyNode.scalar?.string else {
                    throw DocumentError(.documentWrongForm, path: path, line: line)
                }
                let keyPath = path.isEmpty ? key : "\(path).\(key)"
                guard seen.insert(key).inserted else {
                    throw DocumentError(.documentKeyTwice, path: keyPath, line: keyNode.mark?.line)
                }
                entries.append(
                    (key, try DocumentValue(node: node, path: keyPath, depth: depth + 1))
                )
            }
            self.content = .mapping(entries)
        case .alias:
            throw DocumentError(.documentFeature, path: path, line: line)
        }
    }

    /// Refuses anchors, aliases, tags and directives before the library expands them.
    ///
    /// The characters are refused wherever YAML could read them as such, quoted text included: a
    /// word of prose that starts with one of them is the price of not needing a second scanner.
    static func refuseFeatures(in text: String) throws(DocumentError) {
        var line = 1
        var previous = UInt8(ascii: "\n")
        var pending = false
        for byte in text.utf8 {
            let isBreak = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            if pending, !isBreak, byte != UInt8(ascii: " ") {
                throw DocumentError(.documentFeature, line: line)
            }
            guard byte >= 0x20 || isBreak else {
                throw DocumentError(.documentUnreadable, line: line)
            }
            let opens =
                switch previous {
                case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "["),
                    UInt8(ascii: "{"), UInt8(ascii: ","):
                    true
                default: false
                }
            switch byte {
            case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"): pending = opens
            case UInt8(ascii: "%"):
                pending = previous == UInt8(ascii: "\n") || previous == UInt8(ascii: "\r")
            default: pending = false
            }
            if byte == UInt8(ascii: "\n") { line += 1 }
            previous = byte
        }
    }

    private static func error(from error: any Error) -> DocumentError {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            DocumentError(.documentUnreadable, line: mark.line)
        case .duplicatedKeysInMapping(let keys, let context):
            DocumentError(
                .documentKeyTwice,
                path: String(keys.first?.prefix(64) ?? ""),
                line: context.mark.line
            )
        default: DocumentError(.documentUnreadable)
        }
    }
}

extension DocumentValue {
    /// An error at this value.
    package func error(_ code: RefusalCode, _ detail: Bilingual? = nil) -> DocumentError {
        DocumentError(code, path: path, line: line, detail: detail)
    }

    /// An error of form that says what was expected.
    package func wrongForm(_ polish: String, _ english: String) -> DocumentError {
        error(
            .documentWrongForm,
            Bilingual(polish: "Oczekiwano: \(polish).", english: "Expected: \(english).")
        )
    }

    /// An error that names the word that is not known.
    func unknownWord(_ word: String) -> DocumentError {
        let shown = String(word.unicodeScalars.prefix(64))
        return error(
            .documentWordUnknown,
            Bilingual(polish: "Znaleziono: \(shown).", english: "Found: \(shown).")
        )
    }

    /// The fields of a mapping.
    package func fields() throws(DocumentError) -> DocumentFields {
        guard case .mapping(let entries) = content else { throw wrongForm("mapa", "a mapping") }
        return DocumentFields(entries: entries, path: path, line: line)
    }

    /// The items of a list, at most `limit`.
    package func list(limit: Int) throws(DocumentError) -> [DocumentValue] {
        guard case .sequence(let values) = content else { throw wrongForm("lista", "a list") }
        guard values.count <= limit else { throw error(.documentTooMany) }
        return values
    }

    /// One line of text, not empty, at most `limit` characters.
    package func text(limit: Int = 200) throws(DocumentError) -> String {
        guard case .scalar(let text, _) = content, !text.isEmpty,
            text.unicodeScalars.count <= limit,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else {
            throw wrongForm(
                "wiersz tekstu do \(limit) znaków",
                "one line of text of at most \(limit) characters"
            )
        }
        return text
    }

    /// A whole number in decimal digits, not quoted, without leading zero.
    package func number(in range: ClosedRange<UInt64>) throws(DocumentError) -> UInt64 {
        guard case .scalar(let text, isPlain: true) = content, let number = UInt64(text),
            String(number) == text, range.contains(number)
        else {
            throw wrongForm("liczba całkowita w zakresie \(range)", "a whole number in \(range)")
        }
        return number
    }

    /// `true` or `false`, nothing else.
    package func boolean() throws(DocumentError) -> Bool {
        switch content {
        case .scalar("true", isPlain: true): return true
        case .scalar("false", isPlain: true): return false
        default: throw wrongForm("true albo false", "true or false")
        }
    }

    /// A calendar date, YYYY-MM-DD.
    package func date() throws(DocumentError) -> CivilDate {
        guard case .scalar(let text, _) = content, let date = CivilDate(text) else {
            throw wrongForm("data RRRR-MM-DD", "a date YYYY-MM-DD")
        }
        return date
    }

    /// An id of the given kind.
    package func identifier<ID: Identifier>(_: ID.Type = ID.self) throws(DocumentError) -> ID {
        guard case .scalar(let text, _) = content, let id = ID(text) else {
            throw wrongForm("identyfikator", "an id")
        }
        return id
    }

    /// A text in both languages: a mapping of `pl` and `en`.
    package func bilingual(limit: Int) throws(DocumentError) -> Bilingual {
        var fields = try fields()
        let polish = try fields.required("pl").text(limit: limit)
        let english = try fields.required("en").text(limit: limit)
        try fields.finish()
        return Bilingual(polish: polish, english: english)
    }
}

/// The fields of a mapping; whoever reads them says at the end that no other is allowed.
package struct DocumentFields {
    private var rest: [(key: String, value: DocumentValue)]
    let path: String
    let line: Int

    init(entries: [(key: String, value: DocumentValue)], path: String, line: Int) {
        self.rest = entries
        self.path = path
        self.line = line
    }

    /// The value of a key that may be absent.
    package mutating func optional(_ key: String) -> DocumentValue? {
        guard let index = rest.firstIndex(where: { $0.key == key }) else { return nil }
        return rest.remove(at: index).value
    }

    /// The value of a key that must be there.
    package mutating func required(_ key: String) throws(DocumentError) -> DocumentValue {
        guard let value = optional(key) else {
            throw DocumentError(
                .documentKeyMissing,
                path: path.isEmpty ? key : "\(path).\(key)",
                line: line
            )
        }
        return value
    }

    /// Refuses keys that nobody asked for.
    package func finish() throws(DocumentError) {
        if let unknown = rest.first {
            throw unknown.value.error(.documentKeyUnknown)
        }
    }

    /// An error about the mapping as a whole.
    package func error(_ code: RefusalCode, _ detail: Bilingual? = nil) -> DocumentError {
        DocumentError(code, path: path, line: line, detail: detail)
    }
}

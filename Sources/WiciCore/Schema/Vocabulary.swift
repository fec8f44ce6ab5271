// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The vocabulary: every code list of Schemas/vocabulary with Polish and English names. It is
// embedded as text and parsed once.

import Yams

/// One code of a list.
public struct CodeEntry: Hashable, Sendable {
    /// The code as it travels, for example `EX-LAB`.
    public let code: Code
    /// The names that people read.
    public let name: Bilingual
    /// The list's further columns, as text: `weight`, `basis`, `word`, `teryt`, `colour` and others.
    public let attributes: [String: String]

    /// The last day on which the code may be used in a new message; `nil` while it is in force.
    public var until: CivilDate? { attributes["until"].flatMap(CivilDate.init) }
    /// The policy language's word, in list `institution-kind`.
    public var word: String? { attributes["word"] }
    /// The two digits of the TERYT register, in list `voivodeship`.
    public var teryt: String? { attributes["teryt"] }
    /// How soon to acknowledge, in list `urgency`.
    public var acknowledgeWithin: AcknowledgeWithin? {
        attributes["acknowledge-within"].flatMap(AcknowledgeWithin.init)
    }
}

/// One list of codes, in the order of its file.
public struct CodeList: Sendable {
    /// The list's name, for example `exploitation`.
    public let name: String
    /// The version of the list, for example `1.0`.
    public let version: String
    /// What the list is called.
    public let label: Bilingual
    /// The codes in the order of the file.
    public let entries: [CodeEntry]
    private let places: [String: Int]

    init(name: String, version: String, label: Bilingual, entries: [CodeEntry]) {
        self.name = name
        self.version = version
        self.label = label
        self.entries = entries
        self.places = Dictionary(
            entries.enumerated().map { ($1.code.text, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The entry of a code; `nil` when the list has no such code.
    public subscript(code: String) -> CodeEntry? {
        places[code].map { entries[$0] }
    }

    /// True when the list has the code.
    public func contains(_ code: String) -> Bool {
        places[code] != nil
    }
}

/// What is wrong with a vocabulary file: which list and why.
public struct VocabularyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The list's name, or empty when that is what is missing.
    public let list: String
    /// What is wrong, in English, for the maintainer.
    public let reason: String
    /// List and reason.
    public var description: String { "vocabulary list \"\(list)\": \(reason)" }
}

/// All code lists.
public struct Vocabulary: Sendable {
    /// The lists by name.
    public let lists: [String: CodeList]

    /// The vocabulary of this release.
    public static let current: Vocabulary = {
        do throws(VocabularyError) {
            return try Vocabulary(files: embeddedVocabulary)
        } catch {
            preconditionFailure("The embedded vocabulary is broken: \(error)")
        }
    }()

    /// The list of a name; an empty list when there is none, so that no code is known.
    public subscript(list: String) -> CodeList {
        lists[list]
            ?? CodeList(
                name: list,
                version: "",
                label: Bilingual(polish: list, english: list),
                entries: []
            )
    }

    /// The entry of a code in a list; `nil` when list or code is unknown.
    public func entry(_ code: String, in list: String) -> CodeEntry? {
        lists[list]?[code]
    }

    /// Parses the text of list files (YAML, one list each).
    public init(files: [String]) throws(VocabularyError) {
        var lists: [String: CodeList] = [:]
        for file in files {
            let list = try Self.list(from: file)
            guard lists.updateValue(list, forKey: list.name) == nil else {
                throw VocabularyError(list: list.name, reason: "two files for one list")
            }
        }
        self.lists = lists
    }

    private static func list(from file: String) throws(VocabularyError) -> CodeList {
        // Aliases could make a short file unfold without end.
        guard file.utf8.count <= DocumentValue.byteLimit,
            (try? DocumentValue.refuseFeatures(in: file)) != nil
        else { throw VocabularyError(list: "", reason: "too large, or anchors, aliases or tags") }
        YAMLNesting.setBound()
        guard let document = try? Yams.compose(yaml: file), let root = document.mapping,
            let name = root["list"]?.scalar?.string
        else { throw VocabularyError(list: "", reason: "not a list file") }
        guard let version = root["version"]?.scalar?.string, let label = bilingual(root["name"]),
            let codes = root["codes"]?.sequence, !codes.isEmpty
        else { throw VocabularyError(list: name, reason: "version, name or codes missing") }
        var entries: [CodeEntry] = []
        var seen: Set<String> = []
        for node in codes {
            let entry = try entry(from: node, list: name)
            guard seen.insert(entry.code.text).inserted else {
                throw VocabularyError(list: name, reason: "code \(entry.code) stands twice")
            }
            entries.append(entry)
        }
        return CodeList(name: name, version: version, label: label, entries: entries)
    }

    private static func entry(from node: Node, list: String) throws(VocabularyError) -> CodeEntry {
        guard let mapping = node.mapping, let text = mapping["code"]?.scalar?.string,
            let code = Code(text), let name = bilingual(node)
        else { throw VocabularyError(list: list, reason: "an entry without code, pl or en") }
        var attributes: [String: String] = [:]
        for (key, value) in mapping {
            guard let key = key.scalar?.string else { continue }
            guard !["code", "pl", "en"].contains(key) else { continue }
            // A list is kept with commas, a name in two languages as "key.pl" and "key.en".
            if let items = value.sequence {
                let texts = items.compactMap { $0.scalar?.string }
                attributes[key] = texts.joined(separator: ",")
            } else if let nested = value.mapping {
                for (inner, text) in nested {
                    attributes["\(key).\(inner.scalar?.string ?? "")"] = text.scalar?.string
                }
            } else {
                attributes[key] = value.scalar?.string
            }
        }
        return CodeEntry(code: code, name: name, attributes: attributes)
    }

    private static func bilingual(_ node: Node?) -> Bilingual? {
        guard let polish = node?.mapping?["pl"]?.scalar?.string,
            let english = node?.mapping?["en"]?.scalar?.string, !polish.isEmpty, !english.isEmpty
        else { return nil }
        return Bilingual(polish: polish, english: english)
    }
}

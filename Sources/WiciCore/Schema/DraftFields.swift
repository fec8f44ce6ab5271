// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The keys of a draft beside its body, read strictly: a key that is not known and a value of another
// form are faults that name their path.

/// What a draft says beside its body.
struct DraftFields: Sendable {
    /// Every key that a draft may have.
    static let keys: Set<String> = [
        "type", "marking", "urgency", "handling", "purpose", "regime", "data-level",
        "data-subject", "keep-until", "acknowledge-by", "language", "status", "thread",
        "references", "to", "body", "from", "answers",
    ]
    /// Every key of a draft's recipients.
    static let recipientKeys = ["regions", "kinds", "teams", "institutions", "roles"]

    private(set) var faults: [Fault] = []
    private(set) var texts: [String: String] = [:]
    private(set) var lists: [String: [String]] = [:]
    private let value: PlainValue

    /// Longest list in a draft's header.
    private static let maximumItems = 1000

    init(_ value: PlainValue) {
        self.value = value
    }

    /// Reads every key, in the order of the draft.
    mutating func readAll() {
        guard case .object(let members) = value else {
            faults.append(
                .wrongType(at: "", "Szkic musi mieć pola z nazwami.", "A draft has named fields.")
            )
            return
        }
        for member in members {
            switch member.name {
            case _ where !Self.keys.contains(member.name):
                faults.append(.unknownField(at: String(member.name.unicodeScalars.prefix(64))))
            case "to": readRecipients(member.value)
            case "handling", "references":
                lists[member.name] = list(member.value, at: member.name)
            case "body": break
            default:
                texts[member.name] = text(member.value, at: member.name)
            }
        }
        if value["body"] == nil {
            faults.append(
                Fault(
                    .missing,
                    at: "body",
                    label: Bilingual(polish: "Treść", english: "Body"),
                    "wypełnij to pole.",
                    "fill in this field."
                )
            )
        }
    }

    /// The text of a key, without reporting.
    func text(_ key: String) -> String? {
        value[key].flatMap { $0.isNothing ? nil : Self.scalar($0) }
    }

    private mutating func readRecipients(_ value: PlainValue) {
        if value.isNothing { return }
        guard case .object(let members) = value else {
            faults.append(
                .wrongType(at: "to", "Oczekiwano pól z nazwami.", "Named fields are expected.")
            )
            return
        }
        for member in members {
            let path = "to.\(member.name)"
            if Self.recipientKeys.contains(member.name) {
                lists[path] = list(member.value, at: path)
            } else {
                faults.append(.unknownField(at: String(path.unicodeScalars.prefix(64))))
            }
        }
    }

    private mutating func list(_ value: PlainValue, at path: String) -> [String] {
        if value.isNothing { return [] }
        guard case .array(let items) = value, items.count <= Self.maximumItems else {
            faults.append(.wrongType(at: path, "Oczekiwano listy.", "A list is expected."))
            return []
        }
        return items.enumerated().compactMap { index, item in
            text(item, at: "\(path)[\(index)]")
        }
    }

    private mutating func text(_ value: PlainValue, at path: String) -> String? {
        if value.isNothing { return nil }
        if let text = Self.scalar(value) { return text }
        faults.append(.wrongType(at: path, "Oczekiwano tekstu.", "A text is expected."))
        return nil
    }

    private static func scalar(_ value: PlainValue) -> String? {
        switch value {
        case .string(let text), .unquoted(let text), .number(let text): text
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Prints a commented draft for a message type: what a person fills in with an editor. Everything in
// it comes from the schema and the vocabulary.

/// A commented YAML draft of a message type.
public struct MessageTemplate: Sendable {
    private let schema: MessageSchema
    private let language: DeskLanguage
    private let vocabulary: Vocabulary

    /// So many codes of a list are shown; the rest is a command away.
    static let shownCodes = 8

    /// Prepares the template of a type in a language.
    public init(
        _ schema: MessageSchema,
        language: DeskLanguage = .polish,
        vocabulary: Vocabulary = .current
    ) {
        self.schema = schema
        self.language = language
        self.vocabulary = vocabulary
    }

    /// The YAML text; what must be filled in is empty, what may be is commented out.
    public var text: String {
        var lines = opening()
        lines += header()
        lines.append("")
        lines.append("body:")
        lines += group(schema, indent: 1, isCommentedOut: false)
        return lines.joined(separator: "\n") + "\n"
    }

    private func say(_ polish: String, _ english: String) -> String {
        language == .polish ? polish : english
    }

    private func opening() -> [String] {
        [
            "# \(schema.label[language]) (\(schema.type))",
            "# \(schema.guidance[language])",
            say(
                "# Wypełnij puste pola. Wiersz z kluczem po znaku # jest nieobowiązkowy: usuń znak #.",
                "# Fill in the empty fields. A key after a # is optional: remove the # to use it."
            ),
            "",
            "type: \(schema.type)",
        ]
    }

    // MARK: Header

    private func header() -> [String] {
        var lines: [String] = []
        lines += labelled("marking", "tlp", list: "tlp", isRequired: true)
        lines += labelled("urgency", "urgency", list: "urgency", isRequired: true)
        lines += [
            "",
            "# "
                + say(
                    "Odbiorcy (wymagane): wypełnij co najmniej jedną listę.",
                    "Recipients (required): fill in at least one list."
                ),
        ]
        lines.append(
            "# "
                + say(
                    "regions, kinds i teams zawężają się wzajemnie; institutions i roles są dodawane.",
                    "regions, kinds and teams narrow one another; institutions and roles are added."
                )
        )
        lines.append(
            "# " + say("TLP:RED: wyłącznie roles, np. ", "TLP:RED: roles only, e.g. ")
                + "[kwp-lublin/duty-officer]."
        )
        lines += ["to:", "  regions: []", "  kinds: []", "  # teams: []", "  # institutions: []"]
        lines.append("  # roles: []")
        if schema.isReply {
            lines += [
                "",
                "# "
                    + say(
                        "Identyfikator wiadomości, na którą odpowiadasz (wymagane).",
                        "Id of the message that this one answers (required)."
                    ), "references: []",
            ]
        }
        lines += optionalHeader()
        return lines
    }

    private func optionalHeader() -> [String] {
        var lines: [String] = []
        lines += labelled("status", "status", list: "status")
        lines += labelled("handling", "handling", list: "handling")
        lines += labelled("purpose", "purpose", list: "purpose")
        lines += labelled("regime", "regime", list: "regime")
        lines += labelled("data-level", "dataLevel", list: "data-level")
        lines += labelled("data-subject", "dataSubject", list: "data-subject")
        lines += labelled("language", "language", list: "language")
        lines += labelled(
            "keep-until",
            "keepUntil",
            form: say("RRRR-MM-DD albo dni od wysłania", "YYYY-MM-DD or days from sending")
                + ": +\(MessageDraft.defaultKeepDays) days"
        )
        lines += labelled("acknowledge-by", "acknowledgeBy")
        lines += labelled("thread", "thread")
        if !schema.isReply {
            lines += labelled("references", "references")
        }
        return lines
    }

    private func labelled(
        _ key: String,
        _ jsonName: String,
        list: String? = nil,
        form: String? = nil,
        isRequired: Bool = false
    ) -> [String] {
        let field = MessageSchema.header?.field(jsonName: jsonName)
        let label = field?.label[language] ?? key
        let word = isRequired ? say("wymagane", "required") : say("nieobowiązkowe", "optional")
        var lines = ["", "# \(label) (\(word)). \(field?.guidance[language] ?? "")"]
        if let list { lines += codes(of: list, indent: "") }
        if let form { lines.append("#   \(form)") }
        let value = field?.isRepeated == true ? " []" : ""
        lines.append(isRequired ? "\(key):" : "# \(key):\(value)")
        return lines.map(Self.trimmed)
    }

    // MARK: Body

    private func group(
        _ schema: MessageSchema,
        indent: Int,
        isCommentedOut: Bool
    ) -> [String] {
        let ordered = schema.fields.filter(\.isRequired) + schema.fields.filter { !$0.isRequired }
        return ordered.enumerated().flatMap { place, field in
            (place > 0 ? [""] : [])
                + lines(of: field, in: schema, indent: indent, isCommentedOut: isCommentedOut)
        }
    }

    private func lines(
        of field: FieldSchema,
        in schema: MessageSchema,
        indent: Int,
        isCommentedOut: Bool
    ) -> [String] {
        let margin = String(repeating: "  ", count: indent)
        let isOut = isCommentedOut || !field.isRequired
        var lines = [
            "\(margin)# \(field.label[language]) (\(need(of: field, in: schema))). "
                + "\(field.guidance[language])"
        ]
        if let limits = limits(of: field) { lines.append("\(margin)#   \(limits)") }
        if let list = field.codeList { lines += codes(of: list, indent: margin) }
        let mark = isOut ? "# " : ""
        guard let group = field.group else {
            lines.append("\(margin)\(mark)\(field.jsonName):\(field.isRepeated ? " []" : "")")
            return lines.map(Self.trimmed)
        }
        lines.append("\(margin)\(mark)\(field.jsonName):")
        var inner = self.group(
            group,
            indent: indent + (field.isRepeated ? 2 : 1),
            isCommentedOut: isOut
        )
        if field.isRepeated {
            inner = Self.firstAsItem(inner, margin: margin)
        }
        return lines.map(Self.trimmed) + inner
    }

    /// Turns the first key of a group into an item of a list.
    private static func firstAsItem(_ lines: [String], margin: String) -> [String] {
        var lines = lines
        let start = margin + "    "
        guard
            let first = lines.firstIndex(where: {
                $0.hasPrefix(start)
                    && (!$0.hasPrefix(start + "#")
                        || Self.isCommentedKey($0.dropFirst(start.count)))
            })
        else { return lines }
        let rest = lines[first].dropFirst(start.count)
        lines[first] =
            rest.hasPrefix("# ")
            ? "\(margin)  # - \(rest.dropFirst(2))" : "\(margin)  - \(rest)"
        return lines
    }

    /// True for "# name:", a key that is commented out, as opposed to a sentence.
    private static func isCommentedKey(_ text: Substring) -> Bool {
        guard text.hasPrefix("# "), let colon = text.firstIndex(of: ":") else { return false }
        return text.dropFirst(2).prefix(upTo: colon).allSatisfy { $0.isASCII && $0.isLetter }
    }

    private func need(of field: FieldSchema, in schema: MessageSchema) -> String {
        if field.isRequired { return say("wymagane", "required") }
        func sentence(_ condition: FieldCondition) -> String {
            let label = schema.field(named: condition.field)?.label[language] ?? condition.field
            return condition.anyOf.isEmpty
                ? say("wypełniono „\(label)”", "\"\(label)\" is filled in")
                : "„\(label)” = \(condition.anyOf.joined(separator: ", "))"
        }
        let conditions =
            field.requiredWhen.map(sentence)
            + field.requiredByHeader.map { condition in
                let values = condition.anyOf.joined(separator: ", ")
                let header = "„\(condition.label.name[language])” = \(values)"
                let sibling = condition.sibling.map { sentence($0) + say(" i ", " and ") }
                return (sibling ?? "") + header
            }
        guard !conditions.isEmpty else { return say("nieobowiązkowe", "optional") }
        return say("wymagane, gdy ", "required when ")
            + conditions.joined(separator: say(" lub ", " or "))
    }

    private func limits(of field: FieldSchema) -> String? {
        var parts: [String] = []
        if let length = field.maximumLength {
            parts.append(say("najwyżej \(length) znaków", "at most \(length) characters"))
        }
        if field.isRepeated, let items = field.maximumItems {
            parts.append(say("najwyżej \(items) pozycji", "at most \(items) items"))
        }
        switch (field.minimum, field.maximum) {
        case (let low?, let high?): parts.append(say("od \(low) do \(high)", "\(low) to \(high)"))
        case (let low?, nil): parts.append(say("co najmniej \(low)", "at least \(low)"))
        case (nil, let high?): parts.append(say("najwyżej \(high)", "at most \(high)"))
        case (nil, nil): break
        }
        switch field.kind {
        case .boolean: parts.append("true / false")
        case .date: parts.append(say("RRRR-MM-DD", "YYYY-MM-DD"))
        case .time: parts.append("2026-03-24T09:00:00+01:00")
        case .place: parts.append(say("kod TERYT: 2, 4 lub 7 cyfr", "TERYT code: 2, 4 or 7 digits"))
        case .caseKey: parts.append("HL-06-2026-0001")
        case .institution: parts.append("kwp-lublin")
        case .longText: parts.append(say("wiele wierszy po znaku |", "several lines after a |"))
        default: break
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private func codes(of list: String, indent: String) -> [String] {
        let entries = vocabulary[list].entries
        let width = entries.prefix(Self.shownCodes).map(\.code.text.count).max() ?? 0
        var lines = entries.prefix(Self.shownCodes).map { entry in
            let gap = String(repeating: " ", count: width - entry.code.text.count + 2)
            return "\(indent)#   \(entry.code)\(gap)\(entry.name[language])"
        }
        if entries.count > Self.shownCodes {
            let rest = entries.count - Self.shownCodes
            lines.append(
                "\(indent)#   "
                    + say(
                        "… i \(rest) dalszych: wici schema list \(list)",
                        "… and \(rest) more: wici schema list \(list)"
                    )
            )
        }
        return lines
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Makes messages from schemas: valid ones from a seed, and mutated ones. Tests hold several judges
// against the same messages.

@testable import WiciCore

/// A small generator of numbers that gives the same ones for the same seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Makes message bodies as plain data.
struct SchemaSampler {
    var numbers: SeededNumbers

    init(seed: UInt64) {
        numbers = SeededNumbers(seed: seed)
    }

    /// A body that the rules allow, with some values given, as far as they allow these.
    mutating func valid(
        _ schema: MessageSchema,
        forcing forced: [String: PlainValue] = [:]
    ) -> PlainValue {
        var values = forced
        for field in schema.fields
        where forced[field.name] == nil && (field.isRequired || chance(40)) {
            values[field.name] = value(field, in: schema)
        }
        // Conditions feed on one another, so that settling is repeated until nothing changes.
        for _ in 0..<8 {
            for field in schema.fields {
                let isForbidden = field.forbiddenWhen.contains { holds($0, values) }
                let isNeeded = field.requiredWhen.contains { holds($0, values) }
                if isForbidden { values[field.name] = nil }
                if isNeeded, values[field.name] == nil {
                    values[field.name] = value(field, in: schema)
                }
            }
        }
        for names in schema.positiveSums {
            if let name = names.first, values[name] != nil, forced[name] == nil {
                values[name] = .number("1")
            }
        }
        return .object(
            schema.fields.compactMap { field in
                values[field.name].map { .init(field.jsonName, $0) }
            }
        )
    }

    private func holds(_ condition: FieldCondition, _ values: [String: PlainValue]) -> Bool {
        guard let value = values[condition.field] else { return false }
        if condition.anyOf.isEmpty { return true }
        switch value {
        case .array(let items): return items.contains { condition.anyOf.contains($0.text ?? "") }
        case .boolean(let flag): return condition.anyOf.contains(flag ? "true" : "false")
        default: return condition.anyOf.contains(value.text ?? "")
        }
    }

    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &numbers) < percent
    }

    mutating func pick<Element>(_ items: [Element]) -> Element? {
        items.randomElement(using: &numbers)
    }

    mutating func value(_ field: FieldSchema, in schema: MessageSchema) -> PlainValue {
        guard field.isRepeated else { return single(field, in: schema) }
        let count = Int.random(in: 1...min(field.maximumItems ?? 3, 3), using: &numbers)
        var items: [PlainValue] = []
        for _ in 0..<count {
            let item = single(field, in: schema)
            if !items.contains(item) { items.append(item) }
        }
        return .array(items)
    }

    mutating func single(_ field: FieldSchema, in schema: MessageSchema) -> PlainValue {
        switch field.kind {
        case .group: return field.group.map { valid($0) } ?? .null
        case .boolean: return .boolean(chance(50))
        case .number:
            let low = field.minimum ?? 0
            let high = min(field.maximum ?? 1000, low + 50)
            return .number(String(Int64.random(in: low...high, using: &numbers)))
        case .code:
            let entries = field.codeList.map { Vocabulary.current[$0].entries } ?? []
            return .string(pick(entries)?.code.text ?? "")
        case .date: return .string("2027-0\(rank(of: field, in: schema) + 1)-1\(digit())")
        case .time:
            return .string(
                "2027-0\(rank(of: field, in: schema) + 1)-1\(digit())T1\(digit()):30:00Z"
            )
        case .place: return .string(pick(["06", "0663", "0663011", "14", "32"]) ?? "06")
        case .caseKey: return .string("HL-06-2027-00\(digit())\(digit())")
        case .institution: return .string(pick(["kwp-lublin", "mops-lublin", "kcik"]) ?? "kcik")
        case .message: return .string("01927c4e-8a10-7abc-8def-0123456789a\(digit())")
        case .file: return .string(String(repeating: "ab01", count: 16))
        case .text, .longText, .role: return .string(prose(field))
        }
    }

    private mutating func digit() -> Int {
        Int.random(in: 0...9, using: &numbers)
    }

    /// How many other fields must come before a date or time, so that all orders hold.
    private func rank(of field: FieldSchema, in schema: MessageSchema, depth: Int = 0) -> Int {
        guard depth < 4 else { return 0 }
        return schema.orders.filter { $0.later == field.name }
            .compactMap { schema.field(named: $0.earlier) }
            .map { rank(of: $0, in: schema, depth: depth + 1) + 1 }.max() ?? 0
    }

    private mutating func prose(_ field: FieldSchema) -> String {
        let words = ["Zażółć", "gęślą", "jaźń", "– PRZYKŁAD –", "„cytat”", "работа", "日本", "ok."]
        var text = "Wzorowice"
        while text.unicodeScalars.count < 60, let word = pick(words) {
            text += (field.kind == .longText && chance(20) ? "\n" : " ") + word
        }
        let limit = min(field.maximumLength ?? 60, 60)
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }
}

extension SchemaSampler {
    /// The body with one thing changed, anywhere in it; it may still be valid.
    mutating func mutated(_ value: PlainValue, of schema: MessageSchema) -> PlainValue {
        guard case .object(var members) = value else { return value }
        if members.isEmpty || chance(8) {
            return .object(members + [.init("unknownMember", .string("x"))])
        }
        if chance(15) {
            let absent = schema.fields.filter { value[$0.jsonName] == nil }
            if let field = pick(absent) {
                return .object(members + [.init(field.jsonName, self.value(field, in: schema))])
            }
        }
        let place = Int.random(in: members.indices, using: &numbers)
        guard let field = schema.field(jsonName: members[place].name) else { return value }
        if chance(15) {
            members.remove(at: place)
            return .object(members)
        }
        members[place] = .init(field.jsonName, mutatedValue(members[place].value, field, schema))
        return .object(members)
    }

    private mutating func mutatedValue(
        _ value: PlainValue,
        _ field: FieldSchema,
        _ schema: MessageSchema
    ) -> PlainValue {
        if case .array(var items) = value, let first = items.first {
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: return .array(items + [first])
            case 1: return .array(Array(repeating: first, count: (field.maximumItems ?? 20) + 1))
            case 2: return first
            case 3 where field.isRequired: return .array([])
            default:
                items[0] = mutatedItem(first, field, schema)
                return .array(items)
            }
        }
        return mutatedItem(value, field, schema)
    }

    private mutating func mutatedItem(
        _ value: PlainValue,
        _ field: FieldSchema,
        _ schema: MessageSchema
    ) -> PlainValue {
        if let group = field.group, chance(90) { return mutated(value, of: group) }
        if chance(10) {
            // Another type; a number may stand in quotes in protobuf's JSON mapping.
            return [.number, .group].contains(field.kind) ? .boolean(true) : .number("12")
        }
        if chance(25) { return single(field, in: schema) }
        switch field.kind {
        case .number:
            let choices = [
                "-1", "0", "5.0", "1.5", "2147483647", "99999999999", "1e2",
                String((field.maximum ?? 1000) + 1), String((field.minimum ?? 0) - 1),
            ]
            return .number(pick(choices) ?? "0")
        case .boolean: return .string("true")
        case .group: return .array([])
        case .code: return .string(pick(["XX-NON", "ex-lab", "EX-LAB", "YN-NO", "NE-INT"]) ?? "")
        case .date: return .string(pick(["2027-13-01", "2027-1-1", "jutro", "2027-02-01T"]) ?? "")
        case .time:
            return .string(
                pick(["2027-01-10T10:00:00", "2027-01-10", "2027-01-10T25:00:00Z", "zaraz"]) ?? ""
            )
        case .place: return .string(pick(["01", "6", "066", "0663x11", "99", "06630112"]) ?? "")
        case .caseKey:
            return .string(pick(["HL-01-2027-0001", "HL-06-1999-0001", "hl-06-2027-0001"]) ?? "")
        case .institution: return .string(pick(["KWP", "a", "-a", "a_b", "kwp lublin"]) ?? "")
        case .message:
            return .string(pick(["01927c4e", "01927c4e-8a10-4abc-8def-0123456789ab"]) ?? "")
        case .file: return .string(pick(["AB", String(repeating: "A", count: 64)]) ?? "")
        case .text, .longText, .role: return .string(brokenProse(value.text ?? "", field))
        }
    }

    private mutating func brokenProse(_ text: String, _ field: FieldSchema) -> String {
        let limit = field.maximumLength ?? 100
        switch Int.random(in: 0..<9, using: &numbers) {
        case 0: return String(repeating: "ł", count: limit + 1)
        case 1: return String(repeating: "ł", count: limit)
        case 2: return text + "\u{7}"
        case 3: return "a\u{202E}b"
        case 4: return "a\nb"
        case 5: return "   \u{A0}"
        case 6: return "a\u{85}b"
        case 7: return "a\tb"
        default: return "a\u{2066}b „–” ż"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Breaks each rule of a schema once, every field and every condition, on a message that is otherwise
// good. What is broken is read from the schema, so that a new rule is broken without being asked.

@testable import WiciCore

/// One rule broken on a message that is otherwise good.
struct SchemaBreach: CustomStringConvertible {
    let path: String
    let code: FaultCode
    let message: PlainValue

    var description: String { "\(path) \(code.rawValue)" }

    /// Whether the broken rule must be the only one.
    ///
    /// A value that cannot be read at all may be missed by other rules too.
    var isAlone: Bool { ![.wrongType, .tooMany, .outOfRange].contains(code) }
}

/// Makes the breaches of a message type.
struct SchemaBreaker {
    private var sampler: SchemaSampler
    private(set) var breaches: [SchemaBreach] = []

    /// A group's way into its message: the path before it, and the message around it.
    private struct Place {
        let prefix: String
        let embed: (inout SchemaSampler, PlainValue) -> PlainValue
    }

    init(_ schema: MessageSchema, seed: UInt64) {
        sampler = SchemaSampler(seed: seed)
        breakGroup(schema, Place(prefix: "") { _, value in value })
    }

    private mutating func add(
        _ path: String,
        _ code: FaultCode,
        _ value: PlainValue,
        _ place: Place
    ) {
        let message = place.embed(&sampler, value)
        breaches.append(SchemaBreach(path: place.prefix + path, code: code, message: message))
    }

    private mutating func breakGroup(_ schema: MessageSchema, _ place: Place) {
        let unknown = Self.replaced(sampler.valid(schema), "unknownMember", .string("x"))
        add("unknownMember", .unknownField, unknown, place)
        for names in schema.positiveSums {
            let zeros = Dictionary(names.map { ($0, PlainValue.number("0")) }) { one, _ in one }
            let first = schema.field(named: names.first ?? "")?.jsonName ?? ""
            add(first, .sumNotPositive, sampler.valid(schema, forcing: zeros), place)
        }
        for names in schema.anyRequired {
            let fields = names.compactMap(schema.field(named:))
            let none = fields.reduce(sampler.valid(schema)) { Self.replaced($0, $1.jsonName, nil) }
            add(fields.first?.jsonName ?? "", .missing, none, place)
        }
        for field in schema.fields {
            breakPresence(field, in: schema, place)
            breakItems(field, in: schema, place)
            for (code, broken) in Self.brokenValues(field) {
                breakValue(code, field.isRepeated ? .array([broken]) : broken, field, schema, place)
            }
            if let group = field.group {
                let inner = Place(
                    prefix: place.prefix + field.jsonName + (field.isRepeated ? "[0]." : ".")
                ) { sampler, value in
                    let value = field.isRepeated ? PlainValue.array([value]) : value
                    return place.embed(
                        &sampler,
                        sampler.valid(schema, forcing: [field.name: value])
                    )
                }
                breakGroup(group, inner)
            }
        }
    }

    private mutating func breakPresence(
        _ field: FieldSchema,
        in schema: MessageSchema,
        _ place: Place
    ) {
        if field.isRequired {
            let value = sampler.valid(schema)
            add(field.jsonName, .missing, Self.replaced(value, field.jsonName, nil), place)
        }
        for condition in field.requiredWhen {
            let value = valid(schema, under: condition)
            add(field.jsonName, .missing, Self.replaced(value, field.jsonName, nil), place)
        }
        for condition in field.forbiddenWhen {
            let given = sampler.value(field, in: schema)
            let value = valid(schema, under: condition)
            add(field.jsonName, .forbiddenHere, Self.replaced(value, field.jsonName, given), place)
        }
    }

    /// A good message in which a condition holds.
    private mutating func valid(
        _ schema: MessageSchema,
        under condition: FieldCondition
    ) -> PlainValue {
        guard let sibling = schema.field(named: condition.field) else { return .null }
        var value = sampler.value(sibling, in: schema)
        if let word = condition.anyOf.first {
            let single: PlainValue =
                sibling.kind == .boolean ? .boolean(word == "true") : .string(word)
            value = sibling.isRepeated ? .array([single]) : single
        }
        return sampler.valid(schema, forcing: [sibling.name: value])
    }

    /// A good message that has a field, also where only some of its other values allow it.
    private mutating func valid(
        _ schema: MessageSchema,
        with field: FieldSchema,
        _ value: PlainValue
    ) -> PlainValue {
        var message = sampler.valid(schema, forcing: [field.name: value])
        for _ in 0..<100 where message[field.jsonName] == nil {
            message = sampler.valid(schema, forcing: [field.name: value])
        }
        return message
    }

    private mutating func breakItems(
        _ field: FieldSchema,
        in schema: MessageSchema,
        _ place: Place
    ) {
        guard field.isRepeated, let limit = field.maximumItems else { return }
        let item = sampler.single(field, in: schema)
        let many = PlainValue.array(Array(repeating: item, count: limit + 1))
        let base = valid(schema, with: field, .array([item]))
        add(field.jsonName, .tooMany, Self.replaced(base, field.jsonName, many), place)
        if [.code, .institution, .place].contains(field.kind), limit > 1 {
            let twice = Self.replaced(base, field.jsonName, .array([item, item]))
            add("\(field.jsonName)[1]", .duplicate, twice, place)
        }
    }

    private mutating func breakValue(
        _ code: FaultCode,
        _ value: PlainValue,
        _ field: FieldSchema,
        _ schema: MessageSchema,
        _ place: Place
    ) {
        let good = sampler.value(field, in: schema)
        let base = valid(schema, with: field, good)
        let path = field.jsonName + (field.isRepeated ? "[0]" : "")
        add(path, code, Self.replaced(base, field.jsonName, value), place)
    }

    /// Values that break one rule of a field, with the fault that says so.
    private static func brokenValues(_ field: FieldSchema) -> [(FaultCode, PlainValue)] {
        switch field.kind {
        case .group: return [(.wrongType, .string("x"))]
        case .boolean: return [(.wrongType, .string("true"))]
        case .number:
            let low = max(field.minimum ?? .min, Int64(Int32.min)) - 1
            let high = min(field.maximum ?? .max, Int64(Int32.max)) + 1
            return [(.wrongType, .boolean(true)), (.wrongType, .number("1.5"))]
                + [low, high].map { (.outOfRange, .number(String($0))) }
        default: break
        }
        let (code, text): (FaultCode, String) =
            switch field.kind {
            case .code: (.unknownCode, "XX-NON")
            case .date: (.badDate, "2027-13-01")
            case .time: (.badTime, "2027-01-10T10:00:00")
            case .place: (.badPlace, "01")
            case .caseKey: (.badCaseKey, "HL-01-2027-0001")
            case .file: (.badDigest, "AB")
            case .institution: (.badID, "a_b")
            case .message: (.badID, "01927c4e-8a10-4abc-8def-0123456789ab")
            default: (.controlCharacter, "a\u{7}b")
            }
        var broken: [(FaultCode, PlainValue)] = [
            (.wrongType, .number("12")), (code, .string(text)),
        ]
        if [.text, .longText, .role].contains(field.kind) {
            broken.append((.blank, .string("  \u{A0}")))
            broken.append((.blank, .string("\u{AD}\u{2800}\u{3000}")))
            broken.append((.invisibleCharacter, .string("a\u{200B}b")))
            let limit = field.maximumLength ?? CompiledField.hardMaximumLength
            broken.append((.tooLong, .string(String(repeating: "ł", count: limit + 1))))
            if field.kind != .longText { broken.append((.controlCharacter, .string("a\nb"))) }
        }
        return broken
    }

    /// The object with one member given, or left out where there is no value.
    private static func replaced(
        _ object: PlainValue,
        _ name: String,
        _ value: PlainValue?
    ) -> PlainValue {
        guard case .object(let members) = object else { return object }
        let others = members.filter { $0.name != name }
        return .object(others + (value.map { [PlainValue.Member(name, $0)] } ?? []))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Exports message types as JSON Schema 2020-12, for the systems of institutions that write messages
// themselves. The schema says everything about a body that JSON Schema can say; the rest is listed
// in JSONSchemaExport+Omissions.swift.

/// The JSON Schema of message bodies in protobuf's JSON mapping.
public struct JSONSchemaExport: Sendable {
    private let vocabulary: Vocabulary
    private let forms: ValueForms
    private let language: DeskLanguage

    /// Exports with labels and guidance in a language.
    public init(vocabulary: Vocabulary = .current, language: DeskLanguage = .polish) {
        self.vocabulary = vocabulary
        self.forms = ValueForms(vocabulary: vocabulary)
        self.language = language
    }

    /// The JSON Schema of a type's body.
    public func document(for schema: MessageSchema) -> PlainValue {
        var members: [PlainValue.Member] = [
            .init("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            .init("$id", .string("urn:wici:schema:\(schema.type):\(schema.version)")),
        ]
        members += object(schema)
        return .object(members)
    }

    // MARK: Messages

    private func object(_ schema: MessageSchema) -> [PlainValue.Member] {
        var members = annotations(schema.label, schema.guidance)
        members.append(.init("type", .string("object")))
        members.append(
            .init(
                "properties",
                .object(schema.fields.map { .init($0.jsonName, property($0)) })
            )
        )
        let required = schema.fields.filter(\.isRequired).map { PlainValue.string($0.jsonName) }
        if !required.isEmpty { members.append(.init("required", .array(required))) }
        members.append(.init("additionalProperties", .boolean(false)))
        let rules = conditions(of: schema) + sums(of: schema) + alternatives(of: schema)
        if !rules.isEmpty { members.append(.init("allOf", .array(rules))) }
        return members
    }

    private func annotations(_ label: Bilingual, _ guidance: Bilingual) -> [PlainValue.Member] {
        var members: [PlainValue.Member] = [.init("title", .string(label[language]))]
        if !guidance[language].isEmpty {
            members.append(.init("description", .string(guidance[language])))
        }
        return members
    }

    private func property(_ field: FieldSchema) -> PlainValue {
        let annotations = annotations(field.label, field.guidance)
        guard field.isRepeated else { return .object(annotations + value(field, annotated: true)) }
        var members = annotations
        members.append(.init("type", .string("array")))
        members.append(.init("items", .object(value(field, annotated: false))))
        if field.isRequired { members.append(.init("minItems", .number("1"))) }
        let limit = field.maximumItems ?? CompiledField.hardMaximumItems
        members.append(.init("maxItems", .number(String(limit))))
        if [.code, .institution, .place].contains(field.kind) {
            members.append(.init("uniqueItems", .boolean(true)))
        }
        return .object(members)
    }

    // MARK: Values

    private func value(_ field: FieldSchema, annotated: Bool) -> [PlainValue.Member] {
        switch field.kind {
        case .group:
            // The field's own title and description stand already beside the group's.
            let members = field.group.map(object) ?? []
            return annotated
                ? members.filter { $0.name != "title" && $0.name != "description" } : members
        case .code:
            let codes = field.codeList.map { vocabulary[$0].entries } ?? []
            return [.init("enum", .array(codes.map { .string($0.code.text) }))]
        case .number: return number(field)
        case .boolean: return [.init("type", .string("boolean"))]
        case .text, .role:
            return text(field, pattern: ValueForms.textPattern)
        case .longText: return text(field, pattern: ValueForms.longTextPattern)
        case .date:
            return form(ValueForms.datePattern, length: 10) + [.init("format", .string("date"))]
        case .time:
            return form(ValueForms.timePattern, length: 35)
                + [.init("format", .string("date-time"))]
        case .place: return form(forms.placePattern, length: 7)
        case .caseKey: return form(forms.caseKeyPattern, length: 15)
        case .institution: return form(ValueForms.institutionPattern, length: 63)
        case .message: return form(ValueForms.messagePattern, length: 36)
        case .file: return form(ValueForms.digestPattern, length: 64)
        }
    }

    private func text(_ field: FieldSchema, pattern: String) -> [PlainValue.Member] {
        form(pattern, length: field.maximumLength ?? CompiledField.hardMaximumLength)
    }

    private func form(_ pattern: String, length: Int) -> [PlainValue.Member] {
        [
            .init("type", .string("string")),
            .init("maxLength", .number(String(length))),
            .init("pattern", .string(pattern)),
        ]
    }

    private func number(_ field: FieldSchema) -> [PlainValue.Member] {
        let (low, high): (Int64, Int64) =
            switch field.carrier {
            case .signed32: (Int64(Int32.min), Int64(Int32.max))
            case .unsigned32: (0, Int64(UInt32.max))
            case .unsigned64: (0, Int64.max)
            default: (Int64.min, Int64.max)
            }
        return [
            .init("type", .string("integer")),
            .init("minimum", .number(String(max(low, field.minimum ?? low)))),
            .init("maximum", .number(String(min(high, field.maximum ?? high)))),
        ]
    }

    // MARK: Rules over several fields

    private func conditions(of schema: MessageSchema) -> [PlainValue] {
        schema.fields.flatMap { field in
            field.requiredWhen.compactMap { condition in
                rule(condition, in: schema, then: presence(of: field))
            }
                + field.forbiddenWhen.compactMap { condition in
                    rule(condition, in: schema, then: absence(of: field))
                }
        }
    }

    private func rule(
        _ condition: FieldCondition,
        in schema: MessageSchema,
        then consequence: PlainValue
    ) -> PlainValue? {
        guard let sibling = schema.field(named: condition.field) else { return nil }
        var test: PlainValue = .object([])
        if !condition.anyOf.isEmpty {
            let values = condition.anyOf.map { word -> PlainValue in
                switch sibling.kind {
                case .boolean: .boolean(word == "true")
                case .number: .number(word)
                default: .string(word)
                }
            }
            let choice = PlainValue.object([.init("enum", .array(values))])
            test = sibling.isRepeated ? .object([.init("contains", choice)]) : choice
        } else if sibling.isRepeated {
            test = .object([.init("minItems", .number("1"))])
        }
        return .object([
            .init(
                "if",
                .object([
                    .init("properties", .object([.init(sibling.jsonName, test)])),
                    .init("required", .array([.string(sibling.jsonName)])),
                ])
            ),
            .init("then", consequence),
        ])
    }

    private func presence(of field: FieldSchema) -> PlainValue {
        var members: [PlainValue.Member] = [
            .init("required", .array([.string(field.jsonName)]))
        ]
        if field.isRepeated {
            let test = PlainValue.object([.init("minItems", .number("1"))])
            members.append(.init("properties", .object([.init(field.jsonName, test)])))
        }
        return .object(members)
    }

    private func absence(of field: FieldSchema) -> PlainValue {
        let test: PlainValue =
            field.isRepeated ? .object([.init("maxItems", .number("0"))]) : .boolean(false)
        return .object([.init("properties", .object([.init(field.jsonName, test)]))])
    }

    /// A sum of numbers that are never negative is above zero when one of them is.
    private func sums(of schema: MessageSchema) -> [PlainValue] {
        schema.positiveSums.compactMap { names in
            let fields = names.compactMap(schema.field(named:))
            guard fields.allSatisfy({ ($0.minimum ?? -1) >= 0 }) else { return nil }
            return .object([
                .init(
                    "anyOf",
                    .array(
                        fields.map { field in
                            let test = PlainValue.object([.init("minimum", .number("1"))])
                            return .object([
                                .init("properties", .object([.init(field.jsonName, test)])),
                                .init("required", .array([.string(field.jsonName)])),
                            ])
                        }
                    )
                )
            ])
        }
    }

    private func alternatives(of schema: MessageSchema) -> [PlainValue] {
        schema.anyRequired.map { names in
            let fields = names.compactMap(schema.field(named:))
            return .object([.init("anyOf", .array(fields.map(presence)))])
        }
    }
}

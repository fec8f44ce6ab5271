// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Schemas compiled for speed: fields in an array by number, sets of codes at hand, conditions as
// bits. Checking a message then touches no dictionary of names and builds no text unless there is
// a fault.

/// The checks of one message type or group.
final class CompiledMessage: Sendable {
    let schema: MessageSchema
    /// By field number; nil where there is no field.
    let byNumber: [CompiledField?]
    /// In order of the schema; the place is the field's bit.
    let fields: [CompiledField]
    /// Bits of the fields that are always required.
    let required: UInt64
    /// The fields that are required or forbidden beside others.
    let conditional: [CompiledField]
    /// The fields that are required by what the header says.
    let headerConditional: [CompiledField]
    let orders: [CompiledOrder]
    let sums: [CompiledSum]
    /// Bits of fields of which one must be present.
    let anyRequired: [UInt64]

    /// Bits and value places are kept in one machine word and one vector.
    static let maximumFields = 64
    static let maximumValues = 16

    init(_ schema: MessageSchema, vocabulary: Vocabulary) throws(SchemaError) {
        var plan = try CompilationPlan(schema)
        var fields: [CompiledField] = []
        for (place, field) in schema.fields.enumerated() {
            fields.append(
                try CompiledField(field, place: place, plan: &plan, vocabulary: vocabulary)
            )
        }
        var byNumber = [CompiledField?](
            repeating: nil,
            count: (schema.fields.map(\.number).max() ?? 0) + 1
        )
        for field in fields {
            byNumber[field.schema.number] = field
        }
        self.schema = schema
        self.fields = fields
        self.byNumber = byNumber
        self.required = fields.reduce(0) { $1.schema.isRequired ? $0 | $1.bit : $0 }
        self.conditional = fields.filter { $0.requiredWhen | $0.forbiddenWhen != 0 }
        self.headerConditional = fields.filter { !$0.requiredByHeader.isEmpty }
        self.orders = schema.orders.compactMap { order in
            guard let earlier = fields.first(where: { $0.schema.name == order.earlier }),
                let later = fields.first(where: { $0.schema.name == order.later })
            else { return nil }
            return CompiledOrder(earlier: earlier, later: later, isStrict: order.isStrict)
        }
        self.sums = schema.positiveSums.map { names in
            CompiledSum(fields: fields.filter { names.contains($0.schema.name) })
        }
        self.anyRequired = schema.anyRequired.map { names in
            fields.filter { names.contains($0.schema.name) }.reduce(0) { $0 | $1.bit }
        }
    }

    func field(numbered number: Int) -> CompiledField? {
        byNumber.indices.contains(number) ? byNumber[number] : nil
    }
}

/// Two fields whose values must be in order.
struct CompiledOrder: Sendable {
    let earlier: CompiledField
    let later: CompiledField
    let isStrict: Bool
}

/// Number fields whose sum must be above zero.
struct CompiledSum: Sendable {
    let fields: [CompiledField]
}

/// The checks of one field.
final class CompiledField: Sendable {
    let schema: FieldSchema
    let bit: UInt64
    /// Where the value is remembered for orders and sums; nil when nobody asks.
    let valuePlace: Int?
    /// The conditions that this field's value can make true.
    let triggers: [ConditionTrigger]
    /// Bits of conditions.
    let requiredWhen: UInt64
    let forbiddenWhen: UInt64
    let requiredByHeader: [CompiledHeaderCondition]
    let codes: Set<String>
    let maximumLength: Int
    let maximumItems: Int
    let minimum: Int64
    let maximum: Int64
    let group: CompiledMessage?

    /// No text of a message is longer, whatever its rules.
    static let hardMaximumLength = 16_384
    /// No list of a message is longer, whatever its rules.
    static let hardMaximumItems = 1000

    init(
        _ schema: FieldSchema,
        place: Int,
        plan: inout CompilationPlan,
        vocabulary: Vocabulary
    ) throws(SchemaError) {
        self.schema = schema
        self.bit = 1 << UInt64(place)
        self.valuePlace = plan.valuePlaces[schema.name]
        self.requiredWhen = plan.bits(of: schema.requiredWhen)
        self.forbiddenWhen = plan.bits(of: schema.forbiddenWhen)
        self.requiredByHeader = schema.requiredByHeader.map { condition in
            CompiledHeaderCondition(
                condition: condition,
                sibling: condition.sibling.map { plan.bits(of: [$0]) }
            )
        }
        self.triggers = plan.triggers(of: schema.name)
        self.codes = Set(
            schema.codeList.map { vocabulary[$0].entries.map(\.code.text) } ?? []
        )
        self.maximumLength = schema.maximumLength ?? Self.hardMaximumLength
        self.maximumItems = schema.maximumItems ?? Self.hardMaximumItems
        self.minimum = schema.minimum ?? Int64.min
        self.maximum = schema.maximum ?? Int64.max
        if let group = schema.group {
            self.group = try CompiledMessage(group, vocabulary: vocabulary)
        } else {
            self.group = nil
        }
    }
}

/// A condition on the header, with the bit of the one on the body that must hold as well.
struct CompiledHeaderCondition: Sendable {
    let condition: HeaderCondition
    let sibling: UInt64?

    func holds(beside header: WireHeader, held: UInt64) -> Bool {
        condition.anyOf.contains(condition.label.value(in: header))
            && sibling.map { held & $0 != 0 } ?? true
    }
}

/// A condition that a field makes true by holding one of the values, or anything.
struct ConditionTrigger: Sendable {
    let bit: UInt64
    let values: [String]

    func holds(for value: String) -> Bool {
        values.isEmpty || values.contains(value)
    }
}

/// Gives each condition its bit and each value that must be remembered its place.
struct CompilationPlan {
    private var conditions: [FieldCondition] = []
    private(set) var valuePlaces: [String: Int] = [:]

    init(_ schema: MessageSchema) throws(SchemaError) {
        let names = Set(schema.fields.map(\.name))
        var mentioned: [String] = []
        for field in schema.fields {
            let siblings = field.requiredByHeader.compactMap(\.sibling)
            for condition in field.requiredWhen + field.forbiddenWhen + siblings {
                mentioned.append(condition.field)
                if !conditions.contains(condition) { conditions.append(condition) }
            }
        }
        for name in schema.orders.flatMap({ [$0.earlier, $0.later] })
            + schema.positiveSums.flatMap({ $0 })
        {
            mentioned.append(name)
            if valuePlaces[name] == nil { valuePlaces[name] = valuePlaces.count }
        }
        mentioned += schema.anyRequired.flatMap { $0 }
        if let unknown = mentioned.first(where: { !names.contains($0) }) {
            throw SchemaError(reason: "\(schema.fullName): a rule names no field: \(unknown)")
        }
        guard schema.fields.count <= CompiledMessage.maximumFields, conditions.count <= 64,
            valuePlaces.count <= CompiledMessage.maximumValues
        else { throw SchemaError(reason: "\(schema.fullName): too many fields or rules") }
    }

    func bits(of conditions: [FieldCondition]) -> UInt64 {
        conditions.reduce(0) { bits, condition in
            bits | (self.conditions.firstIndex(of: condition).map { 1 << UInt64($0) } ?? 0)
        }
    }

    func triggers(of field: String) -> [ConditionTrigger] {
        conditions.enumerated().compactMap { place, condition in
            condition.field == field
                ? ConditionTrigger(bit: 1 << UInt64(place), values: condition.anyOf) : nil
        }
    }
}

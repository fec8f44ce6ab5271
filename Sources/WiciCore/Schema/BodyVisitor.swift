// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Walks one message and holds each field against its compiled checks. Required fields, conditions,
// orders and sums are settled at the end of the message, from bits gathered on the way.

import Foundation
import SwiftProtobuf

/// Checks the fields of one message as SwiftProtobuf visits them.
struct BodyVisitor: Visitor {
    private let check: CompiledMessage
    private let forms: ValueForms
    private let header: WireHeader?
    private var present: UInt64 = 0
    private var held: UInt64 = 0
    private var valued: UInt32 = 0
    private var values = SIMD16<Int64>()
    private(set) var faults: [Fault] = []
    private(set) var topics: [String] = []

    /// So many faults are listed at most; a hostile message has no end of them.
    static let maximumFaults = 100

    /// Without a header, what depends on its labels is not asked.
    init(_ check: CompiledMessage, forms: ValueForms, beside header: WireHeader? = nil) {
        self.check = check
        self.forms = forms
        self.header = header
    }

    private mutating func add(_ fault: Fault) {
        if faults.count < Self.maximumFaults { faults.append(fault) }
    }

    // MARK: Fields

    mutating func visitSingularStringField(value: String, fieldNumber: Int) throws {
        guard let field = known(fieldNumber), !value.isEmpty else { return }
        markPresent(field)
        trigger(field, value)
        checkText(value, field, item: nil)
    }

    mutating func visitRepeatedStringField(value: [String], fieldNumber: Int) throws {
        guard let field = known(fieldNumber), !value.isEmpty else { return }
        markPresent(field)
        for (index, item) in value.prefix(limit(field, value.count)).enumerated() {
            trigger(field, item)
            checkText(item, field, item: index)
            if isDuplicate(item, at: index, in: value, field) {
                add(.duplicate(field.schema, at: path(field, index)))
            }
        }
    }

    mutating func visitSingularInt64Field(value: Int64, fieldNumber: Int) throws {
        guard let field = known(fieldNumber) else { return }
        markPresent(field)
        checkNumber(value, field, item: nil)
    }

    mutating func visitRepeatedInt64Field(value: [Int64], fieldNumber: Int) throws {
        guard let field = known(fieldNumber), !value.isEmpty else { return }
        markPresent(field)
        for (index, item) in value.prefix(limit(field, value.count)).enumerated() {
            checkNumber(item, field, item: index)
        }
    }

    mutating func visitRepeatedInt32Field(value: [Int32], fieldNumber: Int) throws {
        try visitRepeatedInt64Field(value: value.map(Int64.init), fieldNumber: fieldNumber)
    }

    mutating func visitRepeatedUInt32Field(value: [UInt32], fieldNumber: Int) throws {
        try visitRepeatedInt64Field(value: value.map(Int64.init), fieldNumber: fieldNumber)
    }

    mutating func visitSingularUInt64Field(value: UInt64, fieldNumber: Int) throws {
        try visitSingularInt64Field(value: Int64(clamping: value), fieldNumber: fieldNumber)
    }

    mutating func visitSingularBoolField(value: Bool, fieldNumber: Int) throws {
        guard let field = known(fieldNumber) else { return }
        markPresent(field)
        trigger(field, value ? "true" : "false")
    }

    mutating func visitSingularBytesField(value: Data, fieldNumber: Int) throws {
        guard let field = known(fieldNumber), !value.isEmpty else { return }
        markPresent(field)
        checkBytes(value, field, item: nil)
    }

    mutating func visitRepeatedBytesField(value: [Data], fieldNumber: Int) throws {
        guard let field = known(fieldNumber), !value.isEmpty else { return }
        markPresent(field)
        for (index, item) in value.prefix(limit(field, value.count)).enumerated() {
            checkBytes(item, field, item: index)
        }
    }

    mutating func visitSingularMessageField<M: Message>(value: M, fieldNumber: Int) throws {
        guard let field = known(fieldNumber), let group = field.group else { return }
        markPresent(field)
        try checkGroup(value, group, field, item: nil)
    }

    mutating func visitRepeatedMessageField<M: Message>(value: [M], fieldNumber: Int) throws {
        guard let field = known(fieldNumber), let group = field.group, !value.isEmpty else {
            return
        }
        markPresent(field)
        for (index, item) in value.prefix(limit(field, value.count)).enumerated() {
            try checkGroup(item, group, field, item: index)
        }
    }

    mutating func visitUnknown(bytes: Data) throws {
        add(.unknownField(at: ""))
    }

    // Schemas have no such fields (DescriptorReader refuses them), so one is unknown.

    mutating func visitSingularDoubleField(value: Double, fieldNumber: Int) throws {
        add(.unknownField(at: ""))
    }

    mutating func visitSingularEnumField<E: Enum>(value: E, fieldNumber: Int) throws {
        add(.unknownField(at: ""))
    }

    mutating func visitMapField<KeyType, ValueType: MapValueType>(
        fieldType: _ProtobufMap<KeyType, ValueType>.Type,
        value: _ProtobufMap<KeyType, ValueType>.BaseType,
        fieldNumber: Int
    ) throws {
        add(.unknownField(at: ""))
    }

    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufEnumMap<KeyType, ValueType>.Type,
        value: _ProtobufEnumMap<KeyType, ValueType>.BaseType,
        fieldNumber: Int
    ) throws where ValueType.RawValue == Int {
        add(.unknownField(at: ""))
    }

    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufMessageMap<KeyType, ValueType>.Type,
        value: _ProtobufMessageMap<KeyType, ValueType>.BaseType,
        fieldNumber: Int
    ) throws {
        add(.unknownField(at: ""))
    }

    // MARK: The end of the message

    /// Settles what only the whole message can tell.
    mutating func finish() {
        let missing = check.required & ~present
        if missing != 0 {
            for field in check.fields where missing & field.bit != 0 {
                add(.missing(field.schema, at: field.schema.jsonName))
            }
        }
        for field in check.conditional {
            let isPresent = present & field.bit != 0
            if !isPresent, missing & field.bit == 0, held & field.requiredWhen != 0 {
                add(.missing(field.schema, at: field.schema.jsonName))
            }
            if isPresent, held & field.forbiddenWhen != 0 {
                add(.forbiddenHere(field.schema, at: field.schema.jsonName))
            }
        }
        if let header { finishBeside(header) }
        for bits in check.anyRequired where present & bits == 0 {
            let fields = check.fields.filter { bits & $0.bit != 0 }.map(\.schema)
            add(.noneGiven(fields, at: fields.first?.jsonName ?? ""))
        }
        finishValues()
    }

    private mutating func finishBeside(_ header: WireHeader) {
        for field in check.headerConditional where present & field.bit == 0 {
            if let reason = field.requiredByHeader.first(where: {
                $0.holds(beside: header, held: held)
            }) {
                add(.missing(field.schema, because: reason.condition, header))
            }
        }
    }

    private mutating func finishValues() {
        for order in check.orders {
            guard let earlier = value(of: order.earlier), let later = value(of: order.later),
                order.isStrict ? earlier >= later : earlier > later
            else { continue }
            add(.outOfOrder(order, at: order.later.schema.jsonName))
        }
        for sum in check.sums {
            // A missing field has a fault of its own; a sum over what is not there says nothing.
            let total = sum.fields.reduce(Int64(0)) {
                $0.addingReportingOverflow(value(of: $1) ?? 0).partialValue
            }
            guard total <= 0,
                sum.fields.allSatisfy({ present & $0.bit != 0 || !$0.schema.isRequired })
            else { continue }
            add(
                .sumNotPositive(
                    sum.fields.map(\.schema),
                    at: sum.fields.first?.schema.jsonName ?? ""
                )
            )
        }
    }

    // MARK: One value

    private mutating func known(_ number: Int) -> CompiledField? {
        if let field = check.field(numbered: number) { return field }
        add(.unknownField(at: ""))
        return nil
    }

    private mutating func markPresent(_ field: CompiledField) {
        present |= field.bit
    }

    private mutating func trigger(_ field: CompiledField, _ value: String) {
        for trigger in field.triggers where trigger.holds(for: value) {
            held |= trigger.bit
        }
    }

    private mutating func remember(_ value: Int64, _ field: CompiledField) {
        guard let place = field.valuePlace else { return }
        values[place] = value
        valued |= 1 << UInt32(place)
    }

    private func value(of field: CompiledField) -> Int64? {
        guard let place = field.valuePlace, valued & 1 << UInt32(place) != 0 else { return nil }
        return values[place]
    }

    private mutating func limit(_ field: CompiledField, _ count: Int) -> Int {
        if count > field.maximumItems {
            add(.tooMany(field.schema, limit: field.maximumItems, at: field.schema.jsonName))
        }
        return field.maximumItems
    }

    private func path(_ field: CompiledField, _ item: Int?) -> String {
        item.map { "\(field.schema.jsonName)[\($0)]" } ?? field.schema.jsonName
    }

    private func isDuplicate(
        _ item: String,
        at index: Int,
        in items: [String],
        _ field: CompiledField
    ) -> Bool {
        switch field.schema.kind {
        case .code, .institution, .place: items[..<index].contains(item)
        default: false
        }
    }

    private mutating func checkText(_ value: String, _ field: CompiledField, item: Int?) {
        let isGood: Bool
        switch field.schema.kind {
        case .code:
            if field.codes.contains(value) {
                if field.schema.isTopic, !topics.contains(value) { topics.append(value) }
            } else {
                add(.unknownCode(field.schema, at: path(field, item)))
            }
            return
        case .date:
            let date = CivilDate(value)
            if let date { remember(Int64(date.daysSinceEpoch), field) }
            isGood = date != nil
        case .time:
            let moment = Moment(rfc3339: value)
            if let moment { remember(moment.milliseconds, field) }
            isGood = moment != nil
        case .place: isGood = forms.isPlace(value)
        case .caseKey: isGood = forms.isCaseKey(value)
        case .institution: isGood = isSlug(value)
        case .message: isGood = MessageID(value) != nil
        case .file: isGood = forms.isDigest(value)
        case .text, .longText, .role, .number, .boolean, .group:
            checkProse(value, field, item: item)
            return
        }
        if !isGood { add(.badForm(field.schema, at: path(field, item))) }
    }

    private mutating func checkProse(_ value: String, _ field: CompiledField, item: Int?) {
        let scan = TextScan(value, newlineAllowed: field.schema.kind == .longText)
        if scan.length <= field.maximumLength, !scan.hasControl, scan.hasInk, scan.isNormalized {
            return
        }
        let path = path(field, item)
        if scan.length > field.maximumLength {
            add(.tooLong(field.schema, limit: field.maximumLength, at: path))
        }
        if scan.hasControl { add(.controlCharacter(field.schema, at: path)) }
        if !scan.hasInk, !scan.hasControl { add(.blank(field.schema, at: path)) }
        if !scan.isNormalized { add(.notNormalized(field.schema, at: path)) }
    }

    private mutating func checkNumber(_ value: Int64, _ field: CompiledField, item: Int?) {
        if value < field.minimum || value > field.maximum {
            add(.outOfRange(field, at: path(field, item)))
        } else {
            remember(value, field)
        }
        if !field.triggers.isEmpty { trigger(field, String(value)) }
    }

    private mutating func checkBytes(_ value: Data, _ field: CompiledField, item: Int?) {
        let isGood =
            switch field.schema.kind {
            case .message: MessageID(bytes: value) != nil
            case .file: value.count == Digest.byteCount
            default: value.count <= field.maximumLength
            }
        if !isGood { add(.badForm(field.schema, at: path(field, item))) }
    }

    private mutating func checkGroup(
        _ value: some Message,
        _ group: CompiledMessage,
        _ field: CompiledField,
        item: Int?
    ) throws {
        var inner = BodyVisitor(group, forms: forms, beside: header)
        try value.traverse(visitor: &inner)
        inner.finish()
        for fault in inner.faults {
            add(fault.nested(in: path(field, item)))
        }
        for topic in inner.topics where !topics.contains(topic) {
            topics.append(topic)
        }
    }
}

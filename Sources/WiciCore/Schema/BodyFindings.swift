// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is wrong with one message. Required fields, conditions, orders and sums are settled at its
// end, from bits gathered on the way.

import Foundation

/// Gathers the faults and topics of one message, field by field.
struct BodyFindings {
    private let check: CompiledMessage
    let forms: ValueForms
    private var present: UInt64 = 0
    private var held: UInt64 = 0
    private var valued: UInt32 = 0
    private var values = SIMD16<Int64>()
    private(set) var faults: [Fault] = []
    private(set) var topics: [String] = []

    /// So many faults are listed at most; a hostile message has no end of them.
    static let maximumFaults = 100

    init(_ check: CompiledMessage, forms: ValueForms) {
        self.check = check
        self.forms = forms
    }

    mutating func add(_ fault: Fault) {
        if faults.count < Self.maximumFaults { faults.append(fault) }
    }

    mutating func addTooMany(_ field: CompiledField) {
        add(.tooMany(field.schema, limit: field.maximumItems, at: field.schema.jsonName))
    }

    mutating func addDuplicate(_ field: CompiledField, item: Int) {
        add(.duplicate(field.schema, at: path(field, item)))
    }

    /// Adds what is wrong with a nested message, and its topics.
    mutating func add(_ inner: BodyFindings, in field: CompiledField, item: Int?) {
        for fault in inner.faults {
            add(fault.nested(in: path(field, item)))
        }
        for topic in inner.topics where !topics.contains(topic) {
            topics.append(topic)
        }
    }

    // MARK: The end of the message

    /// Settles what only the whole message can tell.
    mutating func finish(beside header: WireHeader?) {
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

    mutating func markPresent(_ field: CompiledField) {
        present |= field.bit
    }

    /// A number as its varint carries it; a 32-bit one is cut to its bits, as every decoder does.
    mutating func takeNumber(_ varint: UInt64, _ field: CompiledField) {
        let value: Int64 =
            switch field.schema.carrier {
            case .signed32: Int64(Int32(truncatingIfNeeded: varint))
            case .unsigned32: Int64(UInt32(truncatingIfNeeded: varint))
            case .unsigned64: Int64(clamping: varint)
            default: Int64(bitPattern: varint)
            }
        guard value != 0 || field.schema.hasPresence else { return }
        markPresent(field)
        if field.schema.carrier == .boolean {
            trigger(field, value != 0 ? "true" : "false")
        } else {
            checkNumber(value, field)
        }
    }

    /// A text's bytes as a string; refuses what is not UTF-8.
    func text(_ bytes: UnsafeRawBufferPointer) throws(BodyError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed }
        return text
    }

    mutating func takeText(
        _ bytes: UnsafeRawBufferPointer,
        _ field: CompiledField,
        item: Int?
    ) throws(BodyError) {
        switch field.schema.kind {
        case .text, .longText, .role, .number, .boolean, .group:
            let scan = TextScan(
                bytes,
                newlineAllowed: field.schema.kind == .longText,
                limit: field.maximumLength
            )
            guard let scan else { throw .malformed }
            checkProse(scan, field, item: item)
            if !field.triggers.isEmpty { trigger(field, try text(bytes)) }
        case .code, .date, .time, .place, .caseKey, .institution, .message, .file:
            let value = try text(bytes)
            trigger(field, value)
            checkForm(value, field, item: item)
        }
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

    private func path(_ field: CompiledField, _ item: Int?) -> String {
        item.map { "\(field.schema.jsonName)[\($0)]" } ?? field.schema.jsonName
    }

    private mutating func checkForm(_ value: String, _ field: CompiledField, item: Int?) {
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
        case .text, .longText, .role, .number, .boolean, .group: isGood = true
        }
        if !isGood { add(.badForm(field.schema, at: path(field, item))) }
    }

    private mutating func checkProse(_ scan: TextScan, _ field: CompiledField, item: Int?) {
        if scan.length <= field.maximumLength, !scan.hasControl, !scan.hasInvisible, scan.hasInk,
            scan.isNormalized
        {
            return
        }
        let path = path(field, item)
        if scan.length > field.maximumLength {
            add(.tooLong(field.schema, limit: field.maximumLength, at: path))
        }
        if scan.hasControl { add(.controlCharacter(field.schema, at: path)) }
        if scan.hasInvisible { add(.invisibleCharacter(field.schema, at: path)) }
        if !scan.hasInk, !scan.hasControl, !scan.hasInvisible {
            add(.blank(field.schema, at: path))
        }
        if !scan.isNormalized { add(.notNormalized(field.schema, at: path)) }
    }

    private mutating func checkNumber(_ value: Int64, _ field: CompiledField) {
        if value < field.minimum || value > field.maximum {
            add(.outOfRange(field, at: field.schema.jsonName))
        } else {
            remember(value, field)
        }
        if !field.triggers.isEmpty { trigger(field, String(value)) }
    }

    mutating func checkBytes(
        _ value: UnsafeRawBufferPointer,
        _ field: CompiledField,
        item: Int?
    ) {
        let isGood =
            switch field.schema.kind {
            case .message: MessageID(bytes: value) != nil
            case .file: value.count == Digest.byteCount
            default: value.count <= field.maximumLength
            }
        if !isGood { add(.badForm(field.schema, at: path(field, item))) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Walks the bytes of one message and holds each field against its compiled checks, in place: the
// generated decoder would make an object of every message and a string of every text only for them
// to be looked at once. What passes here the decoder reads too, and reads as the same; a test
// compares.

import Foundation

/// Checks the fields of one message where they lie.
struct BodyScan {
    private let check: CompiledMessage
    private let header: WireHeader?
    private var findings: BodyFindings
    /// Earlier entries of the list that is being read, where none may stand twice.
    private var earlier: [UnsafeRawBufferPointer] = []

    /// Most fields of a body, nested ones included: two bytes can ask for a nested message that a
    /// decoder makes hundreds of.
    static let maximumFields = 8192

    /// Checks a body; refuses bytes that are not one in its encoding: fields in ascending order, each
    /// singular one once.
    ///
    /// Without a header, what depends on its labels is not asked.
    static func findings(
        in bytes: UnsafeRawBufferPointer,
        _ check: CompiledMessage,
        forms: ValueForms,
        beside header: WireHeader?
    ) throws(BodyError) -> (faults: [Fault], topics: [String]) {
        var left = maximumFields
        let findings = try findings(in: bytes, check, forms, header, &left)
        return (findings.faults, findings.topics)
    }

    private static func findings(
        in bytes: UnsafeRawBufferPointer,
        _ check: CompiledMessage,
        _ forms: ValueForms,
        _ header: WireHeader?,
        _ left: inout Int
    ) throws(BodyError) -> BodyFindings {
        var scan = BodyScan(
            check: check,
            header: header,
            findings: BodyFindings(check, forms: forms)
        )
        try scan.read(bytes, &left)
        return scan.findings
    }

    private init(check: CompiledMessage, header: WireHeader?, findings: BodyFindings) {
        self.check = check
        self.header = header
        self.findings = findings
    }

    private mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ left: inout Int
    ) throws(BodyError) {
        var fields = CanonicalFields(bytes)
        var last = 0
        var item = 0
        var hasUnknown = false
        while let (number, value) = fields.next() {
            let number = Int(number)
            left -= 1
            guard left >= 0, number >= last else { throw .malformed }
            item = number == last ? item + 1 : 0
            if let field = check.field(numbered: number), field.schema.carrier.carries(value) {
                guard item == 0 || field.schema.isRepeated else { throw .malformed }
                try take(value, field, field.schema.isRepeated ? item : nil, &left)
            } else {
                hasUnknown = true
            }
            last = number
        }
        guard fields.isAtEnd else { throw .malformed }
        if hasUnknown { findings.add(.unknownField(at: "")) }
        findings.finish(beside: header)
    }

    /// Checks a singular field's value, or a list's at its place.
    private mutating func take(
        _ value: CanonicalFields.Value,
        _ field: CompiledField,
        _ item: Int?,
        _ left: inout Int
    ) throws(BodyError) {
        switch value {
        case .number(let number): findings.takeNumber(number, field)
        case .fixed: break
        case .bytes(let bytes):
            if let item {
                if item == field.maximumItems { findings.addTooMany(field) }
                guard item < field.maximumItems else {
                    return try pass(bytes, field, &left)
                }
                noteRepetition(of: bytes, field, item)
            } else if bytes.isEmpty, field.group == nil {
                return
            }
            findings.markPresent(field)
            if let group = field.group {
                let inner = try Self.findings(in: bytes, group, findings.forms, header, &left)
                findings.add(inner, in: field, item: item)
            } else if field.schema.carrier == .bytes {
                findings.checkBytes(bytes, field, item: item)
            } else {
                try findings.takeText(bytes, field, item: item)
            }
        }
    }

    /// Of what is beyond a list's limit only asks whether a decoder could read it.
    private func pass(
        _ bytes: UnsafeRawBufferPointer,
        _ field: CompiledField,
        _ left: inout Int
    ) throws(BodyError) {
        if let group = field.group {
            _ = try Self.findings(in: bytes, group, findings.forms, header, &left)
        } else if field.schema.carrier == .string {
            _ = try findings.text(bytes)
        }
    }

    private mutating func noteRepetition(
        of bytes: UnsafeRawBufferPointer,
        _ field: CompiledField,
        _ item: Int
    ) {
        switch field.schema.kind {
        case .code, .institution, .place: break
        default: return
        }
        if item == 0 { earlier.removeAll(keepingCapacity: true) }
        if earlier.contains(where: { $0.elementsEqual(bytes) }) {
            findings.addDuplicate(field, item: item)
        }
        earlier.append(bytes)
    }
}

extension FieldCarrier {
    /// Whether a field of this kind travels so.
    fileprivate func carries(_ value: CanonicalFields.Value) -> Bool {
        switch (self, value) {
        case (.string, .bytes), (.bytes, .bytes), (.message, .bytes): true
        case (.boolean, .number), (.signed32, .number), (.signed64, .number),
            (.unsigned32, .number), (.unsigned64, .number):
            true
        default: false
        }
    }
}

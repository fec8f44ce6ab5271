// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reads a message body from plain data (a draft or JSON) by the type's schema. Names and types are
// checked here, so that a fault names its path; the values themselves are the validator's.

/// Turns plain data into protobuf JSON, collecting what does not fit the schema.
struct BodyReader {
    private(set) var faults: [Fault] = []

    /// The same data as protobuf JSON has it; fields that do not fit are left out and reported.
    mutating func read(_ value: PlainValue, as schema: MessageSchema, at path: String) -> PlainValue
    {
        guard case .object(let members) = value else {
            if !value.isNothing {
                add(.wrongType(at: path, "Oczekiwano pól z nazwami.", "Named fields are expected."))
            }
            return .object([])
        }
        var result: [PlainValue.Member] = []
        for member in members {
            let place = path.isEmpty ? member.name : "\(path).\(member.name)"
            guard let field = schema.field(jsonName: member.name) else {
                add(.unknownField(at: Self.bounded(place)))
                continue
            }
            guard !member.value.isNothing else { continue }
            if let value = read(member.value, of: field, at: place) {
                result.append(.init(field.jsonName, value))
            }
        }
        return .object(result)
    }

    private mutating func add(_ fault: Fault) {
        if faults.count < BodyFindings.maximumFaults { faults.append(fault) }
    }

    /// Names of unknown fields come from outside, so that they are cut and cleaned.
    private static func bounded(_ path: String) -> String {
        String(
            String.UnicodeScalarView(
                path.unicodeScalars.prefix(120).filter { (0x20...0x7E).contains($0.value) }
            )
        )
    }

    private mutating func read(
        _ value: PlainValue,
        of field: FieldSchema,
        at path: String
    ) -> PlainValue? {
        guard field.isRepeated else { return single(value, of: field, at: path) }
        guard case .array(let items) = value else {
            add(.wrongType(at: path, "Oczekiwano listy.", "A list is expected."))
            return nil
        }
        guard items.count <= CompiledField.hardMaximumItems else {
            add(.tooMany(field, limit: CompiledField.hardMaximumItems, at: path))
            return nil
        }
        let values = items.enumerated().compactMap { index, item in
            single(item, of: field, at: "\(path)[\(index)]")
        }
        return .array(values)
    }

    private mutating func single(
        _ value: PlainValue,
        of field: FieldSchema,
        at path: String
    ) -> PlainValue? {
        switch field.carrier {
        case .message:
            guard let group = field.group else { return nil }
            guard case .object = value else {
                add(.wrongType(at: path, "Oczekiwano pól z nazwami.", "Named fields are expected."))
                return nil
            }
            return read(value, as: group, at: path)
        case .boolean:
            switch value {
            case .boolean, .unquoted("true"), .unquoted("false"):
                return .boolean(value == .boolean(true) || value == .unquoted("true"))
            default:
                add(
                    .wrongType(
                        at: path,
                        "Oczekiwano true albo false.",
                        "true or false is expected."
                    )
                )
                return nil
            }
        case .signed32, .signed64, .unsigned32, .unsigned64:
            return number(value, of: field, at: path)
        case .string, .bytes:
            guard let text = value.text else {
                add(.wrongType(at: path, "Oczekiwano tekstu.", "A text is expected."))
                return nil
            }
            return .string(text)
        }
    }

    /// The digits of a JSON number that is whole however it is written, as 5.0 and 1e2 are.
    private static func wholeDigits(_ text: String) -> String {
        guard Int64(text) == nil, let value = Double(text), let whole = Int64(exactly: value),
            abs(whole) < 1 << 53
        else { return text }
        return String(whole)
    }

    /// Whole numbers; quoted ones too, as protobuf's JSON mapping allows.
    private mutating func number(
        _ value: PlainValue,
        of field: FieldSchema,
        at path: String
    ) -> PlainValue? {
        let digits: String
        switch value {
        case .number(let text): digits = Self.wholeDigits(text)
        case .unquoted(let text), .string(let text): digits = text
        default: digits = ""
        }
        guard let number = Int64(digits), String(number) == digits else {
            add(
                .wrongType(at: path, "Oczekiwano liczby całkowitej.", "A whole number is expected.")
            )
            return nil
        }
        let fits =
            switch field.carrier {
            case .signed32: Int32(exactly: number) != nil
            case .unsigned32: UInt32(exactly: number) != nil
            case .unsigned64: number >= 0
            default: true
            }
        guard fits else {
            add(
                Fault(
                    .outOfRange,
                    at: path,
                    label: field.label,
                    "liczba jest za duża albo ujemna.",
                    "the number is too large or negative."
                )
            )
            return nil
        }
        return .number(digits)
    }
}

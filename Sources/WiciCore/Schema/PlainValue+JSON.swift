// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A strict reader of JSON (RFC 8259): no name twice, no trailing text, no lone surrogate, and limits
// on size and depth. Foundation's reader keeps neither digits nor the order of members.

extension PlainValue {
    /// Parses JSON text, at most `maximumBytes` and `maximumDepth`.
    public init(json: some Collection<UInt8>) throws(PlainValueError) {
        guard json.count <= Self.maximumBytes else {
            throw PlainValueError(reason: .tooLarge, line: 0)
        }
        let bytes = Array(json)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw PlainValueError(reason: .malformed, line: 0)
        }
        var reader = JSONReader(bytes: bytes)
        self = try reader.document()
    }
}

private struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(PlainValueError) -> PlainValue {
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw failure() }
        return value
    }

    private func failure(_ reason: PlainValueError.Reason = .malformed) -> PlainValueError {
        let line = bytes[..<min(position, bytes.count)].count { $0 == 0x0A } + 1
        return PlainValueError(reason: reason, line: line)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func take(word: StaticString) -> Bool {
        let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        if matches { position += word.utf8CodeUnitCount }
        return matches
    }

    private mutating func value(depth: Int) throws(PlainValueError) -> PlainValue {
        guard depth <= PlainValue.maximumDepth else { throw failure(.tooDeep) }
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): if take(word: "true") { return .boolean(true) }
        case UInt8(ascii: "f"): if take(word: "false") { return .boolean(false) }
        case UInt8(ascii: "n"): if take(word: "null") { return .null }
        default: return .number(try number())
        }
        throw failure()
    }

    private mutating func object(depth: Int) throws(PlainValueError) -> PlainValue {
        position += 1
        var members: [PlainValue.Member] = []
        var names: Set<String> = []
        if take("}") { return .object([]) }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw failure() }
            let name = try string()
            guard names.insert(name).inserted else { throw failure(.duplicateName) }
            guard take(":") else { throw failure() }
            members.append(.init(name, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw failure() }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(PlainValueError) -> PlainValue {
        position += 1
        var items: [PlainValue] = []
        if take("]") { return .array([]) }
        repeat {
            items.append(try value(depth: depth + 1))
        } while take(",")
        guard take("]") else { throw failure() }
        return .array(items)
    }

    private mutating func number() throws(PlainValueError) -> String {
        let start = position
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
        if next == UInt8(ascii: "-") { position += 1 }
        guard isDigit(next) else { throw failure() }
        if next == UInt8(ascii: "0") {
            position += 1
        } else {
            while isDigit(next) { position += 1 }
        }
        if next == UInt8(ascii: ".") {
            position += 1
            guard isDigit(next) else { throw failure() }
            while isDigit(next) { position += 1 }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            guard isDigit(next) else { throw failure() }
            while isDigit(next) { position += 1 }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(PlainValueError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case ..<0x20: throw failure()
            default: text.append(byte)
            }
        }
        throw failure()
    }

    private mutating func escape(into text: inout [UInt8]) throws(PlainValueError) {
        guard let byte = next else { throw failure() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try unicodeEscape()).utf8))
        default: throw failure()
        }
    }

    private mutating func unicodeEscape() throws(PlainValueError) -> Character {
        var units = [try fourDigits()]
        if UTF16.isLeadSurrogate(units[0]) {
            guard take(word: "\\u") else { throw failure() }
            units.append(try fourDigits())
        }
        guard let text = String(validating: units, as: UTF16.self), let character = text.first
        else {
            throw failure()
        }
        return character
    }

    private mutating func fourDigits() throws(PlainValueError) -> UInt16 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({
                Unicode.Scalar($0).properties.isASCIIHexDigit
            }),
            let unit = UInt16(
                String(decoding: bytes[position..<position + 4], as: UTF8.self),
                radix: 16
            )
        else { throw failure() }
        position += 4
        return unit
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reads YAML into plain data. Anchors, aliases and tags are refused: a draft must mean what it shows,
// and aliases let a small document unfold without end.

import Yams

extension PlainValue {
    /// Parses YAML text, at most `maximumBytes` and `maximumDepth`.
    public init(yaml text: String) throws(PlainValueError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw PlainValueError(reason: .tooLarge, line: 0)
        }
        // An alias needs an anchor. Where a text could hold both it is refused unread, because the
        // library unfolds aliases while it reads.
        guard !(Self.mayHold("&", in: text) && Self.mayHold("*", in: text)) else {
            throw PlainValueError(reason: .anchorOrTag, line: 0)
        }
        YAMLNesting.setBound()
        // The parser owns the anchors that its nodes refer to, so that it must outlive them.
        let parser: Yams.Parser
        let node: Node?
        do {
            parser = try Yams.Parser(yaml: text)
            node = try parser.singleRoot()
        } catch {
            throw Self.failure(error)
        }
        defer { withExtendedLifetime(parser) {} }
        guard let node else { throw PlainValueError(reason: .malformed, line: 0) }
        self = try Self.value(of: node, depth: 0)
    }

    private static func value(of node: Node, depth: Int) throws(PlainValueError) -> PlainValue {
        let line = node.mark?.line ?? 0
        guard depth <= maximumDepth else { throw PlainValueError(reason: .tooDeep, line: line) }
        guard node.anchor == nil else { throw PlainValueError(reason: .anchorOrTag, line: line) }
        switch node {
        case .scalar(let scalar):
            return scalar.style == .plain ? .unquoted(scalar.string) : .string(scalar.string)
        case .sequence(let sequence):
            var items: [PlainValue] = []
            for item in sequence {
                items.append(try value(of: item, depth: depth + 1))
            }
            return .array(items)
        case .mapping(let mapping):
            var members: [Member] = []
            var names: Set<String> = []
            for (key, item) in mapping {
                guard let name = key.scalar?.string else {
                    throw PlainValueError(reason: .malformed, line: line)
                }
                guard names.insert(name).inserted else {
                    throw PlainValueError(reason: .duplicateName, line: key.mark?.line ?? line)
                }
                members.append(Member(name, try value(of: item, depth: depth + 1)))
            }
            return .object(members)
        case .alias:
            throw PlainValueError(reason: .anchorOrTag, line: line)
        }
    }

    /// True when the sign stands where YAML could read it as the start of an anchor or alias.
    private static func mayHold(_ sign: Unicode.Scalar, in text: String) -> Bool {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            byte >= 0x80 || Unicode.Scalar(byte).properties.isAlphabetic
                || (0x30...0x39).contains(byte)
        }
        var previous: UInt8 = 0x0A
        var pending = false
        for byte in text.utf8 {
            if pending, byte > 0x20 { return true }
            pending = byte == UInt8(ascii: sign) && !isLetterOrDigit(previous)
            previous = byte
        }
        return false
    }

    private static func failure(_ error: any Error) -> PlainValueError {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            PlainValueError(reason: .malformed, line: mark.line)
        case .duplicatedKeysInMapping(_, let context):
            PlainValueError(reason: .duplicateName, line: context.mark.line)
        default:
            PlainValueError(reason: .malformed, line: 0)
        }
    }
}

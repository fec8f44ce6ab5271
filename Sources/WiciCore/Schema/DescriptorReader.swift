// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reads message schemas from a compiled protobuf descriptor set: the custom options of
// options.proto become values of Swift.

import Foundation
import SwiftProtobuf

/// Turns a `FileDescriptorSet` into message schemas.
struct DescriptorReader {
    /// What a descriptor set holds.
    struct Schemas {
        let types: [MessageSchema]
        let header: MessageSchema?
    }

    private let messages: [String: Google_Protobuf_DescriptorProto]

    /// Groups nest at most this deep; it also ends a cycle.
    private static let maximumDepth = 4

    static func read(base64: String) throws(SchemaError) -> Schemas {
        guard let bytes = Data(base64Encoded: base64, options: .ignoreUnknownCharacters) else {
            throw SchemaError(reason: "not base64")
        }
        return try read(bytes)
    }

    static func read(_ bytes: Data) throws(SchemaError) -> Schemas {
        guard
            let set = try? Google_Protobuf_FileDescriptorSet(
                serializedBytes: bytes,
                extensions: WireOptions_Extensions
            )
        else { throw SchemaError(reason: "not a descriptor set") }
        var messages: [String: Google_Protobuf_DescriptorProto] = [:]
        for file in set.file where file.package == "wici.v1" {
            for message in file.messageType {
                collect(message, named: ".\(file.package).\(message.name)", into: &messages)
            }
        }
        let reader = DescriptorReader(messages: messages)
        var types: [MessageSchema] = []
        for (name, message) in messages
        where !message.options.WiremessageRules.type.isEmpty {
            types.append(try reader.schema(message, named: name, depth: 0))
        }
        let headerName = ".wici.v1.Header"
        return Schemas(
            types: types.sorted { $0.type < $1.type },
            header: try messages[headerName].map { message throws(SchemaError) in
                try reader.schema(message, named: headerName, depth: 0)
            }
        )
    }

    private static func collect(
        _ message: Google_Protobuf_DescriptorProto,
        named name: String,
        into messages: inout [String: Google_Protobuf_DescriptorProto]
    ) {
        messages[name] = message
        for nested in message.nestedType {
            collect(nested, named: "\(name).\(nested.name)", into: &messages)
        }
    }

    private func schema(
        _ message: Google_Protobuf_DescriptorProto,
        named name: String,
        depth: Int
    ) throws(SchemaError) -> MessageSchema {
        guard depth <= Self.maximumDepth else {
            throw SchemaError(reason: "\(name): groups nest too deep")
        }
        let rules = message.options.WiremessageRules
        var fields: [FieldSchema] = []
        for field in message.field {
            fields.append(try fieldSchema(field, in: name, depth: depth))
        }
        let fullName = String(name.dropFirst())
        let words = { (text: String) in text.split(separator: " ").map(String.init) }
        return MessageSchema(
            fullName: fullName,
            type: rules.type,
            version: Int(rules.version),
            label: Bilingual(rules.label) ?? Bilingual(polish: fullName, english: fullName),
            guidance: Bilingual(rules.guidance) ?? Bilingual(polish: "", english: ""),
            isReply: rules.reply,
            isBroadcast: rules.broadcast,
            fields: fields,
            orders: rules.orders.map {
                FieldOrder(earlier: $0.earlier, later: $0.later, isStrict: $0.strict)
            },
            positiveSums: rules.positiveSums.map(words),
            anyRequired: rules.anyRequired.map(words)
        )
    }

    private func fieldSchema(
        _ field: Google_Protobuf_FieldDescriptorProto,
        in message: String,
        depth: Int
    ) throws(SchemaError) -> FieldSchema {
        let place = "\(message).\(field.name)"
        let carrier = try carrier(of: field, at: place)
        let rules = field.options.Wirerules
        var group: MessageSchema?
        if carrier == .message {
            guard let nested = messages[field.typeName] else {
                throw SchemaError(reason: "\(place): unknown message \(field.typeName)")
            }
            group = try schema(nested, named: field.typeName, depth: depth + 1)
        }
        let isRepeated = field.label == .repeated
        return FieldSchema(
            number: Int(field.number),
            name: field.name,
            jsonName: field.jsonName,
            carrier: carrier,
            isRepeated: isRepeated,
            hasPresence: field.proto3Optional || (carrier == .message && !isRepeated),
            kind: FieldKind(rules.kind) ?? Self.plainKind(of: carrier),
            isRequired: rules.required,
            maximumLength: rules.maxLength > 0 ? Int(rules.maxLength) : nil,
            maximumItems: rules.maxItems > 0 ? Int(rules.maxItems) : nil,
            minimum: rules.hasMinimum ? rules.minimum : nil,
            maximum: rules.hasMaximum ? rules.maximum : nil,
            codeList: rules.codeList.isEmpty ? nil : rules.codeList,
            requiredWhen: rules.requiredWhen.map {
                FieldCondition(field: $0.field, anyOf: $0.anyOf)
            },
            forbiddenWhen: rules.forbiddenWhen.map {
                FieldCondition(field: $0.field, anyOf: $0.anyOf)
            },
            requiredByHeader: try rules.requiredByHeader.map { condition throws(SchemaError) in
                try HeaderCondition(condition, at: place)
            },
            label: Bilingual(rules.label) ?? Bilingual(polish: field.name, english: field.name),
            guidance: Bilingual(rules.guidance) ?? Bilingual(polish: "", english: ""),
            section: Bilingual(rules.section),
            isTopic: rules.topic,
            group: group
        )
    }

    private func carrier(
        of field: Google_Protobuf_FieldDescriptorProto,
        at place: String
    ) throws(SchemaError) -> FieldCarrier {
        switch field.type {
        case .string: .string
        case .bytes: .bytes
        case .message: .message
        case .bool where field.label != .repeated: .boolean
        case .int32 where field.label != .repeated: .signed32
        case .int64 where field.label != .repeated: .signed64
        case .uint32 where field.label != .repeated: .unsigned32
        case .uint64 where field.label != .repeated: .unsigned64
        default: throw SchemaError(reason: "\(place): a type that schemas do not use")
        }
    }

    /// What a field without rules holds.
    private static func plainKind(of carrier: FieldCarrier) -> FieldKind {
        switch carrier {
        case .string: .text
        case .boolean: .boolean
        case .signed32, .signed64, .unsigned32, .unsigned64: .number
        case .bytes: .message
        case .message: .group
        }
    }
}

extension Bilingual {
    /// Takes both texts of an option; `nil` when there is none.
    fileprivate init?(_ text: WireBilingual) {
        guard !text.pl.isEmpty || !text.en.isEmpty else { return nil }
        self.init(polish: text.pl, english: text.en)
    }
}

extension HeaderCondition {
    fileprivate init(_ condition: WireHeaderCondition, at place: String) throws(SchemaError) {
        guard let label = Label(rawValue: condition.label), !condition.anyOf.isEmpty else {
            throw SchemaError(reason: "\(place): no such label of a header: \(condition.label)")
        }
        self.label = label
        self.anyOf = condition.anyOf
        self.sibling =
            condition.hasSibling
            ? FieldCondition(field: condition.sibling.field, anyOf: condition.sibling.anyOf) : nil
    }
}

extension FieldKind {
    fileprivate init?(_ kind: WireFieldKind) {
        switch kind {
        case .unspecified, .UNRECOGNIZED: return nil
        case .text: self = .text
        case .longText: self = .longText
        case .code: self = .code
        case .number: self = .number
        case .boolean: self = .boolean
        case .date: self = .date
        case .time: self = .time
        case .place: self = .place
        case .institution: self = .institution
        case .role: self = .role
        case .case: self = .caseKey
        case .message: self = .message
        case .file: self = .file
        case .group: self = .group
        }
    }
}

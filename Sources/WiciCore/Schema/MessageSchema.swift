// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A message type as its .proto file describes it. All types are read once from the compiled
// descriptor set that is embedded in the library.

/// Two sibling dates or times of which one must not be after the other.
public struct FieldOrder: Hashable, Sendable {
    /// The field that comes first, by its .proto name.
    public let earlier: String
    /// The field that comes later, by its .proto name.
    public let later: String
    /// Equal is refused too.
    public let isStrict: Bool
}

/// A message type, or a group nested in one.
public struct MessageSchema: Sendable {
    /// The protobuf message's full name, for example `wici.v1.CaseAlert`.
    public let fullName: String
    /// The type's name on the wire, for example `case-alert`; empty for a nested group.
    public let type: String
    /// Schema version of the type.
    public let version: Int
    /// What the type is called.
    public let label: Bilingual
    /// What the type is for.
    public let guidance: Bilingual
    /// The type answers another message and names it in the header's references.
    public let isReply: Bool
    /// The type has no field for a person's identity.
    public let isBroadcast: Bool
    /// The fields in the order of the .proto file.
    public let fields: [FieldSchema]
    /// Dates and times that must be in order.
    public let orders: [FieldOrder]
    /// Number fields, by .proto name, whose sum must be above zero.
    public let positiveSums: [[String]]
    /// Fields, by .proto name, of which at least one must be present.
    public let anyRequired: [[String]]

    /// The field of a .proto name.
    public func field(named name: String) -> FieldSchema? {
        fields.first { $0.name == name }
    }

    /// The field of a JSON name.
    public func field(jsonName: String) -> FieldSchema? {
        fields.first { $0.jsonName == jsonName }
    }

    /// Every message type in alphabetical order of its name.
    public static let all: [MessageSchema] = embedded.types

    /// The schema of a message type; `nil` when there is no such type.
    public static func named(_ type: String) -> MessageSchema? {
        byType[type]
    }

    /// The schema of the header, for its labels and guidance.
    public static let header: MessageSchema? = embedded.header

    private static let byType = Dictionary(
        all.map { ($0.type, $0) },
        uniquingKeysWith: { first, _ in first }
    )

    private static let embedded: DescriptorReader.Schemas = {
        do throws(SchemaError) {
            return try DescriptorReader.read(base64: embeddedDescriptorSet)
        } catch {
            preconditionFailure("The embedded descriptor set is broken: \(error)")
        }
    }()
}

/// What is wrong with a descriptor set, for the maintainer.
public struct SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and where.
    public let reason: String
    /// The reason.
    public var description: String { reason }
}

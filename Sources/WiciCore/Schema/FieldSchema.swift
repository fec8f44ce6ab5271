// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One field of a message type, as its .proto file describes it: what the validator, the templates,
// the forms and the JSON Schema export all read.

/// What a value of a field looks like (`FieldKind` of options.proto).
public enum FieldKind: String, Hashable, Sendable, CaseIterable {
    /// One line of text.
    case text
    /// Several lines of text.
    case longText = "long-text"
    /// A code of a vocabulary list.
    case code
    /// A whole number.
    case number
    /// True or false.
    case boolean
    /// A calendar date, `YYYY-MM-DD`.
    case date
    /// A moment with its offset (RFC 3339 date-time).
    case time
    /// A TERYT code of 2, 4 or 7 digits.
    case place
    /// An institution's id.
    case institution
    /// A role or post.
    case role
    /// A case key, `HL-TT-YYYY-NNNN`.
    case caseKey = "case"
    /// A message id.
    case message
    /// The SHA-256 digest of a file.
    case file
    /// A nested message.
    case group
}

/// What carries a field in protobuf.
public enum FieldCarrier: Hashable, Sendable {
    /// `string`.
    case string
    /// `bool`.
    case boolean
    /// `int32`.
    case signed32
    /// `int64`; a string in JSON.
    case signed64
    /// `uint32`.
    case unsigned32
    /// `uint64`; a string in JSON.
    case unsigned64
    /// `bytes`; base64 in JSON.
    case bytes
    /// A nested message.
    case message
}

/// True when a sibling field holds one of the values, or, without values, holds anything.
public struct FieldCondition: Hashable, Sendable {
    /// The sibling's name in the .proto file.
    public let field: String
    /// Codes, or `true` and `false`; empty for "is present".
    public let anyOf: [String]
}

/// True when a label of the header holds one of the values and a sibling's condition, where there is
/// one, holds too.
public struct HeaderCondition: Hashable, Sendable {
    /// The labels that bodies may ask for.
    public enum Label: String, Hashable, Sendable, CaseIterable {
        /// How much personal data the message holds.
        case dataLevel = "data_level"
        /// The TLP label.
        case marking = "tlp"

        /// What people call the label.
        public var name: Bilingual {
            HeaderLabels.label(of: self == .dataLevel ? "dataLevel" : "tlp")
        }

        func value(in header: WireHeader) -> String {
            self == .dataLevel ? header.dataLevel : header.tlp
        }
    }

    /// The header's label.
    public let label: Label
    /// Its values.
    public let anyOf: [String]
    /// What must hold in the body as well; `nil` for nothing.
    public let sibling: FieldCondition?
}

/// One field of a message type.
public struct FieldSchema: Sendable {
    /// The field's number on the wire.
    public let number: Int
    /// The name in the .proto file, for example `legal_ground`.
    public let name: String
    /// The name in JSON, in drafts and in fault paths, for example `legalGround`.
    public let jsonName: String
    /// The protobuf carrier.
    public let carrier: FieldCarrier
    /// True for a list of values.
    public let isRepeated: Bool
    /// True when the wire distinguishes "absent" from the zero value.
    public let hasPresence: Bool
    /// What a value looks like.
    public let kind: FieldKind
    /// True when the field must be filled whatever the others hold.
    public let isRequired: Bool
    /// Largest number of code points of a text; `nil` for no limit of its own.
    public let maximumLength: Int?
    /// Largest number of items of a list.
    public let maximumItems: Int?
    /// Smallest number.
    public let minimum: Int64?
    /// Largest number.
    public let maximum: Int64?
    /// The vocabulary list that codes are taken from.
    public let codeList: String?
    /// Required when any of these holds.
    public let requiredWhen: [FieldCondition]
    /// Must be absent when any of these holds.
    public let forbiddenWhen: [FieldCondition]
    /// Required when any of these holds in the message's header.
    public let requiredByHeader: [HeaderCondition]
    /// What the field is called.
    public let label: Bilingual
    /// How to fill it.
    public let guidance: Bilingual
    /// Section of a form; `nil` for the type's first one.
    public let section: Bilingual?
    /// The field's codes are copied into the header's topics.
    public let isTopic: Bool
    /// The nested message's schema when the kind is `group`.
    public let group: MessageSchema?
}

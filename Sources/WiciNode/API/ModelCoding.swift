// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How ids, places and moments of the core look in the JSON of the local API: ids as their text,
// places as numbers, moments as RFC 3339 text in UTC with milliseconds.

public import Foundation
public import WiciCore

extension MessageID: Codable {
    /// Reads the 36-character text form.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = MessageID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a message id")
            )
        }
        self = id
    }

    /// Writes the 36-character text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension LedgerIndex: Codable {
    /// Reads a number.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(UInt64.self))
    }

    /// Writes a number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

extension MailboxNumber: Codable {
    /// Reads a number.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(UInt64.self))
    }

    /// Writes a number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

extension Moment: Codable {
    /// The moment as RFC 3339 text in UTC, for example `2026-11-23T08:15:00.000Z`.
    public var timestamp: String { utcText }

    /// Takes RFC 3339 text in UTC with exactly three digits of a second; `nil` for anything else.
    public init?(timestamp text: String) {
        guard text.utf8.count == "2026-11-23T08:15:00.000Z".utf8.count, text.hasSuffix("Z"),
            let moment = Moment(rfc3339: text)
        else { return nil }
        self = moment
    }

    /// Reads RFC 3339 text in UTC with milliseconds.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let moment = Moment(timestamp: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a moment")
            )
        }
        self = moment
    }

    /// Writes RFC 3339 text in UTC with milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(timestamp)
    }
}

/// The JSON form of everything the local API says: keys in order, so that output can be compared.
public enum NodeJSON {
    /// An encoder for answers and requests.
    public static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// A decoder for answers and requests.
    public static func decoder() -> JSONDecoder { JSONDecoder() }
}

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
    ///
    /// Milliseconds are written as the whole number they are: a fraction of a second in floating
    /// point would lose some of them.
    public var timestamp: String {
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let part = remainder < 0 ? remainder + 1000 : remainder
        let seconds = remainder < 0 ? quotient - 1 : quotient
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        let digits = String(part)
        return text.dropLast() + "." + String(repeating: "0", count: 3 - digits.count) + digits
            + "Z"
    }

    /// Takes RFC 3339 text in UTC with exactly three digits of a second; `nil` for anything else.
    public init?(timestamp text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 24, characters[19] == UInt8(ascii: "."),
            characters[23] == UInt8(ascii: "Z"),
            characters[20..<23].allSatisfy({ (0x30...0x39).contains($0) }),
            let part = Int64(String(decoding: characters[20..<23], as: UTF8.self)),
            let date = try? Date(String(text.prefix(19)) + "Z", strategy: .iso8601)
        else { return nil }
        self.init(milliseconds: Int64(date.timeIntervalSince1970) * 1000 + part)
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

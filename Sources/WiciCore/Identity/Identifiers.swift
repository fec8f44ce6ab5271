// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ids that people write by hand: institution, node, team, region, role, code. Each is a type of
// its own over checked ASCII text, so that one cannot be passed where another is meant.

/// Text that identifies something: checked ASCII of bounded length.
public protocol Identifier: Hashable, Sendable, Comparable, CustomStringConvertible, Codable {
    /// The text as it stands in registry, policy and messages.
    var text: String { get }
    /// Takes text of the id's form; `nil` for anything else.
    init?(_ text: String)
}

extension Identifier {
    /// The text itself.
    public var description: String { text }

    /// Orders by UTF-8 bytes.
    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Decodes from a single string; refuses text of another form.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a \(Self.self)")
            )
        }
        self = value
    }

    /// Encodes as a single string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// True for 2 to 63 characters of a-z, 0-9, dot and hyphen that start and end with a letter or digit.
func isSlug(_ text: String) -> Bool {
    func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    let bytes = text.utf8
    guard (2...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else {
        return false
    }
    return isLetterOrDigit(first) && isLetterOrDigit(last)
        && bytes.allSatisfy {
            isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
}

/// An institution's id in the registry, for example `kwp-lublin`.
public struct InstitutionID: Identifier {
    /// The slug.
    public let text: String
    /// Takes a slug of 2 to 63 characters (a-z, 0-9, dot, hyphen).
    public init?(_ text: String) {
        guard isSlug(text) else { return nil }
        self.text = text
    }
}

/// A node's id in the registry, for example `kwp-lublin.main`: one set of keys, one connection.
public struct NodeID: Identifier {
    /// The slug.
    public let text: String
    /// Takes a slug of 2 to 63 characters (a-z, 0-9, dot, hyphen).
    public init?(_ text: String) {
        guard isSlug(text) else { return nil }
        self.text = text
    }
}

/// A voivodeship team's id in the registry, for example `team-06`.
public struct TeamID: Identifier {
    /// The slug.
    public let text: String
    /// Takes a slug of 2 to 63 characters (a-z, 0-9, dot, hyphen).
    public init?(_ text: String) {
        guard isSlug(text) else { return nil }
        self.text = text
    }
}

/// A region: a voivodeship as ISO 3166-2 (`PL-06`), or `PL` for the whole country.
public struct RegionCode: Identifier {
    /// `PL` or `PL-` and two digits.
    public let text: String
    /// The whole country.
    public static let country = RegionCode(unchecked: "PL")

    private init(unchecked text: String) {
        self.text = text
    }

    /// Takes `PL` or `PL-NN`.
    ///
    /// Whether the voivodeship exists is the vocabulary's question.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        guard
            text == "PL"
                || (bytes.count == 5 && text.hasPrefix("PL-") && isDigit(bytes[3])
                    && isDigit(bytes[4]))
        else { return nil }
        self.text = text
    }
}

/// A role at an institution, written `institution/role`, for example `kwp-lublin/duty-officer`.
public struct RoleAddress: Hashable, Sendable, CustomStringConvertible {
    /// The institution.
    public let institution: InstitutionID
    /// The role's slug.
    public let role: String

    /// Takes `institution/role`, both slugs.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let institution = InstitutionID(String(parts[0])),
            isSlug(String(parts[1]))
        else { return nil }
        self.institution = institution
        self.role = String(parts[1])
    }

    /// `institution/role`.
    public var description: String { "\(institution)/\(role)" }
}

/// A code of the vocabulary, for example `EX-LAB`: 1 to 32 printable ASCII characters, no space.
public struct Code: Identifier {
    /// The code.
    public let text: String
    /// Takes 1 to 32 printable ASCII characters without a space.
    public init?(_ text: String) {
        guard (1...32).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The refusal and error codes that wire, log, command line and documentation share. The list itself
// is Schemas/codes.json; RefusalCode+Known.swift is generated from it.

/// A text in the two languages of the desk.
public struct Bilingual: Hashable, Sendable {
    /// Polish, shown first.
    public let polish: String
    /// English, in full.
    public let english: String

    /// Takes both languages.
    public init(polish: String, english: String) {
        self.polish = polish
        self.english = english
    }
}

/// Why something was refused: a stable number and name, and a sentence for people.
public struct RefusalCode: Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire; never reused.
    public let number: UInt32
    /// The name in log, command line and documentation, for example `bad-signature`.
    public let name: String
    /// Whether the same request may succeed later without being changed.
    public let retryable: Bool
    /// What happened and what to do next.
    public let sentence: Bilingual

    /// Two codes are the same when their numbers are.
    public static func == (left: RefusalCode, right: RefusalCode) -> Bool {
        left.number == right.number
    }

    /// Hashes the number.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(number)
    }

    /// The code with this number, if it is on the list.
    public static func numbered(_ number: UInt32) -> RefusalCode? {
        byNumber[number]
    }

    /// The code's name.
    public var description: String { name }

    private static let byNumber = Dictionary(
        known.map { ($0.number, $0) },
        uniquingKeysWith: { first, _ in first }
    )
}

/// A refusal: the code and, where it helps, the field or rule that it is about.
///
/// A refusal is an answer, not an error: it never carries message content.
public struct Refusal: Hashable, Sendable {
    /// Why.
    public let code: RefusalCode
    /// Path of the field at fault, for example `selector.regions[0]`; empty when none.
    public let field: String
    /// Id of the deciding rule, for example `N1`; empty when none.
    public let rule: String
    /// What to do next, or what differs from the nearest grant; nil for the code's own sentence.
    public let help: Bilingual?

    /// Makes a refusal.
    public init(_ code: RefusalCode, field: String = "", rule: String = "", help: Bilingual? = nil)
    {
        self.code = code
        self.field = field
        self.rule = rule
        self.help = help
    }
}

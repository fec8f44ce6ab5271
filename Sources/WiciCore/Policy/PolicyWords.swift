// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The closed lists that rules are written in and that grow with vocabulary and schema: kinds of
// institution, message types, purposes. A word outside them stops a policy from loading.

/// The words of the policy language.
public struct PolicyWords: Hashable, Sendable {
    /// The policy's words for kinds of institution, for example `police`.
    public let kinds: [String]
    /// The kinds' codes, in the same order, for example `IK-POL`.
    public let kindCodes: [Code]
    /// The names of message types.
    public let types: [String]
    /// Which of them are broadcasts: types without a field for a person.
    public let broadcastTypes: Set<String>
    /// Which of them answer another message.
    public let replyTypes: Set<String>
    /// The purposes.
    public let purposes: [String]

    private let kindPlaces: [Code: Int]
    private let typePlaces: [String: Int]

    /// Most kinds of institution that rules can tell apart.
    public static let kindLimit = 32
    /// Most message types.
    public static let typeLimit = 24
    /// Most purposes.
    public static let purposeLimit = 8

    /// Makes the lists; `nil` when one is longer than rules can tell apart.
    public init?(
        kinds: [(word: String, code: Code)],
        types: [String],
        broadcastTypes: Set<String>,
        replyTypes: Set<String>,
        purposes: [String]
    ) {
        guard kinds.count <= Self.kindLimit, types.count <= Self.typeLimit,
            purposes.count <= Self.purposeLimit
        else { return nil }
        self.kinds = kinds.map(\.word)
        self.kindCodes = kinds.map(\.code)
        self.types = types
        self.broadcastTypes = broadcastTypes
        self.replyTypes = replyTypes
        self.purposes = purposes
        self.kindPlaces = Dictionary(
            kinds.enumerated().map { ($1.code, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        self.typePlaces = Dictionary(
            types.enumerated().map { ($1, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The place of a kind's code.
    public func kind(_ code: Code) -> Int? { kindPlaces[code] }
    /// The place of a message type.
    public func type(_ name: String) -> Int? { typePlaces[name] }
    /// The place of a purpose.
    public func purpose(_ word: String) -> Int? { purposes.firstIndex(of: word) }
}

extension PolicyWords {
    /// The words of this release's vocabulary and schema.
    public static let current: PolicyWords = {
        let vocabulary = Vocabulary.current
        let types = MessageSchema.all
        let words = PolicyWords(
            kinds: vocabulary["institution-kind"].entries.compactMap { entry in
                entry.word.map { ($0, entry.code) }
            },
            types: types.map(\.type),
            broadcastTypes: Set(types.filter(\.isBroadcast).map(\.type)),
            replyTypes: Set(types.filter(\.isReply).map(\.type)),
            purposes: vocabulary["purpose"].entries.map(\.code.text)
        )
        guard let words else {
            preconditionFailure("The vocabulary has outgrown the policy's masks.")
        }
        return words
    }()
}

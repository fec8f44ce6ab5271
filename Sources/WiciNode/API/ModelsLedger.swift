// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Subscriptions, ledger pages and proofs as the local API shows them.

public import Foundation
public import WiciCore

/// What a node wants among the messages it may receive; an empty list wants all.
public struct SubscriptionModel: Codable, Hashable, Sendable {
    /// Message types.
    public var types: [String]
    /// Regions; a message for the whole country matches each.
    public var regions: [String]
    /// The least urgency; empty wants all.
    public var urgencyFrom: String
    /// Topic codes.
    public var topics: [String]
    /// Kinds of the sending institution.
    public var senderKinds: [String]
    /// actual, exercise, test.
    public var statuses: [String]

    /// Makes a subscription; without arguments it wants everything.
    public init(
        types: [String] = [],
        regions: [String] = [],
        urgencyFrom: String = "",
        topics: [String] = [],
        senderKinds: [String] = [],
        statuses: [String] = []
    ) {
        self.types = types
        self.regions = regions
        self.urgencyFrom = urgencyFrom
        self.topics = topics
        self.senderKinds = senderKinds
        self.statuses = statuses
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case types, regions, urgencyFrom, topics, senderKinds, statuses
    }

    /// Reads a subscription.
    ///
    /// A key that is left out wants all; a key that is unknown is refused, because a misspelt
    /// condition would widen the subscription.
    public init(from decoder: any Decoder) throws {
        let known = Set(CodingKeys.allCases.map(\.stringValue))
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys
        if let unknown = given.first(where: { !known.contains($0.stringValue) }) {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath + [unknown], debugDescription: "unknown key")
            )
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func list(_ key: CodingKeys) throws -> [String] {
            try container.decodeIfPresent([String].self, forKey: key) ?? []
        }
        self.init(
            types: try list(.types),
            regions: try list(.regions),
            urgencyFrom: try container.decodeIfPresent(String.self, forKey: .urgencyFrom) ?? "",
            topics: try list(.topics),
            senderKinds: try list(.senderKinds),
            statuses: try list(.statuses)
        )
    }
}

/// Any key of a JSON object.
private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
}

/// A node's subscriptions, as a request or an answer.
public struct SubscriptionList: Codable, Hashable, Sendable {
    /// The subscriptions; a message is wanted when one of them matches.
    public var subscriptions: [SubscriptionModel]

    /// Makes a list.
    public init(_ subscriptions: [SubscriptionModel]) {
        self.subscriptions = subscriptions
    }
}

/// One entry of the ledger, with its opening where the reader is entitled to it.
public struct LedgerEntryModel: Codable, Hashable, Sendable {
    /// Place in the ledger.
    public var index: LedgerIndex
    /// The 33 leaf bytes (base64 in JSON).
    public var leaf: Data
    /// The 32-byte salt; empty when erased.
    public var salt: Data
    /// Exact bytes of the record; empty when erased.
    public var record: Data
    /// The record in the protobuf JSON mapping; `nil` when erased or unreadable.
    public var content: JSONValue?

    /// Makes an entry.
    public init(
        index: LedgerIndex,
        leaf: Data,
        salt: Data,
        record: Data,
        content: JSONValue? = nil
    ) {
        self.index = index
        self.leaf = leaf
        self.salt = salt
        self.record = record
        self.content = content
    }
}

/// A stretch of the ledger.
public struct LedgerPageModel: Codable, Hashable, Sendable {
    /// The entries in order.
    public var entries: [LedgerEntryModel]
    /// The checkpoint in force, a signed note.
    public var checkpoint: String

    /// Makes a page.
    public init(entries: [LedgerEntryModel], checkpoint: String) {
        self.entries = entries
        self.checkpoint = checkpoint
    }
}

/// Proof that a message's acceptance is in the ledger.
public struct ProofModel: Codable, Hashable, Sendable {
    /// The entry with its opening.
    public var entry: LedgerEntryModel
    /// Size of the tree that the path belongs to.
    public var size: UInt64
    /// Hashes from leaf to root, 32 bytes each.
    public var path: [Data]
    /// Checkpoint of that size, a signed note.
    public var checkpoint: String

    /// Makes a proof.
    public init(entry: LedgerEntryModel, size: UInt64, path: [Data], checkpoint: String) {
        self.entry = entry
        self.size = size
        self.path = path
        self.checkpoint = checkpoint
    }
}

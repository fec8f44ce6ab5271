// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What an institution wants among the messages that it may have. A subscription never widens who is
// eligible; it only narrows, and one that could never match anything is refused with the reason.

/// A subscription: each list that is not empty must match, an empty list matches all.
public struct Subscription: Hashable, Sendable {
    /// Message types.
    public let types: [String]
    /// Regions that the selector covers; one that covers the whole country covers every region.
    public let regions: [RegionCode]
    /// Least urgency, 1 to 4; `nil` for any.
    public let urgencyAtLeast: Int?
    /// Topic codes, of which one suffices.
    public let topics: [Code]
    /// Kinds of the sender's institution.
    public let senderKinds: [Code]
    /// Statuses.
    public let statuses: [MessageStatus]

    /// Most entries of one list.
    public static let limit = 64

    private static let voivodeships = Set(
        Vocabulary.current["voivodeship"].entries.map { $0.attributes["iso"] ?? $0.code.text }
    )

    /// Makes a subscription; order and repetition carry no meaning and are removed.
    public init(
        types: [String] = [],
        regions: [RegionCode] = [],
        urgencyAtLeast: Int? = nil,
        topics: [Code] = [],
        senderKinds: [Code] = [],
        statuses: [MessageStatus] = []
    ) {
        self.types = Set(types).sorted()
        self.regions = Set(regions).sorted()
        self.urgencyAtLeast = urgencyAtLeast
        self.topics = Set(topics).sorted()
        self.senderKinds = Set(senderKinds).sorted()
        self.statuses = Set(statuses).sorted { $0.place < $1.place }
    }

    /// Reads a subscription from the wire; refuses words that are not of their list.
    public init(
        wire: WireSubscription,
        words: PolicyWords = .current
    ) throws(RoutingRefusal) {
        let urgency: Int?
        if wire.urgencyFrom.isEmpty {
            urgency = nil
        } else {
            guard let rank = SubscriptionFacts.rank(ofUrgency: wire.urgencyFrom) else {
                throw Self.fault("urgency_from")
            }
            urgency = rank
        }
        self.init(
            types: try Self.read(wire.types, "types") { words.type($0) == nil ? nil : $0 },
            regions: try Self.read(wire.regions, "regions") { text in
                RegionCode(text).flatMap {
                    $0 == .country || Self.voivodeships.contains($0.text) ? $0 : nil
                }
            },
            urgencyAtLeast: urgency,
            topics: try Self.read(wire.topics, "topics", Code.init),
            senderKinds: try Self.read(wire.senderKinds, "sender_kinds") { text in
                Code(text).flatMap { words.kind($0) == nil ? nil : $0 }
            },
            statuses: try Self.read(wire.statuses, "statuses", MessageStatus.init(rawValue:))
        )
    }

    /// The subscription as it travels.
    public var wire: WireSubscription {
        var wire = WireSubscription()
        wire.types = types
        wire.regions = regions.map(\.text)
        wire.urgencyFrom = urgencyAtLeast.map { "UR-\($0)" } ?? ""
        wire.topics = topics.map(\.text)
        wire.senderKinds = senderKinds.map(\.text)
        wire.statuses = statuses.map(\.rawValue)
        return wire
    }

    /// Whether a message is wanted.
    public func matches(_ facts: SubscriptionFacts) -> Bool {
        (types.isEmpty || types.contains(facts.type))
            && (statuses.isEmpty || statuses.contains(facts.status))
            && (senderKinds.isEmpty || senderKinds.contains(facts.senderKind))
            && (urgencyAtLeast.map { facts.urgency >= $0 } ?? true)
            && (topics.isEmpty || topics.contains(where: facts.topics.contains))
            && (regions.isEmpty || facts.regions.contains(.country) || regions.contains(.country)
                || regions.contains(where: facts.regions.contains))
    }

    private static func fault(_ field: String) -> RoutingRefusal {
        RoutingRefusal(Refusal(.subscriptionFault, field: field))
    }

    private static func read<Item>(
        _ texts: [String],
        _ field: String,
        _ parse: (String) -> Item?
    ) throws(RoutingRefusal) -> [Item] {
        guard texts.count <= limit else {
            throw RoutingRefusal(Refusal(.subscriptionLimit, field: field))
        }
        var items: [Item] = []
        for (index, text) in texts.enumerated() {
            guard let item = parse(text) else { throw fault("\(field)[\(index)]") }
            items.append(item)
        }
        return items
    }
}

/// What subscriptions ask of a message.
public struct SubscriptionFacts: Hashable, Sendable {
    /// The message type.
    public let type: String
    /// The regions that the selector covers; `PL` when it is not bound to any.
    public let regions: [RegionCode]
    /// Urgency, 1 to 4.
    public let urgency: Int
    /// Topic codes.
    public let topics: [Code]
    /// Kind of the sender's institution.
    public let senderKind: Code
    /// Actual, exercise or test.
    public let status: MessageStatus

    /// Makes facts.
    public init(
        type: String,
        regions: [RegionCode],
        urgency: Int,
        topics: [Code],
        senderKind: Code,
        status: MessageStatus
    ) {
        self.type = type
        self.regions = regions
        self.urgency = urgency
        self.topics = topics
        self.senderKind = senderKind
        self.status = status
    }

    /// Takes the facts from a header; refuses words that are not of their list, naming the field.
    public init(header: WireHeader, registry: Registry) throws(RoutingRefusal) {
        guard let node = NodeID(header.sender), let sender = registry.institution(of: node) else {
            throw RoutingRefusal(Refusal(.unknownKey, field: "sender"))
        }
        guard let urgency = Self.rank(ofUrgency: header.urgency) else {
            throw .unknownLabel("urgency")
        }
        guard let status = MessageStatus(rawValue: header.status) else {
            throw .unknownLabel("status")
        }
        let selector = try MessageSelector(wire: header.selector)
        let regions =
            !selector.regions.isEmpty
            ? selector.regions
            : !selector.teams.isEmpty
                ? selector.teams.compactMap { registry.team($0)?.region } : [.country]
        self.init(
            type: header.type,
            regions: regions,
            urgency: urgency,
            topics: header.topics.compactMap(Code.init),
            senderKind: sender.kind,
            status: status
        )
    }

    /// The rank of `UR-1` to `UR-4`.
    static func rank(ofUrgency code: String) -> Int? {
        switch code {
        case "UR-1": 1
        case "UR-2": 2
        case "UR-3": 3
        case "UR-4": 4
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Everything in a header that decides who is eligible, and nothing else: two messages with equal
// facts have the same eligible set under the same registry, policy and day, so the hub computes it
// once.

/// Whom a message is meant for, checked and in order.
public struct MessageSelector: Hashable, Sendable {
    /// Voivodeships, or the whole country.
    public let regions: [RegionCode]
    /// Kinds of institution.
    public let kinds: [Code]
    /// Teams.
    public let teams: [TeamID]
    /// Named institutions.
    public let institutions: [InstitutionID]
    /// Named roles.
    public let roles: [RoleAddress]

    /// Makes a selector; order and repetition carry no meaning and are removed.
    public init(
        regions: [RegionCode] = [],
        kinds: [Code] = [],
        teams: [TeamID] = [],
        institutions: [InstitutionID] = [],
        roles: [RoleAddress] = []
    ) {
        self.regions = Set(regions).sorted()
        self.kinds = Set(kinds).sorted()
        self.teams = Set(teams).sorted()
        self.institutions = Set(institutions).sorted()
        self.roles = Set(roles).sorted { $0.description < $1.description }
    }

    /// Whether regions, kinds or teams select anybody.
    public var selectsByList: Bool { !regions.isEmpty || !kinds.isEmpty || !teams.isEmpty }
}

/// The labels of a message that decide who is eligible.
public struct RoutingFacts: Hashable, Sendable {
    /// The sending node.
    public let sender: NodeID
    /// The message type.
    public let type: String
    /// The TLP label.
    public let marking: Marking
    /// Personal data.
    public let data: PersonalData
    /// The purpose.
    public let purpose: String
    /// The legal regime.
    public let regime: LegalRegime
    /// Actual, exercise or test.
    public let status: MessageStatus
    /// Whether the body is sealed.
    public let isSealed: Bool
    /// Whom it is meant for.
    public let selector: MessageSelector

    /// Makes facts.
    public init(
        sender: NodeID,
        type: String,
        marking: Marking,
        data: PersonalData,
        purpose: String,
        regime: LegalRegime,
        status: MessageStatus,
        isSealed: Bool,
        selector: MessageSelector
    ) {
        self.sender = sender
        self.type = type
        self.marking = marking
        self.data = data
        self.purpose = purpose
        self.regime = regime
        self.status = status
        self.isSealed = isSealed
        self.selector = selector
    }

    /// Takes the facts from a header; refuses words that are not of their list, naming the field.
    public init(header: WireHeader) throws(RoutingRefusal) {
        guard let sender = NodeID(header.sender) else { throw .unknownLabel("sender") }
        guard let marking = Marking(label: header.tlp) else { throw .unknownLabel("tlp") }
        guard let level = DataLevel(rawValue: header.dataLevel) else {
            throw .unknownLabel("data_level")
        }
        let subject = DataSubject(rawValue: header.dataSubject)
        guard header.dataSubject.isEmpty || subject != nil,
            let data = PersonalData(level: level, subject: subject)
        else { throw .unknownLabel("data_subject") }
        guard let regime = LegalRegime(rawValue: header.regime) else {
            throw .unknownLabel("regime")
        }
        guard let status = MessageStatus(rawValue: header.status) else {
            throw .unknownLabel("status")
        }
        self.init(
            sender: sender,
            type: header.type,
            marking: marking,
            data: data,
            purpose: header.purpose,
            regime: regime,
            status: status,
            isSealed: header.hasSeal,
            selector: try MessageSelector(wire: header.selector)
        )
    }
}

/// Thrown where a header or a selector is refused before or by the rules.
public struct RoutingRefusal: Error, Hashable, Sendable {
    /// The refusal to be answered.
    public let refusal: Refusal

    /// Wraps a refusal.
    public init(_ refusal: Refusal) { self.refusal = refusal }

    static func unknownLabel(_ field: String) -> RoutingRefusal {
        RoutingRefusal(Refusal(.labelUnknown, field: field))
    }
}

extension MessageSelector {
    /// Most entries of one list of a selector.
    public static let limit = 200

    /// Reads a header's selector; refuses what is not an id, naming the entry.
    public init(wire: WireSelector) throws(RoutingRefusal) {
        self.init(
            regions: try Self.read(wire.regions, "regions", RegionCode.init),
            kinds: try Self.read(wire.kinds, "kinds", Code.init),
            teams: try Self.read(wire.teams, "teams", TeamID.init),
            institutions: try Self.read(wire.institutions, "institutions", InstitutionID.init),
            roles: try Self.read(wire.roles, "roles", RoleAddress.init)
        )
    }

    private static func read<ID>(
        _ texts: [String],
        _ field: String,
        _ parse: (String) -> ID?
    ) throws(RoutingRefusal) -> [ID] {
        guard texts.count <= limit else {
            throw RoutingRefusal(Refusal(.headerFault, field: "selector.\(field)"))
        }
        var ids: [ID] = []
        ids.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            guard let id = parse(text) else { throw .unknownLabel("selector.\(field)[\(index)]") }
            ids.append(id)
        }
        return ids
    }
}

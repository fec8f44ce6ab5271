// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The labels on which rules decide and whose meaning is fixed by this program. Lists that may grow
// with the vocabulary (kinds of institution, message types, purposes) are in PolicyWords.

/// A TLP 2.0 label, from open to strict.
public enum Marking: UInt8, Hashable, Sendable, CaseIterable, Comparable {
    /// TLP:CLEAR, no limit.
    case clear
    /// TLP:GREEN, the community.
    case green
    /// TLP:AMBER, the institution and its subordinate units.
    case amber
    /// TLP:AMBER+STRICT, the institution only.
    case amberStrict
    /// TLP:RED, named roles only.
    case red

    /// The label as it travels.
    public var label: String {
        switch self {
        case .clear: "TLP:CLEAR"
        case .green: "TLP:GREEN"
        case .amber: "TLP:AMBER"
        case .amberStrict: "TLP:AMBER+STRICT"
        case .red: "TLP:RED"
        }
    }

    /// Takes a label as it travels.
    public init?(label: String) {
        guard let marking = Self.allCases.first(where: { $0.label == label }) else { return nil }
        self = marking
    }

    /// Orders from open to strict.
    public static func < (left: Marking, right: Marking) -> Bool { left.rawValue < right.rawValue }
}

/// Whose data a message holds (list `data-subject`).
public enum DataSubject: String, Hashable, Sendable, CaseIterable {
    /// A suspect.
    case suspect
    /// A convicted person.
    case convicted
    /// A victim.
    case victim
    /// A witness.
    case witness
    /// Anybody else.
    case other
}

/// How much personal data a message holds (list `data-level`).
public enum DataLevel: String, Hashable, Sendable, CaseIterable, Comparable {
    /// No personal data.
    case none
    /// Personal data.
    case personal
    /// Special categories of data (GDPR article 9).
    case special

    /// Orders by how much.
    public static func < (left: DataLevel, right: DataLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .none: 0
        case .personal: 1
        case .special: 2
        }
    }
}

/// The level of personal data and, where there is any, whom it is about.
public enum PersonalData: Hashable, Sendable {
    /// No personal data.
    case none
    /// Personal data about somebody.
    case personal(DataSubject)
    /// Special categories of data about somebody.
    case special(DataSubject)

    /// Combines the header's two labels; `nil` when a subject is missing or out of place.
    public init?(level: DataLevel, subject: DataSubject?) {
        switch (level, subject) {
        case (.none, nil): self = .none
        case (.personal, let subject?): self = .personal(subject)
        case (.special, let subject?): self = .special(subject)
        case (.none, .some), (.personal, nil), (.special, nil): return nil
        }
    }

    /// The level alone.
    public var level: DataLevel {
        switch self {
        case .none: .none
        case .personal: .personal
        case .special: .special
        }
    }

    /// Whom the data is about.
    public var subject: DataSubject? {
        switch self {
        case .none: nil
        case .personal(let subject), .special(let subject): subject
        }
    }

    /// Every value: none, then personal, then special.
    static let all: [PersonalData] =
        [.none] + DataSubject.allCases.map(PersonalData.personal)
        + DataSubject.allCases.map(PersonalData.special)

    var place: Int {
        switch self {
        case .none: 0
        case .personal(let subject): 1 + subject.place
        case .special(let subject): 1 + DataSubject.allCases.count + subject.place
        }
    }
}

extension DataSubject {
    var place: Int {
        switch self {
        case .suspect: 0
        case .convicted: 1
        case .victim: 2
        case .witness: 3
        case .other: 4
        }
    }
}

/// The regime under which the sender handles data (list `regime`).
public enum LegalRegime: String, Hashable, Sendable, CaseIterable {
    /// GDPR.
    case gdpr
    /// The act of 14 December 2018 (law-enforcement directive).
    case led
}

/// Whether a message is meant (list `status`).
public enum MessageStatus: String, Hashable, Sendable, CaseIterable {
    /// Meant.
    case actual
    /// Part of an exercise.
    case exercise
    /// A test of the link.
    case test
}

/// Where the recipient stands to sender and selector.
public enum RegionRelation: String, Hashable, Sendable, CaseIterable {
    /// Neither shares a region with the sender nor is named.
    case other
    /// Shares a region with the sender; national institutions share one with everybody.
    case same
    /// Is named, or acts in a voivodeship that the selector names.
    case named
    /// Both.
    case both

    /// Combines the two questions.
    public init(isSame: Bool, isNamed: Bool) {
        switch (isSame, isNamed) {
        case (false, false): self = .other
        case (true, false): self = .same
        case (false, true): self = .named
        case (true, true): self = .both
        }
    }

    var place: Int {
        switch self {
        case .other: 0
        case .same: 1
        case .named: 2
        case .both: 3
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One rule of a policy, and sets of rules.

/// A grant or a never.
public struct PolicyRule: Hashable, Sendable {
    /// The rule's id, for example `G1` or `N1`.
    public let id: String
    /// What the rule says to people.
    public let says: Bilingual
    /// The agreement or act it rests on; shown, never evaluated.
    public let basis: String
    /// The last day on which a grant holds; `nil` for no end.
    public let until: CivilDate?
    /// The cases it covers.
    var mask: CaseMask

    /// Whether the rule holds on a day.
    public func holds(on date: CivilDate) -> Bool { until.map { date <= $0 } ?? true }

    /// The least open to strictest label that it covers.
    public var markings: [Marking] {
        Marking.allCases.filter { mask[.marking] & 1 << UInt64($0.rawValue) != 0 }
    }

    /// Places of the sender kinds that it covers.
    public var senders: [Int] { mask[.sender].places }
    /// Places of the recipient kinds that it covers.
    public var recipients: [Int] { mask[.recipient].places }
    /// Places of the types that it covers.
    public var types: [Int] { mask[.type].places }
    /// Whether it covers sealed messages only.
    public var isForSealedOnly: Bool { mask[.sealing] == 2 }
}

extension UInt64 {
    /// The places of the bits that are set, lowest first.
    var places: [Int] {
        var rest = self
        var places: [Int] = []
        while rest != 0 {
            places.append(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
        return places
    }
}

/// A set of at most 256 rules, by place, without the heap.
public struct RuleSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Most rules of one kind in a policy.
    public static let limit = 256

    /// The empty set.
    public init() {}

    /// Whether there is no rule in it.
    public var isEmpty: Bool { words.0 | words.1 | words.2 | words.3 == 0 }

    mutating func insert(_ place: Int) {
        let bit = UInt64(1) << UInt64(place & 63)
        switch place >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    /// The places of the rules in order.
    public var places: [Int] {
        [words.0, words.1, words.2, words.3].enumerated().flatMap { index, word in
            word.places.map { $0 + index * 64 }
        }
    }

    /// Compares the members.
    public static func == (left: RuleSet, right: RuleSet) -> Bool { left.words == right.words }

    /// Hashes the members.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

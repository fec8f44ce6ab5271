// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Rules and cases as two machine words. Every dimension of the domain has one bit for each of its
// values: a case sets one bit of every dimension, a rule all that it covers, and the rule covers the
// case when the case has no bit that the rule lacks. One decision is two ANDs a rule, and nothing in
// it can fail.

/// A dimension of the domain on which rules decide.
public enum PolicyDimension: Int, Hashable, Sendable, CaseIterable {
    /// Kind of the sender's institution.
    case sender
    /// Kind of the recipient's institution.
    case recipient
    /// Message type.
    case type
    /// TLP label.
    case marking
    /// Where the recipient stands.
    case region
    /// Level of personal data and whom it is about.
    case data
    /// Purpose.
    case purpose
    /// Legal regime.
    case regime
    /// Actual, exercise or test.
    case status
    /// Sealed or not.
    case sealing

    /// What the dimension is called.
    public var name: Bilingual {
        switch self {
        case .sender: Bilingual(polish: "nadawca", english: "sender")
        case .recipient: Bilingual(polish: "odbiorca", english: "recipient")
        case .type: Bilingual(polish: "typ", english: "type")
        case .marking: Bilingual(polish: "oznaczenie TLP", english: "TLP marking")
        case .region: Bilingual(polish: "obszar", english: "region")
        case .data: Bilingual(polish: "dane osobowe", english: "personal data")
        case .purpose: Bilingual(polish: "cel", english: "purpose")
        case .regime: Bilingual(polish: "reżim prawny", english: "legal regime")
        case .status: Bilingual(polish: "status", english: "status")
        case .sealing: Bilingual(polish: "pieczęć", english: "seal")
        }
    }

    /// First bit of the dimension in its word.
    var offset: Int {
        switch self {
        case .sender: 0
        case .recipient: 32
        case .type: 0
        case .marking: 24
        case .region: 29
        case .data: 33
        case .purpose: 44
        case .regime: 52
        case .status: 54
        case .sealing: 57
        }
    }

    /// Number of bits kept for the dimension.
    var width: Int {
        switch self {
        case .sender, .recipient: PolicyWords.kindLimit
        case .type: PolicyWords.typeLimit
        case .marking: 5
        case .region: 4
        case .data: 11
        case .purpose: PolicyWords.purposeLimit
        case .regime: 2
        case .status: 3
        case .sealing: 2
        }
    }

    var isOfKinds: Bool { self == .sender || self == .recipient }

    var bits: UInt64 { (1 << UInt64(width) - 1) << UInt64(offset) }
}

/// A set of cases that is a product of one set of values for each dimension.
struct CaseMask: Hashable, Sendable {
    var kinds: UInt64
    var labels: UInt64

    static let everything = CaseMask(kinds: .max, labels: .max)
    static let nothing = CaseMask(kinds: 0, labels: 0)

    @inline(__always)
    func covers(_ other: CaseMask) -> Bool {
        (other.kinds & ~kinds) | (other.labels & ~labels) == 0
    }

    /// The values of one dimension, bit 0 first.
    subscript(dimension: PolicyDimension) -> UInt64 {
        get {
            let word = dimension.isOfKinds ? kinds : labels
            return (word & dimension.bits) >> UInt64(dimension.offset)
        }
        set {
            let bits = dimension.bits
            let value = (newValue << UInt64(dimension.offset)) & bits
            if dimension.isOfKinds {
                kinds = kinds & ~bits | value
            } else {
                labels = labels & ~bits | value
            }
        }
    }

    /// The dimensions in which a case lies outside.
    func dimensionsMissed(by other: CaseMask) -> [PolicyDimension] {
        let missing = CaseMask(kinds: other.kinds & ~kinds, labels: other.labels & ~labels)
        return PolicyDimension.allCases.filter { missing[$0] != 0 }
    }
}

/// One case to be decided: everything about a sender, a recipient and a message that rules may ask.
public struct PolicyCase: Hashable, Sendable {
    var mask: CaseMask

    /// Makes a case; kinds, type and purpose are places in the policy's words.
    public init(
        sender: Int,
        recipient: Int,
        type: Int,
        marking: Marking,
        region: RegionRelation,
        data: PersonalData,
        purpose: Int,
        regime: LegalRegime,
        status: MessageStatus,
        isSealed: Bool
    ) {
        var mask = CaseMask.nothing
        mask[.sender] = 1 << UInt64(sender)
        mask[.recipient] = 1 << UInt64(recipient)
        mask[.type] = 1 << UInt64(type)
        mask[.marking] = 1 << UInt64(marking.rawValue)
        mask[.region] = 1 << UInt64(region.place)
        mask[.data] = 1 << UInt64(data.place)
        mask[.purpose] = 1 << UInt64(purpose)
        mask[.regime] = regime == .gdpr ? 1 : 2
        mask[.status] = 1 << UInt64(status.place)
        mask[.sealing] = isSealed ? 2 : 1
        self.mask = mask
    }

    init(mask: CaseMask) { self.mask = mask }

    /// The case for another recipient.
    func with(recipient: Int, region: RegionRelation) -> PolicyCase {
        var copy = self
        copy.mask[.recipient] = 1 << UInt64(recipient)
        copy.mask[.region] = 1 << UInt64(region.place)
        return copy
    }

    /// Place of the sender's kind.
    public var sender: Int { mask[.sender].trailingZeroBitCount }
    /// Place of the recipient's kind.
    public var recipient: Int { mask[.recipient].trailingZeroBitCount }
    /// Place of the type.
    public var type: Int { mask[.type].trailingZeroBitCount }
    /// TLP label.
    public var marking: Marking {
        Marking(rawValue: UInt8(mask[.marking].trailingZeroBitCount)) ?? .red
    }
    /// Where the recipient stands.
    public var region: RegionRelation {
        RegionRelation.allCases[mask[.region].trailingZeroBitCount]
    }
    /// Personal data.
    public var data: PersonalData { PersonalData.all[mask[.data].trailingZeroBitCount] }
    /// Place of the purpose.
    public var purpose: Int { mask[.purpose].trailingZeroBitCount }
    /// Legal regime.
    public var regime: LegalRegime { mask[.regime] == 1 ? .gdpr : .led }
    /// Status.
    public var status: MessageStatus {
        MessageStatus.allCases[mask[.status].trailingZeroBitCount]
    }
    /// Whether the body is sealed.
    public var isSealed: Bool { mask[.sealing] == 2 }
}

extension MessageStatus {
    var place: Int {
        switch self {
        case .actual: 0
        case .exercise: 1
        case .test: 2
        }
    }
}

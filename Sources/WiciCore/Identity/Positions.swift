// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Positions and moments: a place in the ledger, a number in a mailbox, a point in time. Bare
// integers would let one stand in for another.

/// A place in the ledger: the first entry is 0.
public struct LedgerIndex: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The place, from 0.
    public let value: UInt64
    /// Takes a place, from 0.
    public init(_ value: UInt64) { self.value = value }
    /// Orders by place.
    public static func < (left: LedgerIndex, right: LedgerIndex) -> Bool {
        left.value < right.value
    }
    /// The place in digits.
    public var description: String { String(value) }
}

/// A message's number in one node's mailbox: the first is 1 and there are no gaps.
public struct MailboxNumber: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number; 0 stands for "nothing yet".
    public let value: UInt64
    /// Takes a number; 0 stands for "nothing yet".
    public init(_ value: UInt64) { self.value = value }
    /// Nothing yet.
    public static let none = MailboxNumber(0)
    /// The number after this one.
    public var next: MailboxNumber { MailboxNumber(value + 1) }
    /// Orders by number.
    public static func < (left: MailboxNumber, right: MailboxNumber) -> Bool {
        left.value < right.value
    }
    /// The number in digits.
    public var description: String { String(value) }
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
///
/// The core is given moments and never asks for one.
public struct Moment: Hashable, Sendable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64
    /// Takes milliseconds since 1970-01-01T00:00:00Z.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    /// Orders by time.
    public static func < (left: Moment, right: Moment) -> Bool {
        left.milliseconds < right.milliseconds
    }
    /// This moment and a number of milliseconds more.
    public func adding(milliseconds delta: Int64) -> Moment {
        Moment(milliseconds: milliseconds + delta)
    }
}

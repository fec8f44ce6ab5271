// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How much one member may ask of the hub, so that none takes what the others need: an allowance that
// fills up steadily, and a tally of refusals that keeps a flooder from filling the disk with them.

import WiciCore

/// What an operator lets each member do.
public struct MemberLimits: Sendable, Equatable {
    /// Messages a second over a long time; ten times as many at once.
    public var envelopesPerSecond: Int

    /// Bytes of packets a second over a long time, twice as many at once: 8 KiB for each message, and
    /// never less than 16 MiB, because not every packet is a message.
    var packetBytesPerSecond: Int { max(16 << 20, envelopesPerSecond * (8 << 10)) }

    /// The limits that `hub.yaml` has unless it says otherwise.
    public static let standard = MemberLimits(envelopesPerSecond: 2_000)

    /// Takes limits.
    public init(envelopesPerSecond: Int) {
        self.envelopesPerSecond = envelopesPerSecond
    }
}

/// An amount that is spent and comes back steadily (a token bucket that may go into debt once).
struct Allowance: Sendable, Equatable {
    private let perSecond: Double
    private let most: Double
    private var left: Double
    private var countedAt: Moment?

    init(perSecond: Int, atOnce: Int) {
        self.perSecond = Double(perSecond)
        most = Double(atOnce)
        left = Double(atOnce)
    }

    /// Spends an amount while anything is left; false when nothing is.
    mutating func spend(_ amount: Int, now: Moment) -> Bool {
        if let countedAt, countedAt < now {
            let seconds = Double(now.milliseconds - countedAt.milliseconds) / 1_000
            left = min(most, left + seconds * perSecond)
        }
        countedAt = now
        guard left > 0 else { return false }
        left -= Double(amount)
        return true
    }

    /// Puts right what was spent on an estimate.
    mutating func settle(estimate: Int, actual: Int) {
        left = min(most, left + Double(estimate - actual))
    }
}

/// One member's allowances, whatever connections it opens.
struct MemberAllowance: Sendable, Equatable {
    /// Messages submitted.
    var envelopes: Allowance
    /// Packets of every kind.
    var packets = Allowance(perSecond: 5_000, atOnce: 20_000)
    /// Bytes of packets of every kind, counted before anything is read in them.
    var packetBytes: Allowance
    /// Hellos: each is answered with registry, policy and mail.
    var hellos = Allowance(perSecond: 1, atOnce: 60)
    /// Recipient sets that nobody has used lately: the ledger stores each new one, and the hub knows
    /// it for ever.
    var recipientSets = Allowance(perSecond: 20, atOnce: 2_000)
    /// What costs a reading of the ledger or a record: subscribe, fetch, prove, read-ledger.
    var requests = Allowance(perSecond: 100, atOnce: 1_000)
    /// What subscriptions are made of, and twenty for each time that they are changed: a change is a
    /// record, and makes the hub ask anew who receives what.
    var subscriptionItems = Allowance(perSecond: 500, atOnce: 10_000)
    /// Bytes of answers that no credit bounds; the largest is spent before anything is read, and
    /// what it was less comes back.
    var answerBytes = Allowance(perSecond: 8 << 20, atOnce: 16 << 20)
    var refusals = RefusalTally()

    init(_ limits: MemberLimits) {
        envelopes = Allowance(
            perSecond: limits.envelopesPerSecond,
            atOnce: limits.envelopesPerSecond * 10
        )
        packetBytes = Allowance(
            perSecond: limits.packetBytesPerSecond,
            atOnce: limits.packetBytesPerSecond * 2
        )
    }
}

/// A member's refusals in the present minute: the first are recorded one by one, the rest as a number.
struct RefusalTally: Sendable, Equatable {
    private var minute: Int64 = 0
    private var recorded = 0
    private var counted = 0
    private var last = Refusal(.rateLimited)

    /// Refusals of a member that get records of their own in a minute.
    static let recordedPerMinute = 600

    /// Whether this refusal gets a record of its own; otherwise it is counted.
    mutating func records(_ refusal: Refusal) -> Bool {
        if recorded < Self.recordedPerMinute, refusal.code != .rateLimited {
            recorded += 1
            return true
        }
        counted += 1
        last = refusal
        return false
    }

    /// How many were only counted, and why the last of them was refused, once a minute is over.
    mutating func closeMinute(now: Moment) -> (count: Int, last: Refusal)? {
        let present = now.milliseconds / 60_000
        guard present != minute else { return nil }
        defer { self = RefusalTally(minute: present) }
        return counted > 0 ? (counted, last) : nil
    }

    init() {}

    private init(minute: Int64) { self.minute = minute }
}

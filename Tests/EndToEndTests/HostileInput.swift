// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a broken or hostile member may send, each with the one refusal that it must get.

import Foundation
import NetworkRig
import SwiftProtobuf
import Testing
import WiciCore

@testable import WiciNode

/// One frame and the refusal that answers it.
struct HostileInput: Sendable {
    let what: String
    let frame: Data
    let code: String
    /// The field that the refusal names.
    let field: String
    /// The rule that the refusal names: empty where none decides, nil where it is a hint alone.
    private(set) var rule: String? = ""

    init(_ what: String, _ frame: Data, _ code: String, _ field: String = "") {
        self.what = what
        self.frame = frame
        self.code = code
        self.field = field
    }

    init(_ what: String, _ letter: Letter, _ code: String, _ field: String = "") throws {
        self.init(what, .packet(try letter.submit()), code, field)
    }

    /// The same input, refused by this rule, or with whatever grant comes nearest.
    func by(_ rule: String?) -> HostileInput {
        var input = self
        input.rule = rule
        return input
    }

    init(_ what: String, envelope: Data, _ code: String) {
        self.init(what, .packet(.submit([envelope])), code)
    }
}

/// Spoils letters of the labour inspection in Lublin, in a network of four.
struct HostileMember {
    static let institutions = ["oip-lublin", "kwp-lublin", "nosg-chelm", "fundacja-przyklad"]

    let network: TestNetwork
    let member: TestNetwork.Member
    /// A good practice for everybody, TLP:GREEN.
    let good: Letter

    init(_ network: TestNetwork) throws {
        self.network = network
        member = try network.member("oip-lublin")
        good = try Letter("19", from: member)
    }

    // MARK: Identity and signature

    func forgeries() throws -> [HostileInput] {
        [
            try HostileInput(
                "a signature by a stranger",
                good.spoilt { $0.key = SigningKey() },
                bad
            ),
            try HostileInput(
                "an altered header",
                altered { $0.header = try Self.later($0.header) },
                bad
            ),
            try HostileInput("an altered body", altered { $0.body.append(0) }, bad),
            try HostileInput(
                "an altered signature",
                altered { $0.signature.signature[7] ^= 1 },
                bad
            ),
            try HostileInput(
                "a batch size that was not signed",
                altered { $0.signature.size = 2 },
                bad
            ),
            try HostileInput(
                "a place beyond the batch",
                altered { $0.signature.index = 1 },
                "malformed-envelope"
            ),
            try HostileInput(
                "no signature",
                altered { $0.clearSignature() },
                "malformed-envelope"
            ),
            try HostileInput(
                "another member's name",
                good.spoilt { $0.header.sender = "kwp-lublin.main" },
                "sender-mismatch",
                "sender"
            ),
            try HostileInput(
                "another member's letter with its signature",
                Letter("04", from: network.member("kwp-lublin")),
                "sender-mismatch",
                "sender"
            ),
        ]
    }

    private var bad: String { "bad-signature" }

    /// A letter whose envelope is changed after signing.
    private func altered(
        _ change: @escaping @Sendable (inout WireEnvelope) throws -> Void
    ) -> Letter {
        good.spoilt { letter in
            letter.afterSigning = { try? change(&$0) }
        }
    }

    // MARK: Rules

    func breachesOfRules() throws -> [HostileInput] {
        let alert = try Letter("01", from: member)
        let meeting = try Letter("34", from: member)
        func to(_ change: @escaping (inout WireSelector) -> Void) -> Letter {
            good.spoilt { change(&$0.header.selector) }
        }
        return [
            try HostileInput(
                "a type that no grant gives to the sender",
                meeting.spoilt { $0.header.selector = .with { $0.regions = ["PL-06"] } },
                "not-granted",
                "selector"
            ).by(nil),
            try HostileInput(
                "personal data in a message to everybody",
                try good.personal { $0.legalGround = "RODO art. 6" },
                "forbidden",
                "selector"
            ).by("N3"),
            try HostileInput(
                "a marking above the ceiling",
                good.spoilt { $0.header.tlp = "TLP:AMBER" },
                "marking-above-ceiling",
                "selector"
            ).by("G15"),
            try HostileInput(
                "a plain body where a seal is required",
                alert.spoilt { $0.header.tlp = "TLP:AMBER+STRICT" },
                "seal-required"
            ).by("G2"),
            try HostileInput(
                "a region without members",
                to { $0.regions = ["PL-32"] },
                "nobody-eligible",
                "selector"
            ),
            try HostileInput(
                "an institution that is no member",
                to { $0.institutions = ["nikt-taki"] },
                "recipient-unknown",
                "selector.institutions[0]"
            ),
            try HostileInput(
                "an institution without a node",
                to { $0.institutions = ["kwp-lublin", "uw-lublin"] },
                "recipient-without-node",
                "selector.institutions[1]"
            ),
            try HostileInput(
                "a role that the institution does not have",
                to { $0.roles = ["kwp-lublin/secretary"] },
                "role-unknown",
                "selector.roles[0]"
            ),
        ]
    }

    // MARK: Schema

    func faultsOfSchema() throws -> [HostileInput] {
        func header(_ change: @escaping (inout WireHeader) -> Void) -> Letter {
            good.spoilt { change(&$0.header) }
        }
        func fault(_ what: String, _ field: String, _ letter: Letter) throws -> HostileInput {
            try HostileInput(what, letter, "header-fault", field)
        }
        let longTitle = try good.withCommon { $0.title = String(repeating: "a", count: 161) }
        let groundless = try good.personal { _ in }
        return [
            try fault("TLP:RED without roles", "selector", header { $0.tlp = "TLP:RED" }),
            try fault("nobody selected", "selector", header { $0.selector = WireSelector() }),
            try fault("topics not of the body", "topics", header { $0.topics = ["GP-XYZ"] }),
            try fault("an unknown purpose", "purpose", header { $0.purpose = "curiosity" }),
            try fault("an unknown marking", "tlp", header { $0.tlp = "TLP:PINK" }),
            try fault("a schema to come", "schema", header { $0.schema = 99 }),
            try fault("an impossible day", "keepUntil", header { $0.keepUntil = "2027-02-30" }),
            try fault("kept for ever", "keepUntil", header { $0.keepUntil = "2099-01-01" }),
            try HostileInput(
                "an unknown type",
                header { $0.type = "rumour" },
                "schema-fault",
                "type"
            ),
            try HostileInput("a title too long", longTitle, "schema-fault", "common.title"),
            try HostileInput("no ground", groundless, "schema-fault", "common.legalGround"),
            try HostileInput(
                "an empty body",
                good.spoilt { $0.body = Data() },
                "schema-fault",
                "common"
            ),
            try HostileInput(
                "a body cut short",
                good.spoilt { $0.body.removeLast(3) },
                "schema-fault",
                "body"
            ),
            try HostileInput(
                "a body of 80,000 fields",
                good.spoilt { $0.body = Self.manyFields(80_000) },
                "schema-fault",
                "body"
            ),
            try HostileInput(
                "a body nested 50,000 deep",
                good.spoilt { $0.body = Self.nested(50_000) },
                "schema-fault",
                "body"
            ),
            try HostileInput(
                "an oversize body",
                good.spoilt { $0.body = Data(count: 256 << 10 + 1) },
                "body-too-large"
            ),
            try HostileInput(
                "an oversize header",
                header { $0.operator = String(repeating: "x", count: 8 << 10) },
                "header-too-large"
            ),
            try HostileInput(
                "an unknown header field",
                good.spoilt { $0.headerBytes = try? $0.header.serializedData() + [0x98, 0x06, 1] },
                "malformed-header"
            ),
            try HostileInput(
                "a header nested 4,000 deep",
                good.spoilt { $0.headerBytes = Self.nested(4_000) },
                "malformed-header"
            ),
            try HostileInput(
                "a garbage header",
                good.spoilt { $0.headerBytes = Data(repeating: 0xFF, count: 40) },
                "malformed-header"
            ),
        ]
    }

    // MARK: Seals

    /// An alert that must be sealed, for the police and the border guard.
    func strictAlert() throws -> Letter {
        try Letter("01", from: member).spoilt { $0.header.tlp = "TLP:AMBER+STRICT" }
    }

    func recipients(_ institutions: String...) throws -> [SealRecipient] {
        try institutions.map { try network.member($0).sealRecipient() }
    }

    func faultsOfSeals() throws -> [HostileInput] {
        let alert = try strictAlert()
        let all = try recipients("kwp-lublin", "nosg-chelm", "oip-lublin")
        let wrongKey = SealRecipient(node: all[0].node, publicKey: SealingPrivateKey().publicKey)
        let whole = try alert.sealed(for: all)
        let set = "wraps-not-eligible"
        let form = "wraps-malformed"
        return [
            try HostileInput("a wrap missing", alert.sealed(for: [all[0], all[2]]), set, "wraps"),
            try HostileInput(
                "no wrap for the sender",
                alert.sealed(for: [all[0], all[1]]),
                set,
                "wraps"
            ),
            try HostileInput(
                "a wrap for one who is not eligible",
                alert.sealed(for: all + recipients("fundacja-przyklad")),
                set,
                "wraps"
            ),
            try HostileInput(
                "a wrap for one who is not eligible in place of one who is",
                alert.sealed(for: recipients("fundacja-przyklad", "kwp-lublin", "oip-lublin")),
                set,
                "wraps[0]"
            ),
            try HostileInput(
                "a wrap for a key that the recipient does not have",
                alert.sealed(for: [wrongKey, all[1], all[2]]),
                set,
                "wraps[0]"
            ),
            try HostileInput("no wraps", alert.sealed(for: all) { $0.wraps = [] }, form, "wraps"),
            try HostileInput(
                "wraps out of order",
                alert.sealed(for: all) { $0.wraps.reverse() },
                form,
                "wraps"
            ),
            try HostileInput(
                "a wrap twice",
                alert.sealed(for: all) { $0.wraps.insert($0.wraps[0], at: 0) },
                form,
                "wraps"
            ),
            try HostileInput(
                "a key of another length",
                alert.sealed(for: all) { $0.wraps[0].encapsulatedKey.removeLast() },
                form,
                "wraps"
            ),
            try HostileInput(
                "wraps on a plain body",
                good.spoilt { $0.wraps = whole.wraps },
                form,
                "wraps"
            ),
            try HostileInput(
                "an unknown suite",
                alert.sealed(for: all) { $0.header.seal.suite = 2 },
                "suite-unknown",
                "seal.suite"
            ),
            try HostileInput(
                "a commitment of another length",
                alert.sealed(for: all) { $0.header.seal.keyCommitment.removeLast() },
                "malformed-header"
            ),
            try HostileInput(
                "a sealed body of another length",
                alert.sealed(for: all) { $0.body.append(0) },
                "seal-padding-wrong",
                "body"
            ),
        ]
    }

    // MARK: Bytes

    /// Groups inside groups that are never closed.
    static func nested(_ depth: Int) -> Data { Data(repeating: 0x0B, count: depth) }

    /// Unknown number fields, three bytes each.
    static func manyFields(_ count: Int) -> Data {
        Data((0..<count).flatMap { _ in [0x98, 0x06, 0x01] as [UInt8] })
    }

    func garbage() throws -> [HostileInput] {
        let envelope = try good.envelope()
        let whole: Data = .packet(.submit([envelope]))
        let packet = "malformed-packet"
        let form = "malformed-envelope"
        let huge: [UInt8] = [0x12, 0xFF, 0xFF, 0xFF, 0xFF]
        return [
            HostileInput("random bytes", Data(repeating: 0xFF, count: 100), packet),
            HostileInput("an empty packet", Data(), packet),
            HostileInput("a packet cut short", whole.dropLast(whole.count / 2), packet),
            HostileInput("a web request", Data("GET / HTTP/1.1\r\n\r\n".utf8), packet),
            HostileInput("a length of 2^31 - 1", Data(huge + [0x07, 1]), packet),
            HostileInput(
                "a length of 2^64 - 1",
                Data(huge + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 1]),
                packet
            ),
            HostileInput("a number without end", Data(repeating: 0x80, count: 5_000), packet),
            HostileInput("a packet nested 500,000 deep", Self.nested(500_000), packet),
            HostileInput("a packet of 300,000 fields", Self.manyFields(300_000), packet),
            HostileInput(
                "an envelope of garbage",
                envelope: Data(repeating: 0xFF, count: 60),
                form
            ),
            HostileInput("an empty envelope", envelope: Data(), form),
            HostileInput("an envelope cut short", envelope: envelope.dropLast(20), form),
            HostileInput("an envelope with more", envelope: envelope + [0x98, 0x06, 1], form),
            HostileInput("an envelope twice", envelope: envelope + envelope, form),
            HostileInput("an envelope nested 50,000 deep", envelope: Self.nested(50_000), form),
            HostileInput(
                "400,000 envelopes",
                .packet(.submit(Array(repeating: Data(), count: 400_000))),
                "batch-too-large"
            ),
            HostileInput(
                "1,001 envelopes",
                .packet(.submit(Array(repeating: Data([1]), count: 257))),
                "batch-too-large"
            ),
        ]
    }

    // MARK: Requests

    /// `foreign` is a message of somebody else to somebody else.
    func requests(foreign: Data) -> [HostileInput] {
        func fetch(_ mailbox: String, from: UInt64) -> Data {
            .packet(
                .fetch(
                    .with {
                        $0.mailbox = mailbox
                        $0.from = from
                        $0.limit = 10
                    }
                )
            )
        }
        func subscribe(_ subscriptions: [WireSubscription]) -> Data {
            .packet(.subscribe(.with { $0.subscriptions = subscriptions }))
        }
        func prove(_ id: Data) -> Data { .packet(.prove(.with { $0.messageID = id })) }
        let own = "oip-lublin.main"
        return [
            HostileInput(
                "a packet of the hub",
                .packet(.welcome(WireWelcome())),
                "unexpected-packet"
            ),
            HostileInput(
                "a number that was never sent",
                .packet(.acknowledge(.with { $0.through = 999 })),
                "number-unknown",
                "through"
            ),
            HostileInput(
                "another's mailbox",
                fetch("kwp-lublin.main", from: 1),
                "not-your-mailbox",
                "mailbox"
            ),
            HostileInput("a mailbox of nobody", fetch("", from: 1), "not-your-mailbox", "mailbox"),
            HostileInput(
                "mail beyond the head",
                fetch(own, from: 1 << 60),
                "number-unknown",
                "from"
            ),
            HostileInput("mail number 0", fetch(own, from: 0), "number-unknown", "from"),
            HostileInput(
                "a subscription to what one may never see",
                subscribe([.with { $0.types = ["good-practice", "support-request"] }]),
                "subscription-not-granted",
                "subscriptions[0].types[1]"
            ),
            HostileInput(
                "a subscription to nothing known",
                subscribe([WireSubscription(), .with { $0.types = ["everything"] }]),
                "subscription-fault",
                "subscriptions[1].types[0]"
            ),
            HostileInput(
                "33 subscriptions",
                subscribe(Array(repeating: WireSubscription(), count: 33)),
                "subscription-limit"
            ),
            HostileInput(
                "a ledger read by no auditor",
                .packet(
                    .readLedger(
                        .with {
                            $0.limit = 10
                            $0.purpose = "review"
                        }
                    )
                ),
                "not-an-auditor"
            ),
            HostileInput("a proof of nothing", prove(good.id), "entry-unknown", "message_id"),
            HostileInput("a proof of no id", prove(Data([1])), "entry-unknown", "message_id"),
            HostileInput("another's proof", prove(foreign), "opening-not-yours", "message_id"),
        ]
    }

    private static func later(_ bytes: Data) throws -> Data {
        var header = try WireHeader(serializedBytes: bytes)
        header.sentAt += 1
        return try header.serializedData()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The labels of a header, one fault at a time.

import Foundation
import SwiftProtobuf
import Testing

@testable import WiciCore

struct HeaderValidatorTests {
    static let sent = Moment(milliseconds: 1_795_000_000_000)

    static func header(_ change: (inout WireHeader) -> Void = { _ in }) -> WireHeader {
        var header = WireHeader()
        header.messageID = MessageID(milliseconds: sent.milliseconds, random: (1, 2)).data
        header.type = "good-practice"
        header.schema = 1
        header.sender = "oip-lublin.main"
        header.operator = "op-7"
        header.sentAt = sent.milliseconds
        header.status = "actual"
        header.tlp = "TLP:GREEN"
        header.purpose = "prevention"
        header.regime = "gdpr"
        header.dataLevel = "none"
        header.keepUntil = WarsawTime.date(at: sent).adding(days: 90).description
        header.urgency = "UR-1"
        header.language = "pl"
        header.selector.regions = ["PL"]
        change(&header)
        return header
    }

    static func faults(_ change: (inout WireHeader) -> Void) -> [String] {
        HeaderValidator.current.check(header(change)).map { "\($0.path) \($0.code.rawValue)" }
    }

    @Test func `a good header has no fault`() {
        #expect(Self.faults { _ in } == [])
    }

    @Test func `an empty header names everything that is missing`() {
        let paths = Set(HeaderValidator.current.check(WireHeader()).map(\.path))
        let expected: Set<String> = [
            "messageId", "type", "sender", "status", "tlp", "purpose", "regime", "dataLevel",
            "urgency", "language", "sentAt", "selector",
        ]
        #expect(paths == expected)
    }

    @Test(arguments: [
        ("status", "tlp unknown-code"), ("tlp", "tlp unknown-code"),
    ])
    func `a marking that the list does not have is refused`(word: String, fault: String) {
        #expect(Self.faults { $0.tlp = "TLP:" + word } == [fault])
    }

    @Test func `TLP:RED takes roles and nothing else`() {
        let roles = ["kwp-lublin/duty-officer"]
        #expect(Self.faults { $0.tlp = "TLP:RED" } == ["selector roles-required"])
        #expect(
            Self.faults {
                $0.tlp = "TLP:RED"
                $0.selector.roles = roles
            } == ["selector roles-required"]
        )
        #expect(
            Self.faults {
                $0.tlp = "TLP:RED"
                $0.selector = WireSelector()
                $0.selector.roles = roles
            } == []
        )
    }

    @Test func `personal data needs the category of the person`() {
        #expect(Self.faults { $0.dataLevel = "personal" } == ["dataSubject missing"])
        #expect(
            Self.faults {
                $0.dataLevel = "personal"
                $0.dataSubject = "victim"
            } == []
        )
        #expect(Self.faults { $0.dataSubject = "victim" } == ["dataSubject forbidden-here"])
    }

    @Test(arguments: [(731, true), (732, false), (0, true), (-1, false)])
    func `content is kept two years at most`(days: Int, isGood: Bool) {
        let date = WarsawTime.date(at: Self.sent).adding(days: days).description
        let expected = isGood ? [] : ["keepUntil keep-until-out-of-range"]
        #expect(Self.faults { $0.keepUntil = date } == expected)
    }

    @Test(arguments: [Int64.max, 253_370_764_800_000])
    func `a deadline beyond the calendar is refused`(milliseconds: Int64) {
        #expect(Self.faults { $0.acknowledgeBy = milliseconds } == ["acknowledgeBy bad-time"])
    }

    @Test func `topics are those of the body`() {
        let header = Self.header { $0.topics = ["GP-CAM"] }
        #expect(HeaderValidator.current.check(header, bodyTopics: ["GP-CAM"]) == [])
        let faults = HeaderValidator.current.check(header, bodyTopics: ["GP-IDE"])
        #expect(faults.map(\.code) == [.topicsDiffer])
    }

    @Test func `a selector has its limits`() {
        let faults = Self.faults {
            $0.selector.regions = Array(repeating: "PL-06", count: 17)
            $0.selector.kinds = Array(repeating: "IK-POL", count: 33)
            $0.selector.teams = (0..<17).map { "team-\($0)" }
            $0.selector.institutions = (0..<201).map { "institution-\($0)" }
            $0.selector.roles = (0..<201).map { "kwp-lublin/role-\($0)" }
            $0.references = Array(
                repeating: MessageID(milliseconds: 1, random: (3, 4)).data,
                count: 17
            )
        }
        #expect(
            faults == [
                "selector.regions too-many", "selector.regions duplicate",
                "selector.kinds too-many", "selector.kinds duplicate", "selector.teams too-many",
                "selector.institutions too-many", "selector.roles too-many", "references too-many",
            ]
        )
    }

    @Test func `recipients of the wrong form name their place`() {
        let faults = Self.faults {
            $0.selector.regions = ["PL-06", "PL-07"]
            $0.selector.kinds = ["IK-XXX"]
            $0.selector.teams = ["Team"]
            $0.selector.institutions = ["KWP Lublin"]
            $0.selector.roles = ["kwp-lublin"]
        }
        #expect(
            faults == [
                "selector.regions[1] unknown-code", "selector.kinds[0] unknown-code",
                "selector.teams[0] bad-id", "selector.institutions[0] bad-id",
                "selector.roles[0] bad-id",
            ]
        )
    }

    @Test func `a reply names what it answers`() {
        let faults = Self.faults { $0.type = "acknowledgement" }
        #expect(faults == ["references missing"])
    }

    @Test func `an acknowledgement is due after sending`() {
        let faults = Self.faults { $0.acknowledgeBy = $0.sentAt }
        #expect(faults == ["acknowledgeBy dates-out-of-order"])
    }

    @Test func `a field from the future is a fault`() throws {
        let bytes: Data = try Self.header().serializedBytes()
        let header = try WireHeader(serializedBytes: bytes + Data([0xF8, 0x3F, 0x01]))
        #expect(HeaderValidator.current.check(header).map(\.code) == [.unknownField])
    }
}

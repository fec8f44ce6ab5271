// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Drafts: strict reading, defaults, and every fault by the draft's own paths.

import Foundation
import Testing

@testable import WiciCore

struct MessageDraftTests {
    /// Friday, 2026-11-20, 15:00 in Warsaw.
    static let now = Moment(rfc3339: "2026-11-20T15:00:00+01:00") ?? Moment(milliseconds: 0)

    static func context(kind: String = "IK-PIP", now: Moment = MessageDraftTests.now) throws
        -> DraftContext
    {
        DraftContext(
            sender: try #require(NodeID("oip-lublin.main")),
            senderKind: try #require(Code(kind)),
            operator: "op-7",
            now: now,
            messageID: MessageID(milliseconds: now.milliseconds, random: (5, 6))
        )
    }

    static let alert = """
        type: case-alert
        marking: TLP:AMBER
        urgency: UR-2
        to:
          regions: [PL-06]
          kinds: [IK-POL, IK-SG]
        body:
          common:
            title: "PRZYKŁAD: zgłoszenie"
          facts: |
            Pierwszy wiersz.
            Drugi wiersz.
          forms: [EX-LAB]
          indicators: [\(ValidatorTests.code("indicator", 0))]
          place: 06
          minors: YN-YES
          expectation: \(ValidatorTests.code("expectation", 0))
          personsEstimated: 7
        """

    static func faults(_ yaml: String) throws -> [String] {
        let context = try context()
        do throws(DraftError) {
            _ = try MessageDraft(yaml: yaml).compose(context: context)
            return []
        } catch {
            return error.faults.map { "\($0.path) \($0.code.rawValue)" }
        }
    }

    @Test func `a short draft gets its defaults`() throws {
        let message = try MessageDraft(yaml: Self.alert).compose(context: Self.context())
        let header = message.header
        #expect(header.type == "case-alert" && header.schema == 1)
        #expect(header.sender == "oip-lublin.main" && header.operator == "op-7")
        #expect(header.status == "actual" && header.language == "pl")
        #expect(header.purpose == "inspection" && header.regime == "gdpr")
        #expect(header.dataLevel == "none" && header.dataSubject.isEmpty)
        #expect(header.keepUntil == "2027-02-18")
        #expect(header.topics == ["EX-LAB"])
        #expect(header.selector.kinds == ["IK-POL", "IK-SG"])
        #expect(
            Moment(milliseconds: header.acknowledgeBy)
                == Moment(rfc3339: "2026-11-24T15:00:00+01:00")
        )
        #expect(try MessageBody(type: "case-alert", bytes: message.body) == message.content)
        #expect(try message.content.json().contains(#""place":"06""#))
        #expect(HeaderValidator.current.check(header, bodyTopics: ["EX-LAB"]) == [])
    }

    @Test(arguments: [("IK-POL", "led"), ("IK-SG", "led"), ("IK-PRO", "led"), ("IK-NGO", "gdpr")])
    func `the regime follows the sender`(kind: String, regime: String) throws {
        let message = try MessageDraft(yaml: Self.alert).compose(context: Self.context(kind: kind))
        #expect(message.header.regime == regime)
    }

    @Test func `a draft may be JSON`() throws {
        let json = """
            {"type": "acknowledgement", "marking": "TLP:GREEN", "urgency": "UR-1",
             "to": {"institutions": ["kwp-lublin"]}, "body": {"note": "Przyjęto."},
             "references": ["01927c4e-8a10-7abc-8def-0123456789ab"]}
            """
        let message = try MessageDraft(bytes: Data(json.utf8)).compose(context: Self.context())
        #expect(message.header.references.count == 1)
        #expect(message.header.acknowledgeBy == 0)
    }

    @Test func `unknown keys and wrong forms are named by path`() throws {
        let yaml = """
            type: acknowledgement
            marking: [TLP:GREEN]
            urgency: UR-1
            recipients: everybody
            to: {everybody: true, regions: PL-06}
            references: [not-an-id]
            acknowledge-by: tomorrow
            body: {remark: x, note: {a: b}}
            """
        #expect(
            try Self.faults(yaml) == [
                "marking wrong-type", "recipients unknown-field", "to.everybody unknown-field",
                "to.regions wrong-type", "acknowledge-by bad-time", "references[0] bad-id",
                "body.remark unknown-field", "body.note wrong-type", "to missing",
                "references missing",
            ]
        )
    }

    @Test func `header and body faults come together`() throws {
        let yaml = Self.alert
            .replacing("TLP:AMBER", with: "TLP:PURPLE").replacing("PL-06", with: "PL-07")
            .replacing("EX-LAB", with: "EX-XXX").replacing("place: 06", with: "place: 99")
        #expect(
            try Self.faults(yaml) == [
                "body.forms[0] unknown-code", "body.place bad-place", "marking unknown-code",
                "to.regions[0] unknown-code",
            ]
        )
    }

    @Test(arguments: [
        ("+0 days", "2026-11-20"), ("+180 days", "2027-05-19"), ("+731 days", "2028-11-20"),
        ("2027-03-31", "2027-03-31"),
    ])
    func `the last day of keeping is a date or days from sending`(
        text: String,
        day: String
    ) throws {
        let draft = try MessageDraft(yaml: "keep-until: \(text)\n" + Self.alert)
        #expect(try draft.compose(context: Self.context()).header.keepUntil == day)
    }

    @Test(arguments: [
        ("+732 days", "keep-until-out-of-range"), ("+10000 days", "bad-date"),
        ("+ days", "bad-date"), ("+-1 days", "bad-date"), ("180 days", "bad-date"),
        ("+6 months", "bad-date"), ("+1days", "bad-date"),
    ])
    func `another form of days is refused`(text: String, code: String) throws {
        #expect(try Self.faults("keep-until: \(text)\n" + Self.alert) == ["keep-until \(code)"])
    }

    @Test func `an unknown type is one fault`() throws {
        let yaml = Self.alert.replacing("type: case-alert", with: "type: letter")
        #expect(try Self.faults(yaml) == ["type unknown-code"])
    }

    @Test func `what is not a mapping is refused`() throws {
        #expect(try Self.faults("- a").first == " wrong-type")
        #expect(throws: DraftError.self) { try MessageDraft(yaml: "a: [") }
        #expect(throws: DraftError.self) { try MessageDraft(bytes: Data([0xFF, 0xFE, 0x00])) }
    }

    @Test func `every type has a purpose of the list by default`() {
        for type in MessageSchemaTests.typeNames {
            let purpose = MessageDraft.defaultPurpose(of: type)
            #expect(Vocabulary.current["purpose"].contains(purpose), "\(type)")
        }
    }
}

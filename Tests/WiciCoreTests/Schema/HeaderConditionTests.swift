// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Fields of a body that the header's labels demand.

import Foundation
import Testing

@testable import WiciCore

struct HeaderConditionTests {
    @Test(arguments: [("none", false), ("personal", true), ("special", true)])
    func `personal data needs a legal ground`(level: String, isMissing: Bool) throws {
        var header = WireHeader()
        header.dataLevel = level
        let without = Validator.current.check(try ValidatorTests.alert(), beside: header).faults
        #expect(without.map(\.path) == (isMissing ? ["common.legalGround"] : []))
        #expect(without.allSatisfy { $0.code == .missing && $0.sentence.polish.contains(level) })
        let with = try ValidatorTests.alert {
            let title = PlainValue.Member("title", .string("PRZYKŁAD"))
            $0["common"] = .object([title, .init("legalGround", .string("RODO art. 6"))])
        }
        #expect(Validator.current.check(with, beside: header).faults == [])
    }

    @Test(arguments: Vocabulary.current["tlp"].entries.map(\.code.text), [true, false])
    func `a warning for the public is TLP-CLEAR or names who consented`(
        marking: String,
        isPublic: Bool
    ) throws {
        var sampler = SchemaSampler(seed: 3)
        let schema = try #require(MessageSchema.named("warning"))
        var values: [String: PlainValue] = ["public_ok": .boolean(isPublic)]
        let consent = "publicationConsent"
        for field in schema.fields where field.isRequired && field.name != "public_ok" {
            values[field.name] = sampler.value(field, in: schema)
        }
        let silent = PlainValue.object(
            schema.fields.compactMap { field in
                values[field.name].map { .init(field.jsonName, $0) }
            }
        )
        var header = WireHeader()
        header.tlp = marking
        let body = try MessageBody(type: "warning", json: Data(silent.json().utf8))
        let faults = Validator.current.check(body, beside: header).faults.map(\.description)
        let label = "Who consented to publication: fill in this field, because the header says: "
        #expect(
            faults
                == (isPublic && marking != "TLP:CLEAR"
                    ? ["\(consent): missing: \(label)Marking = \(marking)."] : [])
        )
    }

    @Test func `personal data without a legal ground is a fault of the draft's body`() throws {
        let personal = "data-level: personal\ndata-subject: victim\n" + MessageDraftTests.alert
        #expect(try MessageDraftTests.faults(personal) == ["body.common.legalGround missing"])
    }
}

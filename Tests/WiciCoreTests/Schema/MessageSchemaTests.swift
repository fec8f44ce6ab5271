// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The schemas of this release: complete, consistent with the vocabulary, and decodable.

import Foundation
import Testing

@testable import WiciCore

struct MessageSchemaTests {
    static let typeNames = [
        "acknowledgement", "case-alert", "correction", "follow-up", "good-practice", "info-reply",
        "info-request", "joint-action", "joint-initiative", "meeting-notice", "meeting-reply",
        "periodic-report", "prevention", "support-offer", "support-request",
        "training-enrolment", "training-notice", "warning",
    ]

    @Test func `the release has its eighteen types`() {
        #expect(MessageSchema.all.map(\.type) == Self.typeNames)
    }

    @Test(arguments: typeNames)
    func `a type is labelled in both languages down to its fields`(type: String) throws {
        let schema = try #require(MessageSchema.named(type))
        #expect(schema.version >= 1)
        #expect(!schema.label.polish.isEmpty && !schema.label.english.isEmpty)
        for field in Self.allFields(of: schema) {
            #expect(field.label.polish != field.name, "\(field.name)")
            #expect(!field.label.english.isEmpty && !field.guidance.polish.isEmpty, "\(field.name)")
            #expect(!field.guidance.english.isEmpty, "\(field.name)")
        }
    }

    @Test(arguments: typeNames)
    func `rules name lists and codes that exist`(type: String) throws {
        let schema = try #require(MessageSchema.named(type))
        for (owner, field) in Self.fieldsWithOwners(of: schema) {
            if field.kind == .code {
                let list = Vocabulary.current[field.codeList ?? ""]
                #expect(!list.entries.isEmpty, "\(field.name)")
            }
            if field.isRepeated { #expect(field.maximumItems != nil, "\(field.name)") }
            if [.text, .longText, .role].contains(field.kind) {
                #expect(field.maximumLength != nil, "\(field.name)")
            }
            for condition in field.requiredWhen + field.forbiddenWhen {
                let sibling = try #require(owner.field(named: condition.field))
                guard let list = sibling.codeList else { continue }
                #expect(condition.anyOf.allSatisfy { Vocabulary.current[list].contains($0) })
            }
            for condition in field.requiredByHeader {
                let label = MessageSchema.header?.field(named: condition.label.rawValue)
                let list = Vocabulary.current[label?.codeList ?? ""]
                #expect(condition.anyOf.allSatisfy { list.contains($0) })
                #expect(condition.sibling.map { owner.field(named: $0.field) != nil } ?? true)
            }
        }
        for order in schema.orders {
            let earlier = try #require(schema.field(named: order.earlier))
            let later = try #require(schema.field(named: order.later))
            #expect(earlier.kind == later.kind && [.date, .time].contains(later.kind))
        }
    }

    @Test(arguments: typeNames)
    func `a type is carried by a message body`(type: String) throws {
        let body = try MessageBody(type: type, bytes: Data())
        #expect(body.type == type)
        #expect(body.schema?.type == type)
        #expect(Validator.current.compiled(type) != nil)
    }

    @Test func `a broadcast has no field for a person`() {
        for schema in MessageSchema.all where schema.isBroadcast {
            #expect(schema.field(named: "case_key") == nil, "\(schema.type)")
        }
    }

    @Test func `bytes that are no message are refused`() {
        #expect(throws: BodyError.unknownType) { try MessageBody(type: "letter", bytes: Data()) }
        #expect(throws: BodyError.malformed) {
            try MessageBody(type: "case-alert", bytes: Data([0x0A, 0xFF]))
        }
        #expect(throws: BodyError.tooLarge) {
            try MessageBody(type: "case-alert", bytes: Data(count: 256 * 1024 + 1))
        }
    }

    @Test func `a body that asks for a hundred thousand rows is refused unread`() {
        let rows = Data((0..<100_000).flatMap { _ in [0x22, 0x00] as [UInt8] })
        #expect(throws: BodyError.malformed) {
            try MessageBody(type: "periodic-report", bytes: rows)
        }
    }

    @Test(arguments: typeNames)
    func `a body survives bytes and JSON`(type: String) throws {
        let schema = try #require(MessageSchema.named(type))
        var sampler = SchemaSampler(seed: 7)
        for _ in 0..<20 {
            let json = Data(sampler.valid(schema).json().utf8)
            let body = try MessageBody(type: type, json: json)
            #expect(try MessageBody(type: type, bytes: body.bytes()) == body)
            #expect(try MessageBody(type: type, json: Data(body.json().utf8)) == body)
        }
    }

    static func allFields(of schema: MessageSchema) -> [FieldSchema] {
        fieldsWithOwners(of: schema).map(\.1)
    }

    static func fieldsWithOwners(of schema: MessageSchema) -> [(MessageSchema, FieldSchema)] {
        schema.fields.flatMap { field in
            [(schema, field)] + (field.group.map(fieldsWithOwners) ?? [])
        }
    }
}

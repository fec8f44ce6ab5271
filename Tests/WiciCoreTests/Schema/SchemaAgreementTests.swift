// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The exported JSON Schema and our validator judge the same messages. The second judge is Python's
// jsonschema; where it is missing the test fails, because an unasked judge agrees with everybody.

import Foundation
import Testing

@testable import WiciCore

struct SchemaAgreementTests {
    static let messagesPerType = 240

    @Test func `an independent validator agrees on thousands of messages`() throws {
        let folder = try folder()
        defer {
            if ProcessInfo.processInfo.environment["WICI_AGREEMENT_DIR"] == nil {
                try? FileManager.default.removeItem(at: folder)
            }
        }
        let export = JSONSchemaExport()
        for schema in MessageSchema.all {
            let text = export.document(for: schema).json(indent: 2)
            let file = folder.appendingPathComponent("\(schema.type).schema.json")
            try Data(text.utf8).write(to: file)
        }
        let cases = cases() + breaches()
        #expect(cases.count >= 5000)
        #expect(cases.count { $0.isValid } > 1000)
        #expect(cases.count { !$0.isValid } > 1000)
        let lines = cases.map(\.line).joined(separator: "\n") + "\n"
        try Data(lines.utf8).write(to: folder.appendingPathComponent("cases.jsonl"))
        let (status, output) = try judge(folder)
        #expect(status == 0, "\(output)")
        #expect(output.contains("agreed on \(cases.count) messages"), "\(output)")
    }

    @Test func `the documentation lists what a schema cannot say, in order and in both languages`()
        throws
    {
        let page = try String(
            contentsOf: NetworkFiles.folder.appending(
                path: "../../Sources/WiciCore/Documentation.docc/JSONSchema.md"
            ),
            encoding: .utf8
        )
        let chapters = page.components(separatedBy: "\n### ").dropFirst()
        let omissions = JSONSchemaExport.notExpressible
        #expect(chapters.count == omissions.count)
        for (chapter, omission) in zip(chapters, omissions) {
            #expect(chapter.hasPrefix("\(omission.name)\n"))
            #expect(chapter.contains(omission.sentence.english), "\(omission.name)")
            #expect(chapter.contains(omission.sentence.polish), "\(omission.name)")
        }
    }

    @Test(arguments: MessageSchemaTests.typeNames)
    func `each rule of each field, broken alone, is named by its fault`(type: String) throws {
        let schema = try #require(MessageSchema.named(type))
        let breaches = SchemaBreaker(schema, seed: 2026).breaches
        #expect(breaches.count > 5)
        let touched = Set(breaches.map { $0.path.replacing(/\[[0-9]+\]/, with: "") })
        for path in Self.paths(of: schema) { #expect(touched.contains(path), "\(path)") }
        for breach in breaches {
            let faults = judgement(breach.message, schema)
            let found = faults.map { "\($0.path) \($0.code.rawValue)" }
            let isRight =
                breach.isAlone ? found == [breach.description] : found.contains(breach.description)
            #expect(isRight, "\(breach): \(found) in \(breach.message.json())")
        }
    }

    /// The path of every field, those of groups included.
    private static func paths(of schema: MessageSchema, prefix: String = "") -> [String] {
        schema.fields.flatMap { field in
            [prefix + field.jsonName]
                + (field.group.map { paths(of: $0, prefix: "\(prefix)\(field.jsonName).") } ?? [])
        }
    }

    private struct Case {
        let type: String
        let isValid: Bool
        let message: PlainValue
        let note: String

        var line: String {
            PlainValue.object([
                .init("type", .string(type)), .init("valid", .boolean(isValid)),
                .init("note", .string(note)), .init("message", message),
            ]).json()
        }
    }

    /// Half of the messages are valid by construction, half have one to three things changed.
    private func cases() -> [Case] {
        MessageSchema.all.enumerated().flatMap { place, schema in
            var sampler = SchemaSampler(seed: UInt64(place) + 2026)
            return (0..<Self.messagesPerType).map { index in
                var message = sampler.valid(schema)
                if index % 2 == 1 {
                    for _ in 0..<(index % 3 + 1) {
                        message = sampler.mutated(message, of: schema)
                    }
                }
                let faults = judgement(message, schema)
                if index % 2 == 0 { #expect(faults == [], "\(schema.type)") }
                return Case(
                    type: schema.type,
                    isValid: faults.isEmpty,
                    message: message,
                    note: faults.map(\.description).joined(separator: " | ")
                )
            }
        }
    }

    /// Every rule that JSON Schema can express, broken once.
    private func breaches() -> [Case] {
        MessageSchema.all.flatMap { schema in
            SchemaBreaker(schema, seed: 2027).breaches.map { breach in
                Case(
                    type: schema.type,
                    isValid: false,
                    message: breach.message,
                    note: breach.description
                )
            }
        }
    }

    /// Our verdict on the rules that JSON Schema can express.
    private func judgement(_ message: PlainValue, _ schema: MessageSchema) -> [Fault] {
        guard let (body, misfits) = try? MessageBody.read(type: schema.type, message) else {
            return [.unknownField(at: "")]
        }
        let found = misfits + Validator.current.check(body).faults
        return found.filter { $0.code != .datesOutOfOrder && $0.code != .notNormalized }
    }

    private func folder() throws -> URL {
        let given = ProcessInfo.processInfo.environment["WICI_AGREEMENT_DIR"]
        let folder =
            given.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory
            .appendingPathComponent("wici-agreement-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private func judge(_ folder: URL) throws -> (status: Int32, output: String) {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", tests.appendingPathComponent("Interop/schema/agreement.py").path,
            folder.path,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

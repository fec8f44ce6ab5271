// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Bodies are judged in place, without a decoder. What the scan lets pass, the generated decoder must
// read, and judge as the same message: otherwise hub and recipient would see different things.

import Foundation
import SwiftProtobuf
import Testing

@testable import WiciCore

struct BodyScanTests {
    @Test(arguments: MessageSchemaTests.typeNames)
    func `what the scan accepts, the decoder reads as the same message`(type: String) throws {
        let schema = try #require(MessageSchema.named(type))
        var sampler = SchemaSampler(seed: 2028)
        var accepted = 0
        var refused = 0
        for round in 0..<400 {
            let plain = sampler.valid(schema)
            let (body, misfits) = try MessageBody.read(type: type, plain)
            #expect(misfits.isEmpty)
            var bytes = try body.bytes()
            let good = try Validator.current.check(bytes: bytes, type: type, beside: nil)
            #expect(good.faults.isEmpty && good == Validator.current.check(body))
            for _ in 0..<(round % 4) { Self.change(&bytes, &sampler.numbers) }
            let changed = bytes
            let outcome = Result { () throws(BodyError) in
                try Validator.current.check(bytes: changed, type: type, beside: nil)
            }
            switch outcome {
            case .success(let report):
                accepted += 1
                let decoded = try MessageBody.decode(type: type, bytes: bytes, options: .init())
                let again = Validator.current.check(try #require(decoded))
                // Written again, unknown fields stand at the end.
                #expect(Set(report.faults) == Set(again.faults))
                #expect(report.topics == again.topics)
            case .failure(let error):
                #expect(error == .malformed)
                refused += 1
            }
        }
        #expect(accepted > 100 && refused > 50)
    }

    /// Changes, removes or doubles a byte.
    private static func change(_ bytes: inout Data, _ numbers: inout SeededNumbers) {
        guard !bytes.isEmpty else { return }
        let place = bytes.startIndex + Int.random(in: 0..<bytes.count, using: &numbers)
        switch Int.random(in: 0..<4, using: &numbers) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(bytes[place], at: place)
        case 2: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
        default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        }
    }

    @Test func `fields out of order, twice, or in long varints are refused`() throws {
        // acknowledgement: 1 is its text.
        let scan = { (bytes: [UInt8]) throws(BodyError) in
            try Validator.current.check(bytes: Data(bytes), type: "meeting-reply", beside: nil)
        }
        let schema = try #require(MessageSchema.named("meeting-reply"))
        let text = try #require(schema.fields.last { $0.carrier == .string && !$0.isRepeated })
        let code = try #require(schema.fields.first { $0.carrier == .string && !$0.isRepeated })
        let one = [UInt8(code.number << 3 | 2), 1, 65]
        let other = [UInt8(text.number << 3 | 2), 1, 65]
        #expect(throws: Never.self) { try scan(one + other) }
        #expect(throws: BodyError.malformed) { try scan(other + one) }
        #expect(throws: BodyError.malformed) { try scan(one + one) }
        #expect(throws: BodyError.malformed) { try scan([one[0], 0x81, 0x00, 65]) }
        #expect(throws: BodyError.malformed) { try scan([one[0], 2, 0xC5, 0x28]) }
    }

    @Test func `a text is settled the same in words and in bytes`() {
        let pieces = [
            "a", " ", "\n", "\t", "\u{7F}", "ż", "ó", "„", "–", "e\u{301}", "\u{A0}", "\u{85}",
            "\u{202E}", "я", "😀", "\u{1100}", "\u{1161}", "\u{212B}", "\u{316}",
            "longer than a word of the machine",
        ]
        var numbers = SeededNumbers(seed: 7)
        for _ in 0..<4000 {
            let count = Int.random(in: 1...6, using: &numbers)
            let chosen = (0..<count).compactMap { _ in pieces.randomElement(using: &numbers) }
            let text = chosen.joined()
            let scan = Array(text.utf8).withUnsafeBytes { TextScan($0, newlineAllowed: true) }
            let scalars = text.unicodeScalars
            #expect(scan?.length == scalars.count)
            #expect(scan?.hasControl == scalars.contains { Self.isControl($0) })
            #expect(
                scan?.hasInk
                    == scalars.contains {
                        !"\n \u{A0}".unicodeScalars.contains($0)
                            && !(Self.isControl($0) && $0.value < 0xA0) || $0.value == 0x7F
                    }
            )
            let normal = text.precomposedStringWithCanonicalMapping
            #expect(scan?.isNormalized == normal.utf8.elementsEqual(text.utf8))
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

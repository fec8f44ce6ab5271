// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A header is read in place; its labels must be what the generated decoder finds, and equal bytes of
// labels must mean equal labels.

import Foundation
import SwiftProtobuf
import Testing

@testable import WiciCore

struct HeaderOutlineTests {
    private static func full() -> WireHeader {
        var header = EnvelopeFixtures.header()
        header.operator = "op-1"
        header.handling = ["HC-SRC", "HC-NOFWD"]
        header.purpose = "PU-PREV"
        header.regime = "RE-GDPR"
        header.dataLevel = "none"
        header.keepUntil = "2026-12-31"
        header.urgency = "UR-2"
        header.acknowledgeBy = 1_774_300_900_000
        header.selector.kinds = ["IK-POL"]
        header.topics = ["EX-LAB", "EX-SEX"]
        header.thread = MessageID(milliseconds: 1, random: (1, 1)).data
        header.references = [
            MessageID(milliseconds: 2, random: (1, 1)).data,
            MessageID(milliseconds: 3, random: (1, 1)).data,
        ]
        header.language = "pl"
        return header
    }

    private static func outline(_ bytes: Data) throws(EnvelopeError) -> HeaderOutline {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(EnvelopeError) in try HeaderOutline(bytes) }
        }.get()
    }

    private static func labels(of header: WireHeader) -> WireHeader {
        var labels = header
        labels.messageID = Data()
        labels.sentAt = 0
        labels.keepUntil = ""
        labels.acknowledgeBy = 0
        labels.thread = Data()
        labels.references = []
        return labels
    }

    @Test func `an outline has what the decoder finds`() throws {
        let header = Self.full()
        let outline = try Self.outline(try header.serializedBytes())
        #expect(outline.messageID.data == header.messageID)
        #expect(outline.sender.text == header.sender)
        #expect(outline.particulars == HeaderParticulars(header))
        #expect(outline.seal == nil)
        var sealed = header
        sealed.seal.suite = 1
        sealed.seal.keyCommitment = Data(repeating: 7, count: 32)
        #expect(
            try Self.outline(try sealed.serializedBytes()).seal?.data == sealed.seal.keyCommitment
        )
    }

    @Test func `headers that differ in a label never have equal bytes of labels`() throws {
        let header = Self.full()
        let outline = try Self.outline(try header.serializedBytes())
        var next = header
        next.messageID = MessageID(milliseconds: 9, random: (9, 9)).data
        next.sentAt += 1
        next.keepUntil = "2027-01-01"
        next.acknowledgeBy = 0
        next.thread = Data()
        next.references = []
        #expect(try Self.outline(try next.serializedBytes()).labels == outline.labels)
        let changes: [(inout WireHeader) -> Void] = [
            { $0.type = "warning" }, { $0.schema = 2 }, { $0.sender = "kwp-lublin.second" },
            { $0.operator = "" }, { $0.status = "test" }, { $0.tlp = "TLP:CLEAR" },
            { $0.handling = [] }, { $0.purpose = "PU-VIC" }, { $0.regime = "RE-LED" },
            { $0.dataLevel = "personal" }, { $0.dataSubject = "DS-VIC" }, { $0.urgency = "UR-3" },
            { $0.selector.regions = [] }, { $0.selector.roles = ["a/b"] }, { $0.topics = [] },
            { $0.topics.swapAt(0, 1) }, { $0.language = "en" },
            {
                $0.seal.suite = 1
                $0.seal.keyCommitment = Data(count: 32)
            },
        ]
        for change in changes {
            var other = header
            change(&other)
            #expect(try Self.outline(try other.serializedBytes()).labels != outline.labels)
        }
    }

    @Test func `a changed header is refused, or outlined as the decoder reads it`() throws {
        let good: Data = try Self.full().serializedBytes()
        var numbers = SeededNumbers(seed: 11)
        var known: [HeaderLabelBytes: WireHeader] = [:]
        var read = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0...Int.random(in: 0..<2, using: &numbers) {
                let place = Int.random(in: 0..<bytes.count, using: &numbers)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            }
            guard let outline = try? Self.outline(bytes),
                let header = try? WireHeader(serializedBytes: bytes)
            else { continue }
            read += 1
            #expect(header.unknownFields.data.isEmpty)
            #expect(outline.messageID.data == header.messageID)
            #expect(outline.sender.text == header.sender)
            #expect(outline.particulars == HeaderParticulars(header))
            #expect((outline.seal != nil) == header.hasSeal)
            let labels = Self.labels(of: header)
            #expect(known[outline.labels, default: labels] == labels)
            known[outline.labels] = labels
        }
        #expect(read > 1000 && known.count > 100)
    }

    @Test func `fields out of order or twice are no header`() throws {
        let good: Data = try Self.full().serializedBytes()
        var id = WireHeader()
        id.messageID = MessageID(milliseconds: 5, random: (1, 1)).data
        #expect(throws: EnvelopeError.malformedHeader) {
            try Self.outline(try id.serializedBytes() + good)
        }
        var language = WireHeader()
        language.language = "en"
        #expect(throws: EnvelopeError.malformedHeader) {
            try Self.outline(good + (try language.serializedBytes()))
        }
    }
}

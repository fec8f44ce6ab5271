// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The JSON of the local API is a promise to other programs: its names and forms are fixed here.

import Foundation
import Testing
import WiciCore

@testable import WiciNode

struct APIModelTests {
    private func json(_ value: some Encodable) throws -> String {
        String(decoding: try NodeJSON.encoder().encode(value), as: UTF8.self)
    }

    @Test func `an error's JSON has its promised names`() throws {
        let error = NodeError(Refusal(.notGranted, field: "selector", rule: "N1"))
        let sentence = RefusalCode.notGranted.sentence
        #expect(
            try json(error) == """
                {"code":300,"faults":[],"field":"selector",\
                "help":{"en":"\(sentence.english)","pl":"\(sentence.polish)"},\
                "kind":"refused","name":"not-granted","retryable":false,"rule":"N1"}
                """
        )
    }

    @Test func `a status' JSON has its promised names`() throws {
        var status = NodeStatus(node: try Fixture.node, hub: "tcp://127.0.0.1:5570")
        status.connection = .connected
        status.since = Moment(milliseconds: 1_795_478_400_007)
        #expect(
            try json(status) == """
                {"connection":"connected","hub":"tcp://127.0.0.1:5570","ledgerSize":0,\
                "mailboxHead":0,"node":"kwp-lublin.main","pending":0,"program":"wici",\
                "since":"2026-11-24T00:00:00.007Z","storedThrough":0,"suspect":0,\
                "unacknowledged":0}
                """
        )
    }

    @Test func `a recipient's and an entry's JSON have their promised names`() throws {
        #expect(
            try json(Fixture.recipient) == """
                {"institution":"oip-lublin","named":true,"node":"oip-lublin.main",\
                "rules":["G1","G7"]}
                """
        )
        let text = try json(Fixture.ledgerEntry)
        #expect(text.contains("\"index\":7") && text.contains("\"record\":\"AQID\""))
    }

    @Test func `moments keep their milliseconds`() throws {
        for milliseconds in [
            -1, 0, 1, 999, 1000, 1_795_478_400_007, 1_795_478_400_123, 4_102_444_799_999,
        ] as [Int64] {
            let moment = Moment(milliseconds: milliseconds)
            let bytes = try NodeJSON.encoder().encode([moment])
            #expect(try NodeJSON.decoder().decode([Moment].self, from: bytes) == [moment])
        }
        #expect(Moment(milliseconds: -1).timestamp == "1969-12-31T23:59:59.999Z")
        #expect(Moment(milliseconds: .max).timestamp == "9999-12-31T21:59:59.999Z")
    }

    @Test(arguments: [
        "yesterday", "2026-11-24T00:00:00Z", "2026-11-24T00:00:00.07Z",
        "2026-11-24T00:00:00.007+", "2026-13-24T00:00:00.007Z", "2026-11-24 00:00:00.007Z",
        "2026-11-24T00:00:00.+07Z", "2025-1-26T400:00:00.007Z", "2026-11-24T24:00:00.007Z",
    ])
    func `a moment of another form is refused`(text: String) {
        #expect(Moment(timestamp: text) == nil)
    }

    @Test func `a message id that is none is refused`() throws {
        let bytes = try NodeJSON.encoder().encode([Fixture.id])
        #expect(try NodeJSON.decoder().decode([MessageID].self, from: bytes) == [Fixture.id])
        #expect(throws: DecodingError.self) {
            try NodeJSON.decoder().decode([MessageID].self, from: Data("[\"abc\"]".utf8))
        }
    }

    @Test(arguments: [
        "null", "true", "[1,-2,2.5]", "{\"a\":{\"b\":[\"ż\",null]}}", "9007199254740993",
    ])
    func `any JSON value survives`(text: String) throws {
        let value = try NodeJSON.decoder().decode(JSONValue.self, from: Data(text.utf8))
        #expect(try json(value) == text)
    }

    @Test func `only a welcomed node with registry and policy is ready`() throws {
        let release = ReleaseStatus(release: 1, digest: "", validUntil: "")
        var status = NodeStatus(node: try Fixture.node, connection: .connected)
        #expect(!status.isReady)
        status.registry = release
        #expect(!status.isReady)
        status.policy = release
        #expect(status.isReady)
        status.connection = .connecting
        #expect(!status.isReady)
    }

    @Test func `every problem of the API stands under its number in the list of codes`() {
        for problem in APIProblem.allCases {
            #expect(RefusalCode.numbered(problem.rawValue) == problem.code)
        }
    }
}

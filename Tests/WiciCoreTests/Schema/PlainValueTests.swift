// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading JSON and YAML strictly.

import Foundation
import Testing

@testable import WiciCore

struct PlainValueTests {
    @Test func `JSON keeps order and digits`() throws {
        let text = #"{"b":[1,2.50,-0e3],"a":{"x":"ż\u0041\n\ud83d\ude00"},"n":null,"t":true}"#
        let value = try PlainValue(json: Array(text.utf8))
        #expect(value.json() == #"{"b":[1,2.50,-0e3],"a":{"x":"żA\n😀"},"n":null,"t":true}"#)
    }

    @Test(arguments: [
        "", "{", "[1,]", #"{"a":1,}"#, #"{"a" 1}"#, "01", "1.", "+1", "tru", #""\x""#,
        #""\ud800""#, #""\udc00x""#, "\"\u{1}\"", "1 2", "{'a':1}", #"{"a":1}}"#, "NaN", "-",
        #""\u00+1""#,
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: PlainValueError.self) { try PlainValue(json: Array(text.utf8)) }
    }

    @Test func `a name may not stand twice`() {
        #expect(throws: PlainValueError(reason: .duplicateName, line: 2)) {
            try PlainValue(json: Array("{\"a\":1,\n\"a\":2}".utf8))
        }
        #expect(throws: PlainValueError.self) { try PlainValue(yaml: "a: 1\na: 2\n") }
    }

    @Test func `words in deep brackets are refused in an instant`() {
        let brackets = String(repeating: "[", count: 990)
        let deep = "a: \(brackets)" + String(repeating: "a,", count: 250_000)
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(throws: PlainValueError.self) { try PlainValue(yaml: deep) }
        }
        #expect(time < .seconds(1))
    }

    @Test func `deep nesting is refused before it costs anything`() {
        let deep = String(repeating: "[", count: 200_000)
        #expect(throws: PlainValueError(reason: .tooDeep, line: 1)) {
            try PlainValue(json: Array(deep.utf8))
        }
        #expect(throws: PlainValueError.self) { try PlainValue(yaml: deep) }
        let nested = String(repeating: "[", count: 20) + String(repeating: "]", count: 20)
        #expect(throws: PlainValueError.self) { try PlainValue(yaml: nested) }
    }

    @Test func `a document over half a megabyte is refused`() {
        let text = "\"" + String(repeating: "a", count: 512 * 1024) + "\""
        #expect(throws: PlainValueError(reason: .tooLarge, line: 0)) {
            try PlainValue(json: Array(text.utf8))
        }
        #expect(throws: PlainValueError(reason: .tooLarge, line: 0)) { try PlainValue(yaml: text) }
    }

    @Test(arguments: ["a: &x 1\nb: *x", "a: &x [1]", "a: [&x 1, *x]", "? &k a\n: *k"])
    func `anchors and aliases are refused`(text: String) {
        #expect(throws: PlainValueError.self) { try PlainValue(yaml: text) }
    }

    @Test func `prose with stars and ampersands is no alias`() throws {
        let value = try PlainValue(yaml: "a: |\n  * punkt pierwszy\n  * AT&T & spółka\n")
        #expect(value["a"] == .string("* punkt pierwszy\n* AT&T & spółka\n"))
    }

    @Test func `an unquoted scalar keeps its letters`() throws {
        let value = try PlainValue(yaml: "place: 06\nanswer: no\nday: 2026-12-01\nnone: ~\n")
        #expect(value["place"] == .unquoted("06"))
        #expect(value["answer"] == .unquoted("no"))
        #expect(value["day"] == .unquoted("2026-12-01"))
        #expect(value["none"]?.isNothing == true)
    }

    @Test func `written JSON is read back equal`() throws {
        let value = PlainValue.object([
            .init(
                "quotes \"\\ and\ttabs",
                .array([.string("\u{7F}\u{2028}\u{0}"), .number("-7")])
            ),
            .init("empty", .object([])), .init("list", .array([])), .init("no", .boolean(false)),
        ])
        #expect(try PlainValue(json: Array(value.json().utf8)) == value)
        #expect(try PlainValue(json: Array(value.json(indent: 2).utf8)) == value)
    }
}

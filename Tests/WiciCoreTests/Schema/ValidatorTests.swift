// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Every rule of the validator, one fault at a time, on messages that are otherwise good.

import Foundation
import Testing

@testable import WiciCore

struct ValidatorTests {
    /// A good case alert, as JSON with one change.
    static func alert(_ change: (inout [String: PlainValue]) -> Void = { _ in }) throws
        -> MessageBody
    {
        var members: [String: PlainValue] = [
            "common": .object([.init("title", .string("PRZYKŁAD: zgłoszenie"))]),
            "facts": .string("Pierwszy wiersz.\nDrugi „wiersz” – dłuższy."),
            "forms": .array([.string("EX-LAB")]),
            "indicators": .array([.string(code("indicator", 0)), .string(code("indicator", 1))]),
            "place": .string("0663"), "minors": .string("YN-YES"),
            "expectation": .string(code("expectation", 0)),
        ]
        change(&members)
        let object = PlainValue.object(members.map { .init($0, $1) })
        return try MessageBody(type: "case-alert", json: Data(object.json().utf8))
    }

    static func support(_ change: (inout [String: PlainValue]) -> Void) throws -> MessageBody {
        var members: [String: PlainValue] = [
            "common": .object([.init("title", .string("PRZYKŁAD"))]),
            "needs": .array([.string(code("need", 0))]), "adults": .number("1"),
            "children": .number("0"), "profile": .string(code("profile", 0)),
            "neededFrom": .string("2027-01-10T20:00:00+01:00"),
            "consent": .string(code("consent", 0)),
        ]
        change(&members)
        let object = PlainValue.object(members.map { .init($0, $1) })
        return try MessageBody(type: "support-request", json: Data(object.json().utf8))
    }

    static func code(_ list: String, _ place: Int) -> String {
        Vocabulary.current[list].entries[place].code.text
    }

    static func faults(_ body: MessageBody) -> [String] {
        Validator.current.check(body).faults.map { "\($0.path) \($0.code.rawValue)" }.sorted()
    }

    @Test func `a good message has no fault`() throws {
        #expect(try Self.faults(Self.alert()) == [])
        #expect(try Self.faults(Self.support { _ in }) == [])
    }

    @Test func `an empty message names every missing field at once`() throws {
        let body = try MessageBody(type: "case-alert", bytes: Data())
        let schema = try #require(MessageSchema.named("case-alert"))
        let required = schema.fields.filter(\.isRequired).map { "\($0.jsonName) missing" }
        #expect(Self.faults(body) == required.sorted())
    }

    @Test func `faults of a group carry the group's path`() throws {
        let body = try Self.alert { $0["common"] = .object([.init("caseKey", .string("HL-1"))]) }
        #expect(Self.faults(body) == ["common.caseKey bad-case-key", "common.title missing"])
    }

    @Test func `an unknown code names its place in the list`() throws {
        let body = try Self.alert { $0["forms"] = .array([.string("EX-LAB"), .string("EX-XXX")]) }
        #expect(Self.faults(body) == ["forms[1] unknown-code"])
    }

    @Test func `a code stands once in a list`() throws {
        let body = try Self.alert { $0["forms"] = .array([.string("EX-LAB"), .string("EX-LAB")]) }
        #expect(Self.faults(body) == ["forms[1] duplicate"])
    }

    @Test func `a minor needs no means, an adult does`() throws {
        #expect(try Self.faults(Self.alert { $0["minors"] = .string("YN-YES") }) == [])
        let adult = try Self.alert { $0["minors"] = .string("YN-NO") }
        #expect(Self.faults(adult) == ["means missing"])
        let complete = try Self.alert {
            $0["minors"] = .string("YN-NO")
            $0["means"] = .array([.string(Self.code("means", 0))])
        }
        #expect(Self.faults(complete) == [])
    }

    @Test func `an interpreter needs a language`() throws {
        let without = try Self.support { $0["needs"] = .array([.string("NE-INT")]) }
        #expect(Self.faults(without) == ["languages missing"])
        let with = try Self.support {
            $0["needs"] = .array([.string("NE-INT")])
            $0["languages"] = .array([.string("uk")])
        }
        #expect(Self.faults(with) == [])
    }

    @Test func `a field may be forbidden beside another`() throws {
        let body = try Self.support {
            $0["certificate"] = .string("CF-NON")
            $0["certificateUntil"] = .string("2027-03-01")
        }
        #expect(Self.faults(body) == ["certificateUntil forbidden-here"])
    }

    @Test func `nobody is no request for support`() throws {
        let body = try Self.support { $0["adults"] = .number("0") }
        #expect(Self.faults(body) == ["adults sum-not-positive"])
    }

    @Test func `a long row of marks on one letter is refused in an instant`() {
        let clock = ContinuousClock()
        let time = clock.measure {
            let text =
                Array("e".utf8) + Array(String(repeating: "\u{301}\u{316}", count: 60_000).utf8)
            let scan = text.withUnsafeBytes { TextScan($0, newlineAllowed: false) }
            #expect(scan?.isNormalized == false)
        }
        #expect(time < .seconds(1))
    }

    @Test(arguments: ["-1", "100"])
    func `a number outside its range is a fault`(digits: String) throws {
        let body = try Self.support { $0["adults"] = .number(digits) }
        #expect(Self.faults(body).first == "adults out-of-range")
    }

    @Test func `length counts code points`() throws {
        let exact = String(repeating: "😀", count: 4000)
        #expect(try Self.faults(Self.alert { $0["facts"] = .string(exact) }) == [])
        let over = try Self.alert { $0["facts"] = .string(exact + "a") }
        #expect(Self.faults(over) == ["facts too-long"])
    }

    @Test func `a list over its limit is a fault`() throws {
        let codes = Vocabulary.current["exploitation"].entries.prefix(7).map(\.code.text)
        let body = try Self.alert {
            $0["forms"] = .array(codes.map(PlainValue.string))
            $0["formsOther"] = .string("inna")
        }
        #expect(Self.faults(body) == ["forms too-many"])
    }

    @Test(arguments: [
        "a\u{0}b", "a\tb", "a\rb", "a\u{7F}", "a\u{85}b", "a\u{2028}b", "a\u{202E}b", "a\u{2066}b",
    ])
    func `a control or direction character is a fault`(text: String) throws {
        let body = try Self.alert { $0["facts"] = .string(text) }
        #expect(Self.faults(body) == ["facts control-character"])
    }

    @Test(arguments: [
        "Zwykły\u{E0050}\u{E0045}\u{E0053}\u{E0045}\u{E004C}", "a\u{200B}b", "\u{FEFF}Zgłoszenie",
        "a\u{2060}b",
        "Kod \u{200F}123\u{200E} abc", "Kod \u{61C}123", "\u{3164}", "a\u{200D}b", "Кіт\u{200C}и",
        "a\u{FE0F}",
        "☎\u{FE0F}\u{FE0F}", "a\u{E0101}", "a\u{FFFB}", "a\u{FFFF}", "a\u{1FFFE}",
        "😀\u{200D}\u{200D}😀", "a\u{34F}b",
    ])
    func `a character that nobody sees is a fault`(text: String) throws {
        let body = try Self.alert { $0["facts"] = .string(text) }
        #expect(Self.faults(body) == ["facts invisible-character"])
    }

    @Test(arguments: [
        "Zażółć gęślą jaźń – „ćma”…", "Їжак і ґава’", "Đặng Thị Hồng", "می\u{200C}خواهم",
        "क्\u{200D}ष", "مرحبا",
        "👩\u{200D}👧", "☎\u{FE0F} 112", "1\u{FE0F}\u{20E3}", "🏳\u{FE0F}\u{200D}🌈", "prze\u{AD}moc",
        "中文 한국어", "№ 5 € §",
    ])
    func `text of the languages that people write in is good`(text: String) throws {
        let body = try Self.alert { $0["facts"] = .string(text) }
        #expect(Self.faults(body) == [])
    }

    @Test(arguments: ["\u{AD}\u{AD}", "\u{2800}", "\u{3000}\u{2003}", "\u{202F} \u{205F}"])
    func `a text of nothing but blanks is blank, whichever they are`(text: String) throws {
        let body = try Self.alert { $0["facts"] = .string(text) }
        #expect(Self.faults(body) == ["facts blank"])
    }

    @Test func `a text over its length is not put in order to find out more`() throws {
        let letters = "a\u{323}\u{307}\u{1100}\u{1161}\u{202E}\u{E0041}"
        let bytes = Array(String(repeating: letters, count: 12_000).utf8)
        let over = bytes.withUnsafeBytes { TextScan($0, newlineAllowed: true, limit: 83_999) }
        #expect(over?.length == 84_000)
        #expect(over?.isNormalized == true && over?.hasControl == false)
        let within = bytes.withUnsafeBytes { TextScan($0, newlineAllowed: true, limit: 84_000) }
        #expect(within?.isNormalized == false && within?.hasControl == true)
        #expect(within?.hasInvisible == true)
        let body = try Self.alert {
            $0["facts"] = .string(String(repeating: "a\u{323}\u{307}", count: 2_000))
        }
        #expect(Self.faults(body) == ["facts too-long"])
    }

    @Test func `a title is one line, facts may be several`() throws {
        let title = PlainValue.object([.init("title", .string("jeden\ndwa"))])
        let body = try Self.alert { $0["common"] = title }
        #expect(Self.faults(body) == ["common.title control-character"])
    }

    @Test(arguments: ["Zaz\u{307}o\u{301}łc\u{301}", "e\u{301}", "\u{212B}", "\u{1100}\u{1161}"])
    func `text that is not in normalization form C is a fault`(text: String) throws {
        let body = try Self.alert { $0["facts"] = .string(text) }
        #expect(Self.faults(body) == ["facts not-nfc"])
    }

    @Test(arguments: [
        "Zażółć gęślą jaźń", "Перевірка", "日本語", "„cytat” – ok… €", "😀", "각", "a\u{35C}",
    ])
    func `text in normalization form C is none`(text: String) throws {
        #expect(try Self.faults(Self.alert { $0["facts"] = .string(text) }) == [])
    }

    @Test(arguments: [" ", "\n \n", "\u{A0}"])
    func `blanks are no text`(text: String) throws {
        #expect(try Self.faults(Self.alert { $0["facts"] = .string(text) }) == ["facts blank"])
    }

    @Test(arguments: ["0", "01", "066", "066301", "99", "06a1", "06630112", "06 3"])
    func `a place is a TERYT code of an existing voivodeship`(place: String) throws {
        #expect(try Self.faults(Self.alert { $0["place"] = .string(place) }) == ["place bad-place"])
    }

    @Test(arguments: [
        ("periodStart", "2027-02-30", "periodStart bad-date"),
        ("periodEnd", "2027-1-1", "periodEnd bad-date"),
    ])
    func `a date must exist`(field: String, text: String, fault: String) throws {
        #expect(try Self.faults(Self.alert { $0[field] = .string(text) }) == [fault])
    }

    @Test func `a period may not end before it starts`() throws {
        let body = try Self.alert {
            $0["periodStart"] = .string("2027-03-02")
            $0["periodEnd"] = .string("2027-03-01")
        }
        #expect(Self.faults(body) == ["periodEnd dates-out-of-order"])
        let sameDay = try Self.alert {
            $0["periodStart"] = .string("2027-03-01")
            $0["periodEnd"] = .string("2027-03-01")
        }
        #expect(Self.faults(sameDay) == [])
    }

    @Test(arguments: ["HL-06-2026-001", "HL-05-2026-0001", "HL-06-1999-0001", "hl-06-2026-0001"])
    func `a case key has one form`(key: String) throws {
        let common = PlainValue.object([
            .init("title", .string("PRZYKŁAD")), .init("caseKey", .string(key)),
        ])
        let body = try Self.alert { $0["common"] = common }
        #expect(Self.faults(body) == ["common.caseKey bad-case-key"])
    }

    @Test func `a field that the schema does not have is a fault`() throws {
        let good = try Self.alert().bytes()
        let body = try MessageBody(type: "case-alert", bytes: good + Data([0xF8, 0x3F, 0x01]))
        #expect(Self.faults(body) == [" unknown-field"])
        let nested = try MessageBody(
            type: "acknowledgement",
            bytes: Data([0x0A, 0x02, 0x6F, 0x6B, 0x50, 0x01])
        )
        #expect(Self.faults(nested) == [" unknown-field"])
    }

    @Test func `a hostile message reports a hundred faults and says that there are more`() throws {
        let row = PlainValue.object([
            .init("form", .string("?")), .init("measure", .string("?")),
        ])
        let object = PlainValue.object([
            .init("counts", .array(Array(repeating: row, count: 100)))
        ])
        let body = try MessageBody(type: "periodic-report", json: Data(object.json().utf8))
        let faults = Validator.current.check(body).faults
        #expect(faults.count == 101)
        #expect(faults.last?.code == .moreFaults)
    }

    @Test func `the codes of topic fields become topics`() throws {
        let body = try Self.alert { $0["forms"] = .array([.string("EX-LAB"), .string("EX-SEX")]) }
        #expect(Validator.current.check(body).topics == ["EX-LAB", "EX-SEX"])
    }

    @Test func `JSON names its unknown members and wrong types by path`() throws {
        let json = #"{"common":{"titel":"x","title":5},"forms":"EX-LAB","personsEstimated":1.5}"#
        let error = try #require(throws: BodyError.self) {
            try MessageBody(type: "case-alert", json: Data(json.utf8))
        }
        var faults: [Fault] = []
        if case .faults(let found) = error { faults = found }
        #expect(
            faults.map { "\($0.path) \($0.code.rawValue)" } == [
                "common.titel unknown-field", "common.title wrong-type", "forms wrong-type",
                "personsEstimated wrong-type",
            ]
        )
    }

    @Test func `a number may be quoted, as protobuf's JSON mapping says`() throws {
        let body = try Self.support { $0["adults"] = .string("2") }
        #expect(Self.faults(body) == [])
        #expect(try body.json().contains(#""adults":2"#))
    }

    @Test func `sentences are in both languages and never quote the message`() throws {
        let secret = "Jan-Kowalski"
        let body = try Self.alert {
            $0["forms"] = .array([.string(secret)])
            $0["place"] = .string(secret)
            $0["facts"] = .string(secret + "\u{7}")
        }
        let faults = Validator.current.check(body).faults
        #expect(faults.count == 3)
        for fault in faults {
            #expect(!fault.sentence.polish.isEmpty && !fault.sentence.english.isEmpty)
            #expect(!"\(fault)".contains(secret) && !fault.sentence.polish.contains(secret))
        }
    }
}

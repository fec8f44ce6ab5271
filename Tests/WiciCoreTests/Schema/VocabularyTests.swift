// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The vocabulary of this release, and how a broken list is refused.

import Foundation
import Testing

import struct Crypto.SHA256

@testable import WiciCore

struct VocabularyTests {
    /// Lines of `goldenVocabulary`, word by word.
    static let golden = goldenVocabulary.split(separator: "\n").map { line in
        line.split(separator: " ").map(String.init)
    }

    @Test func `the release holds exactly its lists`() {
        #expect(Vocabulary.current.lists.keys.sorted() == Self.golden.map { $0[0] }.sorted())
        #expect(Vocabulary.current.lists.count == 54)
    }

    @Test(arguments: golden)
    func `a list holds exactly its codes with their names and attributes`(line: [String]) {
        let list = Vocabulary.current[line[0]]
        #expect(list.entries.map(\.code.text) == Array(line.dropFirst(2)))
        #expect(Self.digest(of: list) == line[1], "\(list.name): a name or an attribute changed")
    }

    /// SHA-256 over version, label and every entry, a line each; the first 16 digits.
    static func digest(of list: CodeList) -> String {
        let entries = list.entries.map { entry in
            let attributes = entry.attributes.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            let names = [entry.code.text, entry.name.polish, entry.name.english]
            return (names + attributes).joined(separator: "|")
        }
        let lines = [list.version, list.label.polish, list.label.english] + entries
        let digest = Digest(SHA256.hash(data: Data(lines.joined(separator: "\n").utf8)))
        return String(digest.hexadecimal.prefix(16))
    }

    @Test func `the sixty-eight indicators have their weights`() {
        let weights = [
            "S": "G05 G06 G10 R01 R07 C01 C02 C04 C09 L01 L05 L09 S01 S02 S05 D04 K01 K04 K06 B02 "
                + "O02 N01 N02 N03",
            "M": "G01 G02 G03 G07 G09 R02 R03 R04 R06 R08 C03 C05 C06 C07 C08 C10 L02 L03 L04 L06 "
                + "L08 L10 S03 S04 D01 D02 D03 K02 K03 K05 K07 K08 B01 B03 B04 B05 O01 O03",
            "W": "G04 G08 R05 R09 L07 S06",
        ]
        let entries = Vocabulary.current["indicator"].entries
        let found = Dictionary(grouping: entries) { $0.attributes["weight"] ?? "" }
            .mapValues { $0.map(\.code.text).joined(separator: " ") }
        #expect(found == weights)
        #expect(entries.count == 68)
    }

    @Test func `the sixteen voivodeships have their ISO, old, TERYT and NUTS codes`() {
        let table = """
            PL-02 DS PL51; PL-04 KP PL61; PL-06 LU PL81; PL-08 LB PL43; PL-10 LD PL71; \
            PL-12 MA PL21; PL-14 MZ PL91, PL92; PL-16 OP PL52; PL-18 PK PL82; PL-20 PD PL84; \
            PL-22 PM PL63; PL-24 SL PL22; PL-26 SK PL72; PL-28 WN PL62; PL-30 WP PL41; \
            PL-32 ZP PL42
            """
        let found = Vocabulary.current["voivodeship"].entries.map { entry in
            let attributes = ["old", "nuts"].map { entry.attributes[$0] ?? "" }
            #expect(entry.attributes["iso"] == entry.code.text)
            #expect(entry.teryt.map { "PL-" + $0 } == entry.code.text)
            return ([entry.code.text] + attributes).joined(separator: " ")
        }
        #expect(found.joined(separator: "; ") == table)
        #expect(found.count == 16)
    }

    @Test func `every institution kind has a word of the policy language`() {
        let entries = Vocabulary.current["institution-kind"].entries
        #expect(!entries.isEmpty)
        #expect(entries.allSatisfy { $0.word?.isEmpty == false })
        #expect(Set(entries.compactMap(\.word)).count == entries.count)
    }

    @Test func `every urgency says how soon to acknowledge`() {
        let list = Vocabulary.current["urgency"]
        #expect(list["UR-4"]?.acknowledgeWithin == .minutes(30))
        #expect(list["UR-3"]?.acknowledgeWithin == .minutes(240))
        #expect(list["UR-2"]?.acknowledgeWithin == .workingDays(2))
        #expect(list["UR-1"]?.acknowledgeWithin == .never)
    }

    @Test func `a code that no list has is unknown`() {
        #expect(Vocabulary.current.entry("EX-LAB", in: "exploitation") != nil)
        #expect(Vocabulary.current.entry("EX-LAB", in: "need") == nil)
        #expect(Vocabulary.current.entry("EX-LAB", in: "no-such-list") == nil)
    }

    @Test(arguments: [
        "list: a\nname: {pl: a, en: a}\ncodes:\n  - {code: A, pl: a, en: a}",
        "list: a\nversion: '1'\nname: {pl: a, en: a}\ncodes: []",
        "list: a\nversion: '1'\nname: {pl: a, en: a}\ncodes:\n  - {code: A, pl: a}",
        "list: a\nversion: '1'\nname: {pl: a, en: a}\ncodes:\n  - {code: 'A B', pl: a, en: a}",
        """
        list: a
        version: "1"
        name: {pl: a, en: a}
        codes: [{code: A, pl: a, en: a}, {code: A, pl: b, en: b}]
        """,
        "- not a list file", "",
        """
        list: a
        version: "1"
        name: {pl: a, en: a}
        codes: [{code: A, pl: &x a, en: *x}]
        """,
    ])
    func `a broken list is refused`(file: String) {
        #expect(throws: VocabularyError.self) { try Vocabulary(files: [file]) }
    }
}

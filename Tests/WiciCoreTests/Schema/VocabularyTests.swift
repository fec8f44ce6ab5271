// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The vocabulary of this release, and how a broken list is refused.

import Testing

@testable import WiciCore

struct VocabularyTests {
    @Test(arguments: [
        ("exploitation", 18), ("indicator", 68), ("voivodeship", 16), ("urgency", 4), ("tlp", 5),
    ])
    func `the release holds its lists`(list: String, least: Int) {
        #expect(Vocabulary.current[list].entries.count >= least)
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

    @Test func `every voivodeship has its TERYT number`() {
        let entries = Vocabulary.current["voivodeship"].entries
        #expect(entries.allSatisfy { "PL-" + ($0.teryt ?? "") == $0.code.text })
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

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Foundation
import Testing

@testable import WiciCore

struct PolicyParsingTests {
    private func refusal(_ text: String) throws -> DocumentError {
        try #require(throws: DocumentError.self) {
            _ = try Policy(text: text, words: PolicyFixture.words)
        }
    }

    @Test(arguments: [
        ("from: [police]", "from: [policja]", "document-word-unknown", "grants[0].from[0]"),
        ("from: [police]", "from: []", "document-contradiction", "grants[0].from"),
        ("from: [police]", "from: police", "document-wrong-form", "grants[0].from"),
        ("from: [police]", "from: [police, police]", "document-id-twice", "grants[0].from[1]"),
        ("    from: [police]\n", "", "document-key-missing", "grants[0].from"),
        ("from: [police]", "whom: [police]", "document-key-missing", "grants[0].from"),
        ("basis: umowa", "basis: umowa\n    extra: 1", "document-key-unknown", "grants[0].extra"),
        ("region: named", "region: near", "document-word-unknown", "grants[0].region"),
        ("TLP:AMBER\n", "TLP:WHITE\n", "document-word-unknown", "grants[0].marking-at-most"),
        (
            "data-level-at-most: none", "data-level-at-most: special", "document-key-missing",
            "grants[0].data-about"
        ),
        (
            "status: any\n", "status: any\n    data-about: any\n", "document-contradiction",
            "grants[0].data-about"
        ),
        ("sealed: optional", "sealed: maybe", "document-word-unknown", "grants[0].sealed"),
        ("id: N1", "id: G1", "document-id-twice", "nevers[0].id"),
        ("allowed by G1", "allowed by G9", "document-reference-unknown", "checks[0]"),
        (
            "case-alert, named, TLP:AMBER =", "case-alert, near, TLP:AMBER =",
            "document-word-unknown", "checks[0]"
        ),
        ("release: 1", "release: 0", "document-wrong-form", "release"),
        ("release: 1", "release: 2", "document-contradiction", "previous"),
        ("expires: 2027-11-23", "expires: 2026-02-30", "document-wrong-form", "expires"),
        ("expires: 2027-11-23", "expires: 2026-11-22", "document-contradiction", "expires"),
        (
            "data-level-from: personal}", "data-level-from: none}", "document-contradiction",
            "seal.data-level-from"
        ),
        (
            "types: [good-practice], marking", "types: [case-alert], marking",
            "document-contradiction", "public[0].types"
        ),
        (
            "marking-at-most: TLP:CLEAR", "marking-at-most: TLP:AMBER", "document-contradiction",
            "public[0].marking-at-most"
        ),
        ("nevers:", "policy: twice\nnevers:", "document-key-twice", "policy"),
        ("basis: umowa", "basis: &a umowa", "document-feature", ""),
        ("basis: umowa", "basis: !tag umowa", "document-feature", ""),
    ])
    func `a fault in the text is refused with its path`(
        find: String,
        replacement: String,
        code: String,
        path: String
    ) throws {
        var text = PolicyFixture.text()
        let range = try #require(text.range(of: find))
        text.replaceSubrange(range, with: replacement)
        let error = try refusal(text)
        #expect(error.code.name == code)
        #expect(error.path == path)
        #expect(error.line != nil)
    }

    @Test func `a never without a condition is refused`() throws {
        let never = "  - id: N1\n    says: {pl: a, en: b}\n    basis: c"
        #expect(try refusal(PolicyFixture.text(nevers: [never])).code == .documentContradiction)
    }

    @Test func `a grant that is past its day at issue is refused`() throws {
        let text = PolicyFixture.text(grants: [PolicyFixture.grant + "\n    until: 2026-11-22"])
        #expect(try refusal(text).path == "grants[0].until")
    }

    @Test func `a text over one mebibyte is refused`() throws {
        let text = PolicyFixture.text() + String(repeating: "#", count: 1 << 20)
        #expect(try refusal(text).code == .documentTooLarge)
    }

    @Test(arguments: ["", "\u{0}", "[[[[", "a: b: c", "- 1\n- 2", "policy", "{}"])
    func `text that is no policy is refused`(text: String) throws {
        _ = try refusal(text)
    }

    @Test func `nesting without end is refused`() throws {
        _ = try refusal(String(repeating: "[", count: 200_000))
        let nested = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(try refusal("policy: \(nested)").code == .documentTooDeep)
    }

    @Test func `aliases that multiply are refused before they are expanded`() throws {
        var text = "a: &a [x, x]\n"
        for (name, before) in zip("bcdefghijklmnop", "abcdefghijklmno") {
            text += "\(name): &\(name) [*\(before), *\(before)]\n"
        }
        #expect(try refusal(text).code == .documentFeature)
    }

    @Test func `the words of the vocabulary fit the closed lists`() {
        #expect(
            Vocabulary.current["tlp"].entries.map(\.code.text).sorted()
                == Marking.allCases.map(\.label).sorted()
        )
        let lists: [(String, [String])] = [
            ("data-level", DataLevel.allCases.map(\.rawValue)),
            ("data-subject", DataSubject.allCases.map(\.rawValue)),
            ("regime", LegalRegime.allCases.map(\.rawValue)),
            ("status", MessageStatus.allCases.map(\.rawValue)),
        ]
        for (list, words) in lists {
            #expect(Vocabulary.current[list].entries.map(\.code.text) == words)
        }
        #expect(PolicyWords.current.kinds.count == 26)
        #expect(PolicyWords.current.types.count == 18)
        #expect(PolicyWords.current.purposes.count == 4)
    }
}

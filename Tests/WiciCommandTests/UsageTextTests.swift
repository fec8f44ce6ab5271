// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A wrong command line is explained in Polish too, whatever is wrong with it: the parser's own
// sentences are taken from the parser, so that another version of it cannot change them unnoticed.

import ArgumentParser
import Testing
import WiciCore

@testable import wici

struct UsageTextTests {
    private static func sentence(_ words: [String]) throws -> Bilingual {
        let error = try #require(throws: (any Error).self) { try Wici.parseAsRoot(words) }
        return UsageText.sentence(Wici.message(for: error), words: words)
    }

    @Test(arguments: [
        (["acknowledge"], "Brak argumentu „<id>”."),
        (["registry", "sign", "x"], "Brak argumentu „--key <key> ...”."),
        (["inbox", "--nonsense"], "Nieznana opcja „--nonsense”."),
        (["inbox", "--limt", "3"], "Nieznana opcja „--limt”. Czy chodziło o „--limit”?"),
        (["inbox", "--limit"], "Brak wartości opcji „--limit <limit>”."),
        (["inbox", "one"], "Zbędny argument „one”."),
        (["inbox", "one", "two"], "Zbędne argumenty: „one”, „two”."),
        (["inbox", "--json=yes"], "Opcja „--json” nie przyjmuje wartości, a podano „yes”."),
        (["inbox", "--limit", "many"], "Wartość „many” nie pasuje do „--limit <limit>”."),
        (
            ["acknowlege", "x"],
            "Zbędne argumenty: „acknowlege”, „x”. Czy chodziło o: wici acknowledge?"
        ),
        (
            ["hub", "stat"], "Zbędny argument „stat”."
        ),
        (
            ["hub", "statu"], "Zbędny argument „statu”. Czy chodziło o: wici hub status?"
        ),
    ])
    func `a wrong command line is explained in Polish`(words: [String], polish: String) throws {
        #expect(try Self.sentence(words).polish == polish)
    }

    @Test
    func `the command that was probably meant is named in English too`() throws {
        let said = try Self.sentence(["acknowlege", "x"]).english
        #expect(said.hasSuffix("Did you mean: wici acknowledge?"), "\(said)")
        #expect(try !Self.sentence(["frobnicate"]).english.contains("Did you mean"))
    }
}

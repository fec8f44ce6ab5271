// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is said about a wrong command line. The parser's sentences are English and its errors are its
// own secret, so that the sentences themselves are read and said in Polish; its version is pinned, and
// a test holds every form.

import ArgumentParser
import WiciCore

/// A wrong command line in the language of the person at the terminal.
enum UsageText {
    /// The sentence about an error in both languages, with the command that was probably meant.
    static func sentence(_ message: String, words: [String]) -> Bilingual {
        let meant = suggestion(for: words)
        return Bilingual(
            polish: polish(message) + (meant.map { " Czy chodziło o: \($0)?" } ?? ""),
            english: message + (meant.map { ". Did you mean: \($0)?" } ?? "")
        )
    }

    /// The whole text for a person: sentence, help on the argument, usage.
    static func page(_ text: String, message: String, words: [String]) -> String {
        let said = sentence(message, words: words)
        let language = Console.language
        guard text.hasPrefix("Error: " + message) else { return text }
        let rest = text.dropFirst("Error: ".count + message.count)
        guard language == .polish else { return "Error: \(said.english)\(rest)" }
        let inPolish =
            rest
            .replacing("\nHelp:  ", with: "\nPomoc (po angielsku):  ")
            .replacing("\nUsage: ", with: "\nUżycie: ")
            .replacing(/See '(.+)' for more information\./) {
                "Więcej (po angielsku): \($0.output.1)"
            }
        return "Błąd: \(said.polish)\(inPolish)"
    }

    // MARK: Polish

    /// A sentence of the parser in Polish; one of another form stays as it is.
    static func polish(_ message: String) -> String {
        if let found = message.wholeMatch(of: /Missing expected argument '(.+)'/) {
            return "Brak argumentu „\(found.output.1)”."
        }
        if let found = message.wholeMatch(of: /Missing one of: '(.+)'/) {
            return "Brak jednego z: „\(quoted(found.output.1))”."
        }
        if let found = message.wholeMatch(of: /Unknown option '(.+?)'\. Did you mean '(.+)'\?/) {
            return "Nieznana opcja „\(found.output.1)”. Czy chodziło o „\(found.output.2)”?"
        }
        if let found = message.wholeMatch(of: /Unknown option '(.+)'/) {
            return "Nieznana opcja „\(found.output.1)”."
        }
        if let found = message.wholeMatch(of: /Invalid option: (.+)/) {
            return "Nieprawidłowa opcja „\(found.output.1)”."
        }
        if let found = message.wholeMatch(of: /Missing value for '(.+)'/) {
            return "Brak wartości opcji „\(found.output.1)”."
        }
        if let found = message.wholeMatch(of: /Unexpected argument '(?s:(.*))'/) {
            return "Zbędny argument „\(found.output.1)”."
        }
        if let found = message.wholeMatch(of: /[0-9]+ unexpected arguments: '(?s:(.*))'/) {
            return "Zbędne argumenty: „\(quoted(found.output.1))”."
        }
        return polishValue(message)
    }

    private static func polishValue(_ message: String) -> String {
        if let found = message.wholeMatch(
            of: /The option '(.+?)' does not take any value, but '(?s:(.*))' was specified\./
        ) {
            return "Opcja „\(found.output.1)” nie przyjmuje wartości, a podano „\(found.output.2)”."
        }
        if let found = message.wholeMatch(
            of: /The value '(?s:(.*))' is invalid for '(.+?)'(?:\. Please provide one of (.+))?/
        ) {
            let choice = found.output.3.map { " Do wyboru: \($0)" } ?? ""
            return "Wartość „\(found.output.1)” nie pasuje do „\(found.output.2)”.\(choice)"
        }
        if message == "Missing required subcommand." { return "Brak podpolecenia." }
        return message
    }

    private static func quoted(_ list: Substring) -> String {
        String(list).replacing("', '", with: "”, „")
    }

    // MARK: Commands

    /// The command that was probably meant, where a word stands in the place of one and is none.
    static func suggestion(
        for words: [String],
        of command: any ParsableCommand.Type = Wici.self
    ) -> String? {
        let children = command.configuration.subcommands
        guard let word = words.first, !word.hasPrefix("-"), !children.isEmpty else { return nil }
        if let child = children.first(where: { name(of: $0) == word }) {
            return suggestion(for: Array(words.dropFirst()), of: child)
        }
        let near = children.map { (name(of: $0), distance(word, name(of: $0))) }
            .min { $0.1 < $1.1 }
        guard let (meant, count) = near, count <= max(1, word.count / 3) else { return nil }
        return command == Wici.self ? "wici \(meant)" : "wici \(name(of: command)) \(meant)"
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }

    /// How many letters have to be added, left out or changed to make one word of another.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one.prefix(32)), Array(other))
        var row = Array(0...other.count)
        for (place, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = place + 1
            for (column, wanted) in other.enumerated() {
                let changed = diagonal + (letter == wanted ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}

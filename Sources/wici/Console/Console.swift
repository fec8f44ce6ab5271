// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the command line prints and how: language, colour, tables, JSON. Results go to standard
// output, everything about the work itself to standard error.

import Foundation
import Glibc
import WiciCore
import WiciNode

/// A sentence in the language of the person at the terminal.
func say(_ polish: String, _ english: String) -> String {
    Console.language == .polish ? polish : english
}

/// The terminal.
enum Console {
    /// Polish when `WICI_LANG`, or else the locale, says so; English otherwise.
    static let language: DeskLanguage = {
        let environment = ProcessInfo.processInfo.environment
        let name =
            ["WICI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
            .compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return name.lowercased().hasPrefix("pl") ? .polish : .english
    }()

    /// Whether errors are wanted as JSON: they come before or instead of a parsed command.
    static let wantsJSON = CommandLine.arguments.contains("--json")

    /// Whether standard output shows colour.
    static let isColourful = isTerminal(STDOUT_FILENO) && !hasNoColour

    /// Whether standard error is a terminal, so that a line may be drawn again.
    static let isLive = isTerminal(STDERR_FILENO)

    private static let hasNoColour =
        !(ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
        || ProcessInfo.processInfo.environment["TERM"] == "dumb"

    private static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Writes a line of the result.
    static func write(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line about the work.
    static func remark(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Writes bytes; a reader that has gone away (`wici inbox | head`) ends the program quietly, a disk
    /// that is full with an error.
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, Array(rest), rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EPIPE {
                    exit(ExitStatus.ok.rawValue)
                } else if errno != EINTR {
                    // A listing or draft of which a part is missing must not pass for a whole one.
                    if descriptor == STDOUT_FILENO {
                        remark(
                            say(
                                "Błąd: wyniku nie da się zapisać (\(String(cString: strerror(errno)))).",
                                "Error: the output cannot be written "
                                    + "(\(String(cString: strerror(errno))))."
                            )
                        )
                    }
                    exit(ExitStatus.failed.rawValue)
                }
            }
        }
    }

    /// Writes a result as one line of JSON.
    static func write(json value: some Encodable) throws {
        write(String(decoding: try NodeJSON.encoder().encode(value), as: UTF8.self))
    }

    /// Writes an error as one line of JSON.
    static func remark(json value: some Encodable) throws {
        remark(String(decoding: try NodeJSON.encoder().encode(value), as: UTF8.self))
    }

    /// The colours that mean something.
    enum Colour: String {
        case good = "32"
        case doubtful = "33"
        case bad = "31"
        case strong = "1"
        case faint = "2"
    }

    /// Text in a colour, where colours are shown.
    static func paint(_ text: String, _ colour: Colour) -> String {
        isColourful ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// Rows with aligned columns.
struct TextTable {
    private let titles: [String]
    private var rows: [[String]] = []

    /// Starts a table with column titles.
    init(_ titles: String...) {
        self.init(titles)
    }

    /// Starts a table with column titles.
    init(_ titles: [String]) {
        self.titles = titles
    }

    /// Adds a row.
    mutating func add(_ cells: String...) { add(cells) }

    /// Adds a row.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The table; the last column is not padded.
    var text: String {
        let widths = titles.indices.map { column in
            ([titles] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            var line = ""
            for (column, cell) in cells.enumerated() {
                let isLast = column == cells.count - 1
                let gap = isLast ? 0 : widths[column] - cell.count + 2
                line += cell + String(repeating: " ", count: gap)
            }
            return line
        }
        let head = Console.paint(line(titles), .strong)
        return ([head] + rows.map(line)).joined(separator: "\n")
    }
}

/// A bar on standard error that shows how far long work has come.
final class ProgressBar: Sendable {
    private let label: String

    /// Names the work.
    init(_ label: String) {
        self.label = label
    }

    /// Draws the bar where it has visibly moved: for work that reports every small step.
    func step(_ done: Int, of total: Int) {
        if done == total || done.isMultiple(of: 4_096) { show(done, of: total) }
    }

    /// Draws the bar again; does nothing when nobody watches.
    func show(_ done: Int, of total: Int) {
        guard Console.isLive, total > 0 else { return }
        let width = 30
        let filled = min(width, width * done / total)
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: ".", count: width - filled)
        let end = done >= total ? "\n" : ""
        Console.write("\r\(label) [\(bar)] \(done)/\(total)\(end)", to: STDERR_FILENO)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger's one error: a code of the common list, the place, and what SQLite said. It never holds
// record bytes, message content or keys.

public import WiciCore

/// Why the ledger cannot open, read, write or trust what it finds.
public struct LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where something is wrong.
    public struct Place: Hashable, Sendable, CustomStringConvertible {
        /// Path of the ledger file or name of the export.
        public let file: String
        /// The table, or empty when the file as a whole is meant.
        public let table: String
        /// The entry's index, or the line of an export counted from 0; nil when none is meant.
        public let index: UInt64?

        /// Names a place.
        public init(file: String, table: String = "", index: UInt64? = nil) {
            self.file = file
            self.table = table
            self.index = index
        }

        /// File, table and index, as far as they are known.
        public var description: String {
            var parts = [file]
            if !table.isEmpty { parts.append(table) }
            if let index { parts.append("#\(index)") }
            return parts.joined(separator: " ")
        }
    }

    /// What went wrong: numbers 1100 to 1149 of Schemas/codes.json.
    public let code: RefusalCode
    /// Where.
    public let place: Place
    /// SQLite's result code or a field name, for whoever repairs it; may be empty.
    public let detail: String

    /// Makes an error.
    public init(_ code: RefusalCode, at place: Place, detail: String = "") {
        self.code = code
        self.place = place
        self.detail = detail
    }

    /// What happened, what to do, and where, in both languages.
    public var sentence: Bilingual {
        let suffix = detail.isEmpty ? "[\(place)]" : "[\(place): \(detail)]"
        return Bilingual(
            polish: "\(code.sentence.polish) \(suffix)",
            english: "\(code.sentence.english) \(suffix)"
        )
    }

    /// The English sentence.
    public var description: String { "\(code.name): \(sentence.english)" }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger as text that foreign tools read: one JSON object a line. The bytes that count are in
// base64; the record as JSON is there for people and is checked against the bytes when read back.

public import Foundation
import SwiftProtobuf
import WiciCore

/// Lines of an audit export (JSON Lines).
///
/// Keys in this order: `index`, `leaf`, `salt`, `record` (base64, RFC 4648 section 4) and `json` (the
/// record in the protobuf JSON mapping). The last three are missing when the ledger holds no opening,
/// which is sound only where an erasure is on record. An export ends with its checkpoint.
public enum AuditExport {
    /// Longest line that is read, in bytes.
    public static let longestLine = 16 << 20

    /// An entry's line, with its newline; refuses a record that cannot be read.
    public static func line(_ entry: LedgerEntryRow) throws(LedgerError) -> Data {
        var text = "{\"index\":\(entry.index),\"leaf\":\"\(entry.leaf.base64EncodedString())\""
        if let salt = entry.salt, let record = entry.record {
            guard let json = try? WireRecord(serializedBytes: record).jsonString() else {
                throw LedgerError(
                    .ledgerRecordUnreadable,
                    at: LedgerError.Place(
                        file: "export",
                        table: "opening",
                        index: entry.index.value
                    )
                )
            }
            text += ",\"salt\":\"\(salt.base64EncodedString())\""
            text += ",\"record\":\"\(record.base64EncodedString())\",\"json\":\(json)"
        }
        return Data((text + "}\n").utf8)
    }

    /// Writes every entry below a size, which is that of the checkpoint beside the export; progress
    /// is given as entries done and in all.
    public static func write(
        _ reader: LedgerReader,
        below size: UInt64,
        progress: ((Int, Int) -> Void)? = nil,
        to output: (Data) throws(LedgerError) -> Void
    ) throws(LedgerError) {
        try reader.forEachEntry(below: size) { entry throws(LedgerError) in
            try output(line(entry))
            if entry.index.value & 0xFFF == 0 { progress?(Int(entry.index.value), Int(size)) }
        }
        progress?(Int(size), Int(size))
    }

    /// Reads a line without its newline; `number` counts lines from 0 and is named in the error.
    ///
    /// Accepts the form that `line` writes, and refuses a `json` that is not its record.
    public static func entry(
        line: some Collection<UInt8>,
        number: UInt64
    ) throws(LedgerError) -> LedgerEntryRow {
        guard line.count <= longestLine, let text = String(validating: line, as: UTF8.self),
            let entry = parse(text)
        else {
            throw LedgerError(
                .auditLineUnreadable,
                at: LedgerError.Place(file: "export", index: number)
            )
        }
        return entry
    }

    private static func parse(_ text: String) -> LedgerEntryRow? {
        var scanner = LineScanner(rest: text.utf8[...])
        guard scanner.skip("{\"index\":"), let index = scanner.number(),
            scanner.skip(",\"leaf\":\""), let leaf = scanner.base64()
        else { return nil }
        var entry = LedgerEntryRow(index: LedgerIndex(index), leaf: leaf, salt: nil, record: nil)
        if scanner.rest.elementsEqual("}".utf8) { return entry }
        guard scanner.skip(",\"salt\":\""), let salt = scanner.base64(),
            scanner.skip(",\"record\":\""), let record = scanner.base64(),
            scanner.skip(",\"json\":"), scanner.rest.last == UInt8(ascii: "}"),
            let meant = try? WireRecord(serializedBytes: record).jsonString(),
            scanner.rest.dropLast().elementsEqual(meant.utf8)
        else { return nil }
        entry.salt = salt
        entry.record = record
        return entry
    }
}

/// Reads the fixed parts of a line.
private struct LineScanner {
    var rest: Substring.UTF8View

    mutating func skip(_ text: StaticString) -> Bool {
        let matches = text.withUTF8Buffer { rest.starts(with: $0) }
        if matches { rest = rest.dropFirst(text.utf8CodeUnitCount) }
        return matches
    }

    mutating func number() -> UInt64? {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits.count <= 20 else { return nil }
        rest = rest[digits.endIndex...]
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    /// Reads up to and past the closing quotation mark; only the canonical form, so that no changed
    /// bit goes unnoticed in what padding leaves over.
    mutating func base64() -> Data? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        defer { rest = rest[rest.index(after: end)...] }
        let text = String(decoding: rest[..<end], as: UTF8.self)
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else {
            return nil
        }
        return data
    }
}

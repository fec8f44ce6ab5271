// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A compiled statement that is kept and used again. GRDB compiles it and owns the connection;
// binding and stepping go straight to SQLite, since an append runs several per entry and must not
// build a row of values for each.

import CheckedPages
import Foundation
import GRDB
import GRDBSQLite
import WiciCore

/// A statement of the ledger's one connection; used on that connection's queue only.
struct PreparedStatement {
    /// Keeps the handle alive.
    private let statement: Statement
    private let handle: OpaquePointer
    private let table: String
    private let file: String

    init(_ sql: String, table: String, file: String, in database: Database) throws {
        self.statement = try database.makeStatement(sql: sql)
        self.handle = statement.sqliteStatement
        self.table = table
        self.file = file
    }

    // MARK: Binding, parameters counted from 1

    func bind(_ value: UInt64, at parameter: Int32) {
        sqlite3_bind_int64(handle, parameter, Int64(bitPattern: value))
    }

    func bind(_ value: Int64, at parameter: Int32) {
        sqlite3_bind_int64(handle, parameter, value)
    }

    func bind(_ text: String, at parameter: Int32) {
        sqlite3_bind_text(handle, parameter, text, -1, Self.copied)
    }

    func bind(_ bytes: Data, at parameter: Int32) {
        bytes.withUnsafeBytes { bind($0, at: parameter) }
    }

    func bind(_ digest: WiciCore.Digest, at parameter: Int32) {
        digest.withUnsafeBytes { bind($0, at: parameter) }
    }

    func bind(_ bytes: UnsafeRawBufferPointer, at parameter: Int32) {
        guard let base = bytes.baseAddress, bytes.count > 0 else {
            sqlite3_bind_zeroblob(handle, parameter, 0)
            return
        }
        sqlite3_bind_blob(handle, parameter, base, Int32(bytes.count), Self.copied)
    }

    func bindNull(at parameter: Int32) {
        sqlite3_bind_null(handle, parameter)
    }

    /// SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    // MARK: Running

    /// Runs a statement that gives no rows and readies it for the next use.
    func run(index: UInt64? = nil) throws(LedgerError) {
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE else {
            let error = failure(code, index: index)
            sqlite3_reset(handle)
            throw error
        }
        sqlite3_reset(handle)
    }

    /// Rows that the last `run` changed.
    var changes: Int32 { sqlite3_changes(sqlite3_db_handle(handle)) }

    /// Moves to the next row; false after the last.
    func next(index: UInt64? = nil) throws(LedgerError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else { throw failure(code, index: index) }
        return false
    }

    /// Readies the statement for the next use; needed after every reading of rows.
    func reset() {
        sqlite3_reset(handle)
    }

    // MARK: The present row, columns counted from 0

    func integer(_ column: Int32) -> UInt64 {
        UInt64(bitPattern: sqlite3_column_int64(handle, column))
    }

    func text(_ column: Int32) -> String {
        sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
    }

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    /// The bytes of a column; nil for NULL.
    func data(_ column: Int32) -> Data? {
        isNull(column) ? nil : withBytes(column) { Data($0) }
    }

    /// The bytes of a column in place, good until the next step; nil for NULL.
    func lentBytes(_ column: Int32) -> UnsafeRawBufferPointer? {
        guard let base = sqlite3_column_blob(handle, column) else {
            return isNull(column) ? nil : UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(
            start: base,
            count: Int(sqlite3_column_bytes(handle, column))
        )
    }

    /// Lends the bytes of a column until the next step.
    func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let base = sqlite3_column_blob(handle, column)
        return body(
            UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column)))
        )
    }

    private func failure(_ code: Int32, index: UInt64?) -> LedgerError {
        let connection = sqlite3_db_handle(handle)
        return LedgerError(
            sqlite: sqlite3_extended_errcode(connection),
            at: LedgerError.Place(file: file, table: table, index: index)
        )
    }
}

extension LedgerError {
    /// Names what an SQLite result code means for a ledger (https://sqlite.org/rescode.html).
    init(sqlite code: Int32, at place: Place) {
        guard code != CHECKED_PAGES_WRONG else {
            let page = "page \(checked_pages_last_wrong())"
            self.init(.ledgerPageCorrupt, at: place, detail: page)
            return
        }
        let meaning: RefusalCode =
            switch code & 0xFF {
            case SQLITE_FULL: .ledgerDiskFull
            case SQLITE_READONLY: .ledgerReadOnly
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .ledgerUnopenable
            case SQLITE_BUSY, SQLITE_LOCKED: .ledgerInUse
            case SQLITE_CORRUPT: .ledgerPageCorrupt
            case SQLITE_NOTADB: .ledgerVersionUnknown
            default: .ledgerIoError
            }
        self.init(
            meaning,
            at: place,
            detail: "SQLite \(code), \(String(cString: sqlite3_errstr(code)))"
        )
    }

    /// Takes whatever a closure on the connection threw.
    init(_ error: any Error, at place: Place) {
        switch error {
        case let error as LedgerError: self = error
        case let error as DatabaseError:
            self.init(sqlite: error.extendedResultCode.rawValue, at: place)
        default: self.init(.ledgerIoError, at: place, detail: "\(type(of: error))")
        }
    }
}

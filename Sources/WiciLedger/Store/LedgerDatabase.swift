// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The SQLite connection of a ledger: opened, set and read back. One connection writes and
// checkpoints, and a lock file keeps a second process from opening another (SQLite before 3.51.3 can
// corrupt its WAL when two connections write and checkpoint). Readers open the file read-only, so
// SQLite itself refuses them any write, and a connection that never commits never checkpoints.

import CheckedPages
import Foundation
import GRDB
import GRDBSQLite
import Glibc
import WiciCore

/// Opens SQLite files as ledgers.
enum LedgerDatabase {
    /// Written into the file's header, so that another program's database is never taken for a
    /// ledger: "Wici" in ASCII.
    static let applicationID: Int32 = 0x5769_6369
    /// How long a connection waits for another's lock.
    static let busyMilliseconds: Int32 = 5_000
    /// Version of the tables below.
    static let schemaVersion: Int32 = 2

    /// The file that SQLite opens for a path, links followed.
    ///
    /// What stands beside a ledger stands beside that file. A path that cannot be followed is left to
    /// the opening, which says why.
    static func fullPath(_ path: String) -> String {
        var bytes = [CChar](repeating: 0, count: longestPath)
        guard checked_pages_full_path(path, &bytes, Int32(bytes.count)) == SQLITE_OK else {
            return path
        }
        let text = bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let longestPath = 4_096

    /// Opens for writing and makes the tables in an empty file.
    static func openForWriting(
        _ configuration: LedgerConfiguration
    ) throws(LedgerError) -> DatabaseQueue {
        let place = LedgerError.Place(file: configuration.path)
        do {
            try secureLog(configuration.path, place: place)
            let isNew = !FileManager.default.fileExists(atPath: configuration.path)
            var settings = Configuration()
            settings.label = "ledger"
            settings.foreignKeysEnabled = false
            settings.busyMode = .timeout(TimeInterval(busyMilliseconds) / 1_000)
            let queue = try DatabaseQueue(path: configuration.path, configuration: settings)
            try queue.inDatabase { database in
                // A file of another program is refused before anything in it is changed.
                let isEmpty = try Self.isEmpty(database)
                if !isEmpty { try checkVersion(database, place: place) }
                checked_pages_reserve(database.sqliteConnection)
                try set(database, place: place)
                if isEmpty { try makeSchema(database) }
                try checkPages(of: database, place: place)
                if let bytes = configuration.largestFileBytes {
                    let pageSize = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
                    let pages = max(1, Int64(clamping: bytes) / pageSize)
                    try database.execute(sql: "PRAGMA max_page_count = \(pages)")
                }
            }
            if isNew { try syncFolder(of: configuration.path, place: place) }
            return queue
        } catch {
            throw LedgerError(error, at: place)
        }
    }

    /// Opens for reading only.
    static func openForReading(path: String) throws(LedgerError) -> DatabaseQueue {
        let place = LedgerError.Place(file: path)
        do {
            try registerCheckedPages(place)
            var settings = Configuration()
            settings.label = "ledger-reader"
            settings.readonly = true
            settings.busyMode = .timeout(TimeInterval(busyMilliseconds) / 1_000)
            let queue = try DatabaseQueue(path: path, configuration: settings)
            try queue.inDatabase { database in
                try checkVersion(database, place: place)
                try checkPages(of: database, place: place)
                try database.execute(sql: "PRAGMA cell_size_check = ON")
                // Read from front to back, pages are not wanted twice: few enough of them stay in
                // the processor's own cache.
                try database.execute(sql: "PRAGMA cache_size = -256")
            }
            return queue
        } catch {
            throw LedgerError(error, at: place)
        }
    }

    /// Sets what durability and erasure rest on and reads it back.
    private static func set(_ database: Database, place: LedgerError.Place) throws {
        if try Int.fetchOne(database, sql: "PRAGMA query_only") == 1 || database.isReadOnly {
            throw LedgerError(.ledgerReadOnly, at: place)
        }
        let settings: [(name: String, value: String, reads: String)] = [
            ("page_size", "8192", "8192"),
            ("journal_mode", "WAL", "wal"),
            ("synchronous", "FULL", "2"),
            ("secure_delete", "ON", "1"),
            ("cell_size_check", "ON", "1"),
            ("mmap_size", "0", "0"),
            ("wal_autocheckpoint", "2048", "2048"),
            ("cache_size", "-65536", "-65536"),
        ]
        for (name, value, reads) in settings {
            _ = try String.fetchOne(database, sql: "PRAGMA \(name) = \(value)")
            let read = try String.fetchOne(database, sql: "PRAGMA \(name)") ?? ""
            guard read == reads else {
                throw LedgerError(.ledgerSettingRefused, at: place, detail: "\(name) = \(read)")
            }
        }
    }

    /// Makes every connection of this process check its pages.
    private static func registerCheckedPages(_ place: LedgerError.Place) throws(LedgerError) {
        let code = checked_pages_register()
        guard code == SQLITE_OK else { throw LedgerError(sqlite: code, at: place) }
    }

    /// Makes the log as durable as it looks, and refuses one that is damaged where it was synced: SQLite
    /// would take that for its end, and what was acknowledged after it would be gone without a word.
    private static func secureLog(
        _ path: String,
        place: LedgerError.Place
    ) throws(LedgerError) {
        try registerCheckedPages(place)
        var offset: Int64 = -1
        let code = checked_pages_secure_log(path, &offset)
        guard code == SQLITE_OK else {
            throw LedgerError(sqlite: code, at: LedgerError.Place(file: path + "-wal"))
        }
        guard offset < 0 else {
            throw LedgerError(
                .ledgerPageCorrupt,
                at: LedgerError.Place(file: path + "-wal"),
                detail: "byte \(offset)"
            )
        }
    }

    /// Refuses a file whose pages carry no checksum, or say so because they are damaged.
    private static func checkPages(of database: Database, place: LedgerError.Place) throws {
        let size = try Int32.fetchOne(database, sql: "PRAGMA page_size")
        guard checked_pages_size(database.sqliteConnection) == size else {
            throw LedgerError(.ledgerSettingRefused, at: place, detail: "page checksums")
        }
    }

    private static func isEmpty(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
    }

    private static func makeSchema(_ database: Database) throws {
        try database.inTransaction(.immediate) {
            try database.execute(sql: schema)
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(schemaVersion)")
            return .commit
        }
    }

    private static func checkVersion(_ database: Database, place: LedgerError.Place) throws {
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id")
        let version = try Int32.fetchOne(database, sql: "PRAGMA user_version")
        guard application == applicationID, version == schemaVersion else {
            throw LedgerError(
                .ledgerVersionUnknown,
                at: place,
                detail: "version \(version ?? 0)"
            )
        }
    }

    /// Makes a new file's name durable: SQLite syncs the file, not the folder that names it.
    private static func syncFolder(of path: String, place: LedgerError.Place) throws(LedgerError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY)
        guard descriptor >= 0 else { throw LedgerError(.ledgerUnopenable, at: place) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw LedgerError(.ledgerIoError, at: place, detail: "fsync of the folder")
        }
    }

    /// Facts first (leaf, opening, content, checkpoint), then the views derived from openings.
    static let schema = """
        CREATE TABLE leaf (
            place INTEGER PRIMARY KEY,
            bytes BLOB NOT NULL
        );
        CREATE TABLE opening (
            place INTEGER PRIMARY KEY,
            salt BLOB,
            record BLOB
        );
        CREATE TABLE content (
            place INTEGER PRIMARY KEY,
            body BLOB,
            carriage BLOB
        );
        CREATE TABLE checkpoint (
            size INTEGER PRIMARY KEY,
            note BLOB NOT NULL,
            signed_at INTEGER NOT NULL
        );
        CREATE TABLE message (
            place INTEGER PRIMARY KEY,
            message_id BLOB NOT NULL UNIQUE,
            envelope_digest BLOB NOT NULL,
            eligible INTEGER NOT NULL,
            audience INTEGER NOT NULL,
            registry INTEGER NOT NULL,
            policy INTEGER NOT NULL,
            accepted_at INTEGER NOT NULL
        );
        CREATE TABLE refused_message (
            message_id BLOB PRIMARY KEY,
            sender TEXT NOT NULL,
            envelope_digest BLOB NOT NULL,
            place INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE recipient_set (
            place INTEGER PRIMARY KEY,
            bytes BLOB NOT NULL
        );
        CREATE TABLE delivered (
            node TEXT PRIMARY KEY,
            through INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE subscription (
            node TEXT PRIMARY KEY,
            change BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE tombstone (
            node TEXT NOT NULL,
            number INTEGER NOT NULL,
            message INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (node, number)
        ) WITHOUT ROWID;
        CREATE TABLE release (
            place INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            number INTEGER NOT NULL,
            digest BLOB NOT NULL
        );
        """

    /// The tables that `rebuildViews` empties and fills again.
    static let views = [
        "message", "refused_message", "recipient_set", "delivered", "subscription", "tombstone",
        "release",
    ]
}

extension Database {
    /// Whether SQLite opened the file read-only, which it does silently for a protected file.
    var isReadOnly: Bool {
        sqlite3_db_readonly(sqliteConnection, "main") == 1
    }
}

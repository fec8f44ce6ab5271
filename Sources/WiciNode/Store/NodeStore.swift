// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The node's own disk: one SQLite file in WAL mode with a sync at every commit. Outbox (store and
// forward), inbox (each number and each message once) and the signed documents in force.

import CheckedPages
package import Foundation
import GRDB
import WiciCore

/// The node's store.
///
/// Calls block for the time of the disk; every write is one synced transaction. What is on disk is
/// the only account of the inbox: how far it reaches is read from it, never kept beside it.
package final class NodeStore: Sendable {
    let queue: DatabaseQueue
    let key: StorageKey

    /// Documents that are kept under a name, the last one only.
    package enum Document: String, Sendable {
        /// Registry note in force.
        case registry
        /// Threshold and keys under which that note was accepted.
        case registryTrust
        /// Policy note in force.
        case policy
        /// The newest checkpoint that verified.
        case checkpoint
        /// Serialized Subscribe: what the hub last confirmed.
        case subscriptions
    }

    /// Opens or makes the file, readable by its owner alone.
    package init(path: String, key: StorageKey) throws(NodeStoreError) {
        self.key = key
        // Mark and log stand beside the file that a link leads to, not beside the link.
        let path = Self.fullPath(path)
        try Self.secureLog(path)
        try Self.makeFile(path)
        do {
            var configuration = Configuration()
            configuration.prepareDatabase { checked_pages_reserve($0.sqliteConnection) }
            configuration.busyMode = .timeout(5)
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { database in
                // Not by the library: that sets NORMAL with the write-ahead log and commits at once, and a
                // log whose transactions are not each synced can look damaged after a power cut.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
                try Self.checkDurability(database)
            }
            try queue.write { try Self.makeTables($0) }
            try queue.inDatabase { try Self.checkPages(of: $0, path) }
        } catch {
            throw NodeStoreError(error, file: path)
        }
    }

    /// The file that SQLite opens for a path, links followed.
    ///
    /// A path that cannot be followed is left to the opening, which says why.
    static func fullPath(_ path: String) -> String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        guard checked_pages_full_path(path, &bytes, Int32(bytes.count)) == 0 else { return path }
        let text = bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Makes every connection check its pages and the log as durable as it looks, and refuses a log
    /// that is damaged where it was synced: SQLite would take that for its end.
    private static func secureLog(_ path: String) throws(NodeStoreError) {
        guard checked_pages_register() == 0 else {
            throw NodeStoreError(.disk, "\(path): SQLite takes no checks")
        }
        var offset: Int64 = -1
        guard checked_pages_secure_log(path, &offset) == 0 else {
            throw NodeStoreError(.disk, "\(path)-wal: cannot be written and synced")
        }
        guard offset < 0 else {
            throw NodeStoreError(.damage, "\(path)-wal: damaged at byte \(offset)")
        }
    }

    private static func checkPages(of database: Database, _ path: String) throws {
        let size = try Int32.fetchOne(database, sql: "PRAGMA page_size")
        guard checked_pages_size(database.sqliteConnection) == size else {
            throw NodeStoreError(.damage, "\(path): its pages carry no checksum")
        }
    }

    /// SQLite gives the write-ahead log the mode of the database file, so that is made first.
    private static func makeFile(_ path: String) throws(NodeStoreError) {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let made = FileManager.default.createFile(
            atPath: path,
            contents: nil,
            attributes: [.posixPermissions: 0o600]
        )
        guard made else { throw NodeStoreError(.disk, "the store's file cannot be made") }
    }

    private static func checkDurability(_ database: Database) throws {
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard mode == "wal", synchronous == 2 else {
            throw NodeStoreError(.durability, "SQLite does not sync every commit of this file")
        }
    }

    private static func makeTables(_ database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version <= 2 else {
            throw NodeStoreError(.schema, "the store was written by a newer program")
        }
        if version == 1 { try noteDeadlines(database) }
        guard version == 0 else { return }
        try database.execute(
            sql: """
                CREATE TABLE signed_receipts (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
                CREATE TABLE outbox (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    message_id BLOB NOT NULL UNIQUE,
                    written_at INTEGER NOT NULL,
                    state INTEGER NOT NULL,
                    attempts INTEGER NOT NULL,
                    prepared BLOB NOT NULL,
                    body BLOB NOT NULL,
                    draft BLOB NOT NULL,
                    outcome BLOB,
                    signed_receipts INTEGER REFERENCES signed_receipts (id)
                );
                CREATE INDEX outbox_open ON outbox (sequence) WHERE state <= 1;
                CREATE TABLE inbox (
                    number INTEGER PRIMARY KEY,
                    ledger_index INTEGER NOT NULL,
                    message_id BLOB UNIQUE,
                    header BLOB NOT NULL,
                    envelope BLOB NOT NULL,
                    body BLOB NOT NULL,
                    tombstone TEXT NOT NULL,
                    suspicion INTEGER,
                    received_at INTEGER NOT NULL,
                    acknowledged_at INTEGER,
                    acknowledge_by INTEGER NOT NULL
                );
                CREATE INDEX inbox_open ON inbox (number)
                    WHERE acknowledged_at IS NULL AND acknowledge_by > 0;
                CREATE TABLE document (name TEXT PRIMARY KEY, bytes BLOB NOT NULL);
                PRAGMA user_version = 2;
                """
        )
    }

    /// Brings a file of version 1 up to date: it did not keep by when a message is to be acknowledged.
    private static func noteDeadlines(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE inbox ADD COLUMN acknowledge_by INTEGER NOT NULL DEFAULT 0;
                DROP INDEX inbox_open;
                CREATE INDEX inbox_open ON inbox (number)
                    WHERE acknowledged_at IS NULL AND acknowledge_by > 0;
                """
        )
        let rows = try Row.fetchCursor(database, sql: "SELECT number, header FROM inbox")
        var deadlines: [(number: Int64, deadline: Int64)] = []
        while let row = try rows.next() {
            let deadline = deadline(inHeader: try row.stored("header"))
            if deadline > 0 { deadlines.append((try row.stored("number"), deadline)) }
        }
        for (number, deadline) in deadlines {
            try database.cachedStatement(
                sql: "UPDATE inbox SET acknowledge_by = ? WHERE number = ?"
            ).execute(arguments: [deadline, number])
        }
        try database.execute(sql: "PRAGMA user_version = 2")
    }

    /// Runs a transaction; a fault rolls all of it back.
    func write<Value>(
        _ work: (Database) throws -> Value
    ) throws(NodeStoreError) -> Value {
        do {
            return try queue.write(work)
        } catch {
            throw NodeStoreError(error, file: queue.path)
        }
    }

    /// Runs reads in one snapshot.
    func read<Value>(
        _ work: (Database) throws -> Value
    ) throws(NodeStoreError) -> Value {
        do {
            return try queue.read(work)
        } catch {
            throw NodeStoreError(error, file: queue.path)
        }
    }

    /// Keeps documents in place of the last ones of their names, all or none.
    package func keep(_ documents: [Document: Data]) throws(NodeStoreError) {
        try write { database in
            for (document, bytes) in documents {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO document (name, bytes) VALUES (?, ?)",
                    arguments: [document.rawValue, bytes]
                )
            }
        }
    }

    /// The document of this name, if one was kept.
    package func kept(_ document: Document) throws(NodeStoreError) -> Data? {
        try read { database in
            try Data.fetchOne(
                database,
                sql: "SELECT bytes FROM document WHERE name = ?",
                arguments: [document.rawValue]
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What can go wrong with the node's own disk.

import CheckedPages
import GRDB

/// Why the node's store could not do something; the transaction it happened in left nothing behind.
public struct NodeStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case disk, encryption, gap, schema, durability, damage, missing
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }
        /// The disk refused: full, read-only, unreadable.
        public static let disk = Code(.disk)
        /// A value does not open under the storage key, or could not be encrypted.
        public static let encryption = Code(.encryption)
        /// A delivery does not follow the last stored number.
        public static let gap = Code(.gap)
        /// The file was written by a newer program.
        public static let schema = Code(.schema)
        /// The file does not offer synced write-ahead logging.
        public static let durability = Code(.durability)
        /// The file is not what was written.
        public static let damage = Code(.damage)
        /// There is no such row.
        public static let missing = Code(.missing)
        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What kind of fault it is.
    public let code: Code
    /// A sentence for the log, without message content.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Keeps SQLite's own words, which name a constraint and never a value, and the store's file.
    init(_ error: any Error, file: String) {
        if let own = error as? NodeStoreError {
            self = own
        } else if let database = error as? DatabaseError,
            database.extendedResultCode.rawValue == CHECKED_PAGES_WRONG
        {
            self.init(.damage, "\(file): page \(checked_pages_last_wrong()) is damaged")
        } else if let database = error as? DatabaseError {
            self.init(.disk, "\(file): SQLite \(database.resultCode): \(database.message ?? "")")
        } else {
            self.init(.disk, "\(file): the store failed")
        }
    }

    /// Code and sentence.
    public var description: String { "\(code): \(message)" }
}

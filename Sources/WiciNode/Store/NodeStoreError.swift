// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What can go wrong with the node's own disk.

import GRDB

/// Why the node's store could not do something; the transaction it happened in left nothing behind.
public struct NodeStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case disk, encryption, gap, schema, durability, missing }
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

    /// Keeps SQLite's own words, which name a file or a constraint and never a value.
    init(_ error: any Error) {
        if let own = error as? NodeStoreError {
            self = own
        } else if let database = error as? DatabaseError {
            self.init(.disk, "SQLite \(database.resultCode): \(database.message ?? "")")
        } else {
            self.init(.disk, "the store failed")
        }
    }

    /// Code and sentence.
    public var description: String { "\(code): \(message)" }
}

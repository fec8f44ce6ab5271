// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// An entry whose bytes stay where they are: whoever verifies millions of entries copies none.

import Foundation
import WiciCore

/// An entry with what is stored for it; the bytes are good only while it is lent.
struct LentEntry {
    /// The entry's place.
    let index: UInt64
    /// See `LedgerEntryRow.leaf`.
    let leaf: UnsafeRawBufferPointer
    /// See `LedgerEntryRow.salt`.
    let salt: UnsafeRawBufferPointer?
    /// See `LedgerEntryRow.record`.
    let record: UnsafeRawBufferPointer?
    /// The stored body or note; nil when there is none, and in an export.
    let content: UnsafeRawBufferPointer?
}

extension LentEntry {
    /// The present row of `LedgerStatements.contentsSQL`.
    init(_ row: PreparedStatement) {
        self.init(
            index: row.integer(0),
            leaf: row.lentBytes(1) ?? UnsafeRawBufferPointer(start: nil, count: 0),
            salt: row.lentBytes(2),
            record: row.lentBytes(3),
            content: row.lentBytes(4)
        )
    }
}

extension LedgerEntryRow {
    /// Lends the entry.
    func lend(_ body: (LentEntry) -> Void) {
        leaf.withUnsafeBytes { leaf in
            Self.lend(salt) { salt in
                Self.lend(record) { record in
                    body(
                        LentEntry(
                            index: index.value,
                            leaf: leaf,
                            salt: salt,
                            record: record,
                            content: nil
                        )
                    )
                }
            }
        }
    }

    private static func lend(_ bytes: Data?, _ body: (UnsafeRawBufferPointer?) -> Void) {
        guard let bytes else { return body(nil) }
        bytes.withUnsafeBytes { body($0) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where the ledger lives and how large it may become.

/// How a ledger is opened.
public struct LedgerConfiguration: Hashable, Sendable {
    /// Path of the ledger file; `-wal`, `-shm` and `-lock` files stand beside it.
    public var path: String
    /// Largest size of the file in bytes; nil for as much as the disk holds.
    ///
    /// Reaching it is reported like a full disk: nothing is accepted, and the ledger goes on once
    /// the limit is raised.
    public var largestFileBytes: UInt64?

    /// Names the file.
    public init(path: String, largestFileBytes: UInt64? = nil) {
        self.path = path
        self.largestFileBytes = largestFileBytes
    }

    /// Most entries that a ledger holds: places are kept in 32 bits in memory.
    public static let mostEntries = UInt64(UInt32.max)
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Columns as a disk may give them back. A damaged page can hold a value of another kind, or none;
// GRDB's subscript traps on that, and a node must say what is wrong instead.

import GRDB

extension Row {
    /// A column's value; refuses another kind and NULL.
    func stored<Value: DatabaseValueConvertible>(
        _ column: String
    ) throws(NodeStoreError) -> Value {
        guard let value: Value = try storedIfAny(column) else { throw damaged(column) }
        return value
    }

    /// A column's value, `nil` for NULL; refuses another kind.
    func storedIfAny<Value: DatabaseValueConvertible>(
        _ column: String
    ) throws(NodeStoreError) -> Value? {
        let stored: DatabaseValue = self[column] ?? .null
        if stored.isNull { return nil }
        guard let value = Value.fromDatabaseValue(stored) else { throw damaged(column) }
        return value
    }

    /// A number that is never negative.
    func storedCount(_ column: String) throws(NodeStoreError) -> UInt64 {
        let value: Int64 = try stored(column)
        guard let count = UInt64(exactly: value) else { throw damaged(column) }
        return count
    }

    private func damaged(_ column: String) -> NodeStoreError {
        NodeStoreError(.disk, "column \(column) of the store is damaged")
    }
}

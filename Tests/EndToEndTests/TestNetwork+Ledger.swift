// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the ledger of a test network says, read from the hub's file.

import Foundation
import NetworkRig
import SwiftProtobuf
import WiciCore
import WiciLedger

@testable import WiciHub

extension TestNetwork {
    /// The highest mailbox number that each node has confirmed, as the ledger has it.
    func deliveredThrough() throws -> [String: UInt64] {
        var through: [String: UInt64] = [:]
        for case .delivered(let delivered)? in try records().map(\.event) {
            through[delivered.node] = delivered.through
        }
        return through
    }

    /// Every record in the ledger, in order.
    func records() throws -> [WireRecord] {
        let reader = try LedgerReader(path: hubFolder.ledgerFile.path)
        var records: [WireRecord] = []
        try reader.forEachEntry(below: reader.size()) { entry in
            if let bytes = entry.record, let record = try? WireRecord(serializedBytes: bytes) {
                records.append(record)
            }
        }
        return records
    }
}

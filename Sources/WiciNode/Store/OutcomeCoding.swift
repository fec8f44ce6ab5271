// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How an outcome is kept: as Receipts with one receipt and the sets it refers to.

import Foundation
import SwiftProtobuf
import WiciCore

extension SettledBatch.Outcome {
    /// Serialized Receipts with this outcome alone.
    func encoded(_ messageID: Data) -> Data {
        var receipts = WireReceipts()
        var receipt = WireReceipt()
        receipt.messageID = messageID
        switch self {
        case .accepted(let index, let at, let audience, let eligible, let repeated):
            var accepted = WireReceipt.Accepted()
            accepted.index = index.value
            accepted.acceptedAt = at.milliseconds
            accepted.audience = 0
            accepted.eligible = 1
            accepted.repeated = repeated
            receipt.accepted = accepted
            receipts.sets = [audience, eligible]
        case .refused(let refusal):
            receipt.refusal = refusal
        }
        receipts.receipts = [receipt]
        return (try? receipts.serializedData()) ?? Data()
    }

    /// Reads what `encoded` made; `nil` for empty bytes.
    init?(encoded bytes: Data) {
        guard let receipts = try? WireReceipts(serializedBytes: bytes),
            let receipt = receipts.receipts.first
        else { return nil }
        self.init(receipt, sets: receipts.sets)
    }
}

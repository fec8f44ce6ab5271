// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading who is in a stored recipient set, and nothing else of it: a hub that starts reads all sets
// of its ledger, and the generated decoder would make a dozen objects of each recipient. A test
// compares with it.

import Foundation
import WiciCore

/// The nodes of a recipient set whose bytes stay where they are.
enum LentRecipients {
    /// Reads nodes and digest as `RecipientSet(bytes:)` has them; nil for bytes that are no set.
    static func read(_ bytes: UnsafeRawBufferPointer) -> (nodes: [NodeID], digest: Digest)? {
        if let nodes = nodes(inCanonical: bytes) { return (nodes, Digest(sha256Of: bytes)) }
        return RecipientSet(bytes: Data(bytes)).map { ($0.nodes, $0.digest) }
    }

    /// The nodes of a set whose fields stand in ascending order; nil for any other bytes.
    private static func nodes(inCanonical bytes: UnsafeRawBufferPointer) -> [NodeID]? {
        var nodes: [NodeID] = []
        var set = CanonicalFields(bytes)
        let isCanonical = set.each(1) { recipient in
            var fields = CanonicalFields(recipient)
            guard let node = fields.bytes(1),
                let text = String(validating: node, as: UTF8.self),
                fields.each(2, take: { String(validating: $0, as: UTF8.self) != nil }),
                fields.number(3) != nil, fields.isAtEnd
            else { return false }
            if let node = NodeID(text) { nodes.append(node) }
            return true
        }
        return isCanonical && set.isAtEnd ? nodes : nil
    }
}

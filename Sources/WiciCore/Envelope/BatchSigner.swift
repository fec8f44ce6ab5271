// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One signature for many envelopes: the sender signs the root of a tree over their digests, and
// each envelope carries its own path.

import Foundation

/// Signs batches of envelopes.
public enum BatchSigner {
    /// Signs 1 to 1,000 envelope digests; one signature each, in their order.
    ///
    /// Empty when the count is out of range or the library cannot sign.
    public static func sign(_ digests: [Digest], with key: SigningKey) -> [WireBatchSignature] {
        guard (1...EnvelopeLimits.batch).contains(digests.count) else { return [] }
        let tree = MerkleTree(leafHashes: digests.map { TreeHash.leaf($0) })
        let statement = EnvelopeDigest.batchStatement(size: UInt64(tree.size), root: tree.root)
        guard let bytes = key.signature(for: statement) else { return [] }
        return digests.indices.map { index in
            var signature = WireBatchSignature()
            signature.signature = bytes
            signature.index = UInt32(index)
            signature.size = UInt32(tree.size)
            signature.path = (tree.inclusionPath(of: index) ?? []).map(\.data)
            return signature
        }
    }
}

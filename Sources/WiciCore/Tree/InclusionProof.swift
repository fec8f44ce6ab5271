// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The proof that a leaf stands at an index of a tree, verified by the steps of RFC 9162.

/// Proof that a leaf stands at an index of a tree of a size (RFC 9162 section 2.1.3).
public struct InclusionProof: Hashable, Sendable {
    /// The leaf's index, from 0.
    public let index: UInt64
    /// The tree's number of leaves.
    public let size: UInt64
    /// Hashes from the leaf's sibling to the root's child, at most 63.
    public let path: [Digest]

    /// The longest path that any tree needs.
    public static let longestPath = 63

    /// Takes the parts as they are; `verify` judges them.
    public init(index: UInt64, size: UInt64, path: [Digest]) {
        self.index = index
        self.size = size
        self.path = path
    }

    /// Whether the leaf hash stands at the index of the tree with this root.
    public func verify(leafHash: Digest, root: Digest) -> Bool {
        computedRoot(leafHash: leafHash) == root
    }

    /// The root that leaf hash and path give; `nil` when index, size and length do not fit.
    public func computedRoot(leafHash: Digest) -> Digest? {
        guard index < size, size <= UInt64(Int64.max), path.count <= Self.longestPath else {
            return nil
        }
        var position = index
        var last = size - 1
        var hash = leafHash
        for sibling in path {
            guard last != 0 else { return nil }
            if position & 1 == 1 || position == last {
                hash = TreeHash.node(sibling, hash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = TreeHash.node(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 ? hash : nil
    }
}

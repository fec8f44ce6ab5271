// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A small whole tree in memory: the envelopes of a batch, the wraps of a seal. Built level by
// level; a last node without a sibling moves up unchanged, which gives the tree of RFC 6962.

/// A whole RFC 6962 tree over a list of leaf hashes.
public struct MerkleTree: Hashable, Sendable {
    /// Hashes of each level from the leaves to the root; empty without leaves.
    private let levels: [[Digest]]

    /// Builds the tree: one hash per inner node.
    public init(leafHashes: [Digest]) {
        var levels: [[Digest]] = []
        var level = leafHashes
        while !level.isEmpty {
            levels.append(level)
            guard level.count > 1 else { break }
            var next: [Digest] = []
            next.reserveCapacity((level.count + 1) / 2)
            for index in stride(from: 0, to: level.count - 1, by: 2) {
                next.append(TreeHash.node(level[index], level[index + 1]))
            }
            if level.count & 1 == 1, let single = level.last {
                next.append(single)
            }
            level = next
        }
        self.levels = levels
    }

    /// Number of leaves.
    public var size: Int { levels.first?.count ?? 0 }

    /// The root hash.
    public var root: Digest { levels.last?.first ?? TreeHash.empty }

    /// The inclusion path of a leaf; `nil` when there is no such leaf.
    public func inclusionPath(of index: Int) -> [Digest]? {
        guard index >= 0, index < size else { return nil }
        var path: [Digest] = []
        var position = index
        for level in levels.dropLast() {
            let sibling = position ^ 1
            if sibling < level.count {
                path.append(level[sibling])
            }
            position >>= 1
        }
        return path
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What must be kept in memory to append to a tree and to know its root: the hashes of the complete
// subtrees along its right edge, one for each one-bit of the size.

/// The right edge of a growing RFC 6962 tree.
public struct TreeFrontier: Hashable, Sendable {
    /// Number of leaves.
    public private(set) var size: UInt64
    /// Hashes of the complete subtrees from left to right, largest first.
    public private(set) var subtrees: [Digest]

    /// The tree without leaves.
    public init() {
        self.size = 0
        self.subtrees = []
    }

    /// Takes a stored edge; `nil` when the count of subtrees does not fit the size.
    public init?(size: UInt64, subtrees: [Digest]) {
        guard size <= UInt64(Int64.max), subtrees.count == size.nonzeroBitCount else {
            return nil
        }
        self.size = size
        self.subtrees = subtrees
    }

    /// Reads the edge of a tree of this size from its stored nodes.
    public init<Failure: Error>(
        size: UInt64,
        node: TreeReader.Nodes<Failure>
    ) throws(Failure) {
        var subtrees: [Digest] = []
        for part in TreeReader.completeSubtrees(of: 0..<size) {
            subtrees.append(try node(part.level, part.index))
        }
        self.size = size
        self.subtrees = subtrees
    }

    /// Appends a leaf's hash; amortised constant time.
    public mutating func append(_ leafHash: Digest) {
        var hash = leafHash
        var index = size
        while index & 1 == 1, let left = subtrees.popLast() {
            hash = TreeHash.node(left, hash)
            index >>= 1
        }
        subtrees.append(hash)
        size += 1
    }

    /// Appends a leaf's hash and reports every node that is complete from now on.
    ///
    /// Reports level 0 (the leaf) first, then each inner node that the leaf completed, with its
    /// index within the level. Storing them all is what lets a `TreeReader` serve proofs.
    public mutating func append<Failure: Error>(
        _ leafHash: Digest,
        completed: (_ level: Int, _ index: UInt64, _ hash: Digest) throws(Failure) -> Void
    ) throws(Failure) {
        var hash = leafHash
        var index = size
        var level = 0
        var kept = subtrees.count
        try completed(level, index, hash)
        while index & 1 == 1 {
            kept -= 1
            hash = TreeHash.node(subtrees[kept], hash)
            index >>= 1
            level += 1
            try completed(level, index, hash)
        }
        // Nothing is changed before the last report, so that a failed one leaves the tree as it
        // was.
        subtrees.removeSubrange(kept...)
        subtrees.append(hash)
        size += 1
    }

    /// The tree's root hash.
    public var root: Digest {
        guard var hash = subtrees.last else { return TreeHash.empty }
        for left in subtrees.dropLast().reversed() {
            hash = TreeHash.node(left, hash)
        }
        return hash
    }
}

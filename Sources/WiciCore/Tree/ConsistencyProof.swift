// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The proof that a larger tree still begins with every leaf of a smaller one: nobody rewrote the
// past. Verified by the steps of RFC 9162.

/// Proof that a tree is the beginning of a larger one (RFC 9162 section 2.1.4).
public struct ConsistencyProof: Hashable, Sendable {
    /// Leaves of the earlier tree.
    public let oldSize: UInt64
    /// Leaves of the later tree.
    public let newSize: UInt64
    /// At most 63 hashes; none when the sizes are equal or the old one is 0.
    public let path: [Digest]

    /// Takes the parts as they are; `verify` judges them.
    public init(oldSize: UInt64, newSize: UInt64, path: [Digest]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.path = path
    }

    /// Whether the tree with the old root is the beginning of the tree with the new root.
    public func verify(oldRoot: Digest, newRoot: Digest) -> Bool {
        guard oldSize <= newSize, newSize <= UInt64(Int64.max),
            path.count <= InclusionProof.longestPath
        else { return false }
        if oldSize == newSize {
            return path.isEmpty && oldRoot == newRoot
                && (oldSize != 0 || oldRoot == TreeHash.empty)
        }
        if oldSize == 0 {
            return path.isEmpty && oldRoot == TreeHash.empty
        }
        return roots(from: oldRoot).map { $0 == oldRoot && $1 == newRoot } ?? false
    }

    /// The old and new root that the path gives, for 0 < old < new; `nil` when it does not fit.
    private func roots(from oldRoot: Digest) -> (old: Digest, new: Digest)? {
        var hashes = path[...]
        if oldSize & (oldSize - 1) == 0 {
            hashes = [oldRoot] + hashes
        }
        guard let first = hashes.popFirst() else { return nil }
        var position = oldSize - 1
        var last = newSize - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var old = first
        var new = first
        for hash in hashes {
            guard last != 0 else { return nil }
            if position & 1 == 1 || position == last {
                old = TreeHash.node(hash, old)
                new = TreeHash.node(hash, new)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                new = TreeHash.node(new, hash)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 ? (old, new) : nil
    }
}

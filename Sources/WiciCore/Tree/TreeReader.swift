// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Roots and proofs of any size of a tree, computed from stored nodes of complete subtrees. The
// caller says how to read a node; a proof reads about as many as it has hashes, twice at most.

/// Computes roots and proofs from stored nodes.
public enum TreeReader {
    /// Reads the hash of a complete subtree: `level` 0 is the leaves, `index` counts from the left.
    ///
    /// The subtree covers leaves from `index << level` to `(index + 1) << level`, exclusive.
    public typealias Nodes<Failure: Error> =
        (_ level: Int, _ index: UInt64) throws(Failure) -> Digest

    /// The root of the tree over the first `size` leaves.
    public static func root<Failure: Error>(
        size: UInt64,
        node: Nodes<Failure>
    ) throws(Failure) -> Digest {
        try hash(of: 0..<size, node: node)
    }

    /// The inclusion path of RFC 6962 section 2.1.1, from the leaf's sibling to the root's child.
    ///
    /// `nil` when the index is not below the size.
    public static func inclusionPath<Failure: Error>(
        index: UInt64,
        size: UInt64,
        node: Nodes<Failure>
    ) throws(Failure) -> [Digest]? {
        guard index < size, size <= UInt64(Int64.max) else { return nil }
        var range = 0..<size
        var path: [Digest] = []
        while range.count > 1 {
            let (left, right) = split(range)
            let goesLeft = index < right.lowerBound
            path.append(try hash(of: goesLeft ? right : left, node: node))
            range = goesLeft ? left : right
        }
        return path.reversed()
    }

    /// The consistency path of RFC 6962 section 2.1.2.
    ///
    /// Empty when the sizes are equal or the old one is 0; `nil` when the old size is larger.
    public static func consistencyPath<Failure: Error>(
        from oldSize: UInt64,
        to newSize: UInt64,
        node: Nodes<Failure>
    ) throws(Failure) -> [Digest]? {
        guard oldSize <= newSize, newSize <= UInt64(Int64.max) else { return nil }
        guard oldSize > 0, oldSize < newSize else { return [] }
        var range = 0..<newSize
        var path: [Digest] = []
        while range.upperBound != oldSize {
            let (left, right) = split(range)
            let goesLeft = oldSize <= right.lowerBound
            path.append(try hash(of: goesLeft ? right : left, node: node))
            range = goesLeft ? left : right
        }
        // The verifier knows the old root itself when it is a complete subtree from the left edge.
        if range.lowerBound != 0 {
            path.append(try hash(of: range, node: node))
        }
        return path.reversed()
    }

    /// Splits at the largest power of two strictly below the count.
    private static func split(_ range: Range<UInt64>) -> (Range<UInt64>, Range<UInt64>) {
        let count = range.upperBound - range.lowerBound
        let shift = UInt64(63 - (count - 1).leadingZeroBitCount)
        let middle = range.lowerBound + 1 << shift
        return (range.lowerBound..<middle, middle..<range.upperBound)
    }

    /// The hash of a range that RFC 6962 treats as a subtree.
    private static func hash<Failure: Error>(
        of range: Range<UInt64>,
        node: Nodes<Failure>
    ) throws(Failure) -> Digest {
        let parts = completeSubtrees(of: range)
        guard let last = parts.last else { return TreeHash.empty }
        var hash = try node(last.level, last.index)
        for part in parts.dropLast().reversed() {
            hash = TreeHash.node(try node(part.level, part.index), hash)
        }
        return hash
    }

    /// The complete subtrees that make up an aligned range, largest first.
    static func completeSubtrees(of range: Range<UInt64>) -> [(level: Int, index: UInt64)] {
        var parts: [(level: Int, index: UInt64)] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let level = 63 - (range.upperBound - start).leadingZeroBitCount
            parts.append((level, start >> UInt64(level)))
            start += 1 << UInt64(level)
        }
        return parts
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger's Merkle tree in little memory: the right edge, and the hashes of complete subtrees
// from 256 leaves up. Smaller subtrees are computed from the leaves on disk when a proof needs them.

import WiciCore

/// The tree over all leaves; 64 bytes of memory for every 256 entries.
struct LedgerTree: Sendable {
    /// Level of the smallest subtrees whose hashes are kept.
    static let keptLevel = 8
    /// Leaves under one of them.
    static let keptLeaves: UInt64 = 256

    private(set) var frontier = TreeFrontier()
    /// Hashes by level, from `keptLevel` up.
    private var kept: [[Digest]] = []

    var size: UInt64 { frontier.size }
    var root: Digest { frontier.root }

    init() {}

    /// Builds the tree from hashes of complete subtrees of 256 leaves and the leaf hashes after them.
    init(subtrees: [Digest], rest: some Sequence<Digest>) {
        var level = subtrees
        while !level.isEmpty {
            kept.append(level)
            level = stride(from: 0, to: level.count & ~1, by: 2).map {
                TreeHash.node(level[$0], level[$0 + 1])
            }
        }
        let levels = kept
        frontier = TreeFrontier(size: UInt64(subtrees.count) * Self.keptLeaves) {
            levels[$0 - Self.keptLevel][Int($1)]
        }
        for leafHash in rest { append(leafHash) }
    }

    /// Appends a leaf's hash.
    mutating func append(_ leafHash: Digest) {
        var completed: [(Int, Digest)] = []
        frontier.append(leafHash) { level, _, hash in
            if level >= Self.keptLevel { completed.append((level - Self.keptLevel, hash)) }
        }
        for (level, hash) in completed {
            if level == kept.count { kept.append([]) }
            kept[level].append(hash)
        }
    }

    /// The hash of a complete subtree, with leaf hashes read as needed.
    func node<Failure: Error>(
        level: Int,
        index: UInt64,
        leafHashes: (Range<UInt64>) throws(Failure) -> [Digest]
    ) throws(Failure) -> Digest {
        if level >= Self.keptLevel { return kept[level - Self.keptLevel][Int(index)] }
        return Self.root(of: try leafHashes(index << UInt64(level)..<(index + 1) << UInt64(level)))
    }

    /// The root over a power of two of leaf hashes.
    static func root(of hashes: [Digest]) -> Digest {
        var hashes = hashes
        while hashes.count > 1 {
            for place in 0..<hashes.count / 2 {
                hashes[place] = TreeHash.node(hashes[2 * place], hashes[2 * place + 1])
            }
            hashes.removeLast(hashes.count / 2)
        }
        return hashes.first ?? TreeHash.empty
    }
}

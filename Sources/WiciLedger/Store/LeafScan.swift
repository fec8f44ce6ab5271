// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Gathers leaves in order and hashes them on all cores, subtree by subtree of 256 leaves.

import Dispatch
import Foundation
import Synchronization
import WiciCore

/// Builds the tree from the leaves of a whole ledger, given one at a time.
struct LeafScan {
    /// Leaves taken so far.
    private(set) var count = 0
    private var subtrees: [Digest] = []
    private var waiting = [UInt8]()

    private static let leafBytes = LedgerLeaf.byteCount
    private static let subtreeLeaves = Int(LedgerTree.keptLeaves)
    private static let chunkBytes = 256 * subtreeLeaves * leafBytes

    init() {
        waiting.reserveCapacity(Self.chunkBytes)
    }

    /// Takes the next leaf; false when it is not 33 bytes of version 1.
    mutating func append(_ leaf: UnsafeRawBufferPointer) -> Bool {
        guard leaf.count == Self.leafBytes, leaf[0] == 1 else { return false }
        waiting.append(contentsOf: leaf)
        count += 1
        if waiting.count == Self.chunkBytes { hashSubtrees() }
        return true
    }

    /// The tree over all leaves.
    consuming func tree() -> LedgerTree {
        hashSubtrees()
        let rest = waiting.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: Self.leafBytes).map {
                TreeHash.leaf(
                    lent: UnsafeRawBufferPointer(rebasing: bytes[$0..<$0 + Self.leafBytes])
                )
            }
        }
        return LedgerTree(subtrees: subtrees, rest: rest)
    }

    /// Hashes the complete subtrees among the waiting leaves.
    private mutating func hashSubtrees() {
        let subtreeBytes = Self.subtreeLeaves * Self.leafBytes
        let complete = waiting.count / subtreeBytes
        guard complete > 0 else { return }
        let leaves = waiting
        let hashes = Mutex([Digest](repeating: .zero, count: complete))
        DispatchQueue.concurrentPerform(iterations: complete) { subtree in
            let start = subtree * subtreeBytes
            let hash = leaves.withUnsafeBytes { bytes in
                Self.subtreeHash(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<start + subtreeBytes])
                )
            }
            hashes.withLock { $0[subtree] = hash }
        }
        subtrees += hashes.withLock { $0 }
        waiting.removeFirst(complete * subtreeBytes)
    }

    private static func subtreeHash(_ leaves: UnsafeRawBufferPointer) -> Digest {
        LedgerTree.root(
            of: (0..<subtreeLeaves).map { leaf in
                let bytes = leaves[leaf * leafBytes..<(leaf + 1) * leafBytes]
                return TreeHash.leaf(lent: UnsafeRawBufferPointer(rebasing: bytes))
            }
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Verifies envelopes of signed batches. The first envelope of a batch costs one Ed25519
// verification and its path; it proves every node on the path and beside it, and the verifier
// remembers those. A later envelope is hashed up to the first node that is already proven, about
// one hash each, and the rest of its path is compared with proven nodes byte by byte: a forged path
// finds either a proven node that differs or a root that the signature does not cover.

import Foundation

/// Verifies batch signatures and remembers proven nodes of recent batches.
public struct BatchVerifier: Sendable {
    private var batches: [BatchIdentity: ProvenNodes] = [:]
    private var order: [BatchIdentity] = []
    private var next = 0
    private let capacity: Int

    /// A batch as the envelopes that belong to it name it.
    private struct BatchIdentity: Hashable {
        let key: SigningPublicKey
        let signature: Data
        let size: UInt32
    }

    /// Keeps proven nodes of at most `capacity` batches, some 25 KiB each at 256 envelopes.
    public init(capacity: Int = 32) {
        self.capacity = max(1, capacity)
    }

    /// Number of batches remembered.
    public var rememberedBatches: Int { batches.count }

    /// Whether the signature by the key covers the envelope digest.
    public mutating func verify(
        envelopeDigest: Digest,
        signature: BatchSignature,
        key: SigningPublicKey
    ) -> Bool {
        let leaf = TreeHash.leaf(envelopeDigest)
        let identity = BatchIdentity(
            key: key,
            signature: signature.signature,
            size: signature.size
        )
        if let proven = batches[identity]?.accept(
            leaf,
            index: signature.index,
            path: signature.path
        ) {
            return proven
        }
        return prove(identity, leaf: leaf, index: signature.index, path: signature.path)
    }

    /// Verifies the first envelope of a batch in full and remembers what it proves.
    private mutating func prove(
        _ identity: BatchIdentity,
        leaf: Digest,
        index: UInt32,
        path: [Digest]
    ) -> Bool {
        var nodes = ProvenNodes(size: identity.size)
        guard let root = nodes.climb(from: leaf, index: index, path: path),
            identity.key.isValid(
                signature: identity.signature,
                for: EnvelopeDigest.batchStatement(size: UInt64(identity.size), root: root)
            )
        else { return false }
        guard identity.size > 1 else { return true }
        if order.count < capacity {
            order.append(identity)
        } else {
            batches.removeValue(forKey: order[next])
            order[next] = identity
            next = (next + 1) % capacity
        }
        batches[identity] = nodes
        return true
    }
}

/// The proven nodes of one batch's tree, level after level from the leaves.
private struct ProvenNodes: Sendable {
    private let size: UInt32
    private var nodes: [Digest?]

    /// Makes room for the nodes of a tree of a checked size, at most some 2,000.
    init(size: UInt32) {
        self.size = size
        var count = 1
        var width = Int(size)
        while width > 1 {
            count += width
            width = (width + 1) / 2
        }
        self.nodes = [Digest?](repeating: nil, count: count)
    }

    /// Computes the root and keeps every node met on the way; `nil` when the path does not fit.
    ///
    /// To be kept only once the root is known to be signed.
    mutating func climb(from leaf: Digest, index: UInt32, path: [Digest]) -> Digest? {
        var hash = leaf
        var steps = Steps(index: index, size: size)
        var siblings = path[...]
        nodes[Int(index)] = leaf
        while let step = steps.next() {
            if let sibling = step.sibling {
                guard let other = siblings.popFirst() else { return nil }
                nodes[sibling] = other
                hash = step.isRight ? TreeHash.node(other, hash) : TreeHash.node(hash, other)
            }
            nodes[step.parent] = hash
        }
        return siblings.isEmpty ? hash : nil
    }

    /// Whether leaf and path agree with the proven nodes; keeps what they newly prove.
    ///
    /// The top node is proven, so the climb always meets a proven one.
    mutating func accept(_ leaf: Digest, index: UInt32, path: [Digest]) -> Bool {
        var hash = leaf
        var steps = Steps(index: index, size: size)
        var siblings = path[...]
        var found: [(place: Int, hash: Digest)] = []
        var place = Int(index)
        while nodes[place] == nil, let step = steps.next() {
            found.append((place, hash))
            if let sibling = step.sibling {
                guard let other = siblings.popFirst() else { return false }
                found.append((sibling, other))
                hash = step.isRight ? TreeHash.node(other, hash) : TreeHash.node(hash, other)
            }
            place = step.parent
        }
        guard nodes[place] == hash else { return false }
        // Beside a proven path every sibling is proven too, so nothing is left to hash.
        while let step = steps.next() {
            guard let sibling = step.sibling else { continue }
            guard let other = siblings.popFirst(), nodes[sibling] == other else { return false }
        }
        guard siblings.isEmpty else { return false }
        for node in found {
            nodes[node.place] = node.hash
        }
        return true
    }

    /// The way from a leaf to the root; a last node without a sibling moves up unchanged.
    private struct Steps {
        struct Step {
            /// Place of the sibling in the list of nodes, if there is one.
            let sibling: Int?
            /// Whether the node is its parent's right child.
            let isRight: Bool
            /// Place of the parent in the list of nodes.
            let parent: Int
        }

        private var index: Int
        private var width: Int
        private var start = 0

        init(index: UInt32, size: UInt32) {
            self.index = Int(index)
            self.width = Int(size)
        }

        mutating func next() -> Step? {
            guard width > 1 else { return nil }
            let sibling = index ^ 1
            let step = Step(
                sibling: sibling < width ? start + sibling : nil,
                isRight: index & 1 == 1,
                parent: start + width + (index >> 1)
            )
            start += width
            index >>= 1
            width = (width + 1) / 2
            return step
        }
    }
}

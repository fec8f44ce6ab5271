// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Tree hashes and proofs against the published vectors and against a tree written straight from the
// definition in RFC 6962 section 2.1.

import Foundation
import Testing

import struct Crypto.SHA256

@testable import WiciCore

/// RFC 6962 section 2.1, word for word: slow, recursive, obviously right.
enum NaiveTree {
    static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }

    static func sha(_ parts: Data...) -> Data {
        Data(SHA256.hash(data: parts.reduce(Data(), +)))
    }

    static func root(_ leaves: ArraySlice<Data>) -> Data {
        if leaves.isEmpty { return sha() }
        if leaves.count == 1 { return sha(Data([0]), leaves[leaves.startIndex]) }
        let middle = leaves.startIndex + split(leaves.count)
        return sha(Data([1]), root(leaves[..<middle]), root(leaves[middle...]))
    }

    static func path(_ index: Int, _ leaves: ArraySlice<Data>) -> [Data] {
        if leaves.count == 1 { return [] }
        let half = split(leaves.count)
        let middle = leaves.startIndex + half
        return index < half
            ? path(index, leaves[..<middle]) + [root(leaves[middle...])]
            : path(index - half, leaves[middle...]) + [root(leaves[..<middle])]
    }

    static func consistency(_ old: Int, _ leaves: ArraySlice<Data>, _ known: Bool) -> [Data] {
        if old == leaves.count { return known ? [] : [root(leaves)] }
        let half = split(leaves.count)
        let middle = leaves.startIndex + half
        return old <= half
            ? consistency(old, leaves[..<middle], known) + [root(leaves[middle...])]
            : consistency(old - half, leaves[middle...], false) + [root(leaves[..<middle])]
    }
}

/// Nodes of complete subtrees as a ledger stores them.
struct StoredNodes {
    struct Position: Hashable {
        let level: Int
        let index: UInt64
    }
    struct Missing: Error {}

    var nodes: [Position: Digest] = [:]
    var frontier = TreeFrontier()

    mutating func append(_ hash: Digest) throws {
        var made: [Position: Digest] = [:]
        try frontier.append(hash) { level, index, hash throws(Missing) in
            let previous = made.updateValue(hash, forKey: Position(level: level, index: index))
            guard previous == nil else { throw Missing() }
        }
        nodes.merge(made) { old, _ in old }
    }

    func read(_ level: Int, _ index: UInt64) throws(Missing) -> Digest {
        guard let hash = nodes[Position(level: level, index: index)] else { throw Missing() }
        return hash
    }
}

struct TreeTests {
    static let inputs = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    static let roots = [
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    static func leaves(_ count: Int) -> [Data] {
        (0..<count).map { Data("leaf \($0)".utf8) }
    }

    static func stored(_ leaves: [Data]) throws -> StoredNodes {
        var stored = StoredNodes()
        for leaf in leaves { try stored.append(TreeHash.leaf(leaf)) }
        return stored
    }

    @Test func `the published roots come out of every way to build a tree`() throws {
        var stored = StoredNodes()
        var hashes: [Digest] = []
        for size in 0...Self.inputs.count {
            if let expected = Self.roots[size] {
                #expect(stored.frontier.root.hexadecimal == expected)
                #expect(MerkleTree(leafHashes: hashes).root.hexadecimal == expected)
                let read = try TreeReader.root(size: UInt64(size), node: stored.read)
                #expect(read.hexadecimal == expected)
            }
            guard size < Self.inputs.count else { break }
            let input = try #require(Data(lowercaseHexadecimal: Self.inputs[size]))
            hashes.append(TreeHash.leaf(input))
            try stored.append(TreeHash.leaf(input))
        }
    }

    @Test func `a digest as a leaf hashes like its bytes`() {
        let digest = TreeHash.leaf(Data("x".utf8))
        #expect(TreeHash.leaf(digest) == TreeHash.leaf(digest.data))
    }

    @Test func `roots and paths of all sizes to 130 equal the naive tree's`() throws {
        let leaves = Self.leaves(130)
        let stored = try Self.stored(leaves)
        var frontier = TreeFrontier()
        for size in 1...130 {
            frontier.append(TreeHash.leaf(leaves[size - 1]))
            let slice = leaves[..<size]
            let root = NaiveTree.root(slice)
            #expect(frontier.root.data == root)
            #expect(try TreeReader.root(size: UInt64(size), node: stored.read).data == root)
            let edge = try TreeFrontier(size: UInt64(size), node: stored.read)
            #expect(edge == frontier)
            let tree = MerkleTree(leafHashes: slice.map { TreeHash.leaf($0) })
            #expect(tree.root.data == root)
            for index in stride(from: 0, to: size, by: size < 40 ? 1 : 7) {
                let expected = NaiveTree.path(index, slice)
                let path = try #require(
                    try TreeReader.inclusionPath(
                        index: UInt64(index),
                        size: UInt64(size),
                        node: stored.read
                    )
                )
                #expect(path.map(\.data) == expected)
                #expect(tree.inclusionPath(of: index) == path)
                let proof = InclusionProof(
                    index: UInt64(index),
                    size: UInt64(size),
                    path: path
                )
                #expect(
                    proof.verify(leafHash: TreeHash.leaf(leaves[index]), root: tree.root)
                )
            }
        }
    }

    @Test func `consistency paths of all pairs to 70 equal the naive tree's and verify`() throws {
        let leaves = Self.leaves(70)
        let stored = try Self.stored(leaves)
        let roots = try (0...70).map { try TreeReader.root(size: UInt64($0), node: stored.read) }
        for new in 0...70 {
            for old in 0...new {
                let path = try #require(
                    try TreeReader.consistencyPath(
                        from: UInt64(old),
                        to: UInt64(new),
                        node: stored.read
                    )
                )
                if old > 0 {
                    #expect(
                        path.map(\.data) == NaiveTree.consistency(old, leaves[..<new], true)
                    )
                }
                let proof = ConsistencyProof(
                    oldSize: UInt64(old),
                    newSize: UInt64(new),
                    path: path
                )
                #expect(proof.verify(oldRoot: roots[old], newRoot: roots[new]))
                if old > 0, old != new {
                    #expect(!proof.verify(oldRoot: roots[old], newRoot: roots[old]))
                    #expect(!proof.verify(oldRoot: roots[new], newRoot: roots[new]))
                }
            }
        }
    }

    @Test func `random larger trees give proofs that verify and break when altered`() throws {
        var random = SystemRandomNumberGenerator()
        let stored = try Self.stored(Self.leaves(5000))
        for _ in 0..<300 {
            let size = UInt64.random(in: 1...5000, using: &random)
            let index = UInt64.random(in: 0..<size, using: &random)
            let root = try TreeReader.root(size: size, node: stored.read)
            let leaf = try stored.read(0, index)
            let path = try #require(
                try TreeReader.inclusionPath(index: index, size: size, node: stored.read)
            )
            let proof = InclusionProof(index: index, size: size, path: path)
            #expect(proof.verify(leafHash: leaf, root: root))
            #expect(!proof.verify(leafHash: TreeHash.leaf(Data("other".utf8)), root: root))
            for place in path.indices {
                var altered = path
                altered[place] = TreeHash.node(altered[place], .zero)
                let forged = InclusionProof(index: index, size: size, path: altered)
                #expect(!forged.verify(leafHash: leaf, root: root))
            }
            for other in [index ^ 1, index &+ 1, size] where other != index {
                let forged = InclusionProof(index: other, size: size, path: path)
                #expect(!forged.verify(leafHash: leaf, root: root))
            }
            let longer = InclusionProof(index: index, size: size, path: path + [.zero])
            #expect(!longer.verify(leafHash: leaf, root: root))
            if !path.isEmpty {
                let shorter = InclusionProof(
                    index: index,
                    size: size,
                    path: path.dropLast()
                )
                #expect(!shorter.verify(leafHash: leaf, root: root))
            }
            let old = UInt64.random(in: 1...size, using: &random)
            let oldRoot = try TreeReader.root(size: old, node: stored.read)
            let steps = try #require(
                try TreeReader.consistencyPath(from: old, to: size, node: stored.read)
            )
            let consistency = ConsistencyProof(oldSize: old, newSize: size, path: steps)
            #expect(consistency.verify(oldRoot: oldRoot, newRoot: root))
            for place in steps.indices {
                var altered = steps
                altered[place] = TreeHash.node(altered[place], .zero)
                let forged = ConsistencyProof(oldSize: old, newSize: size, path: altered)
                #expect(!forged.verify(oldRoot: oldRoot, newRoot: root))
            }
        }
    }

    @Test func `questions outside the tree are answered with nothing`() throws {
        let stored = try Self.stored(Self.leaves(4))
        #expect(try TreeReader.inclusionPath(index: 4, size: 4, node: stored.read) == nil)
        #expect(try TreeReader.inclusionPath(index: 0, size: 0, node: stored.read) == nil)
        #expect(try TreeReader.inclusionPath(index: 0, size: .max, node: stored.read) == nil)
        #expect(try TreeReader.consistencyPath(from: 5, to: 4, node: stored.read) == nil)
        #expect(throws: StoredNodes.Missing.self) {
            try TreeReader.root(size: 5, node: stored.read)
        }
        #expect(MerkleTree(leafHashes: []).inclusionPath(of: 0) == nil)
    }

    @Test func `a proof longer than any tree is refused`() {
        let path = [Digest](repeating: .zero, count: 64)
        let proof = InclusionProof(index: 0, size: UInt64(Int64.max), path: path)
        #expect(!proof.verify(leafHash: .zero, root: .zero))
        let consistency = ConsistencyProof(oldSize: 1, newSize: UInt64(Int64.max), path: path)
        #expect(!consistency.verify(oldRoot: .zero, newRoot: .zero))
    }

    @Test func `empty trees are consistent only with the empty root`() {
        let none = ConsistencyProof(oldSize: 0, newSize: 0, path: [])
        #expect(none.verify(oldRoot: TreeHash.empty, newRoot: TreeHash.empty))
        #expect(!none.verify(oldRoot: .zero, newRoot: .zero))
        let some = ConsistencyProof(oldSize: 0, newSize: 3, path: [])
        #expect(some.verify(oldRoot: TreeHash.empty, newRoot: .zero))
        #expect(!some.verify(oldRoot: .zero, newRoot: .zero))
    }

    @Test func `an append that fails to store leaves the tree as it was`() throws {
        struct DiskFull: Error {}
        var frontier = TreeFrontier()
        for leaf in Self.leaves(7) { frontier.append(TreeHash.leaf(leaf)) }
        let before = frontier
        #expect(throws: DiskFull.self) {
            try frontier.append(.zero) { level, _, _ throws(DiskFull) in
                if level == 2 { throw DiskFull() }
            }
        }
        #expect(frontier == before)
    }

    @Test func `a stored edge must fit its size`() {
        #expect(TreeFrontier(size: 5, subtrees: [.zero]) == nil)
        #expect(TreeFrontier(size: 5, subtrees: [.zero, .zero])?.size == 5)
        #expect(TreeFrontier(size: .max, subtrees: []) == nil)
    }

    @Test func `a ledger leaf is a version byte and a salted digest`() throws {
        let salt = Data(repeating: 5, count: 32)
        let leaf = try #require(LedgerLeaf.bytes(salt: salt, record: Data("record".utf8)))
        let digest = NaiveTree.sha(Data("wici/v1/leaf\u{0}".utf8), salt, Data("record".utf8))
        #expect(leaf == Data([1]) + digest)
        #expect(LedgerLeaf.bytes(salt: salt.dropLast(), record: Data()) == nil)
    }
}

struct ProofFileTests {
    static func proof(extra: Data?) throws -> (file: ProofFile, leaf: Digest, key: VerifierKey) {
        let stored = try TreeTests.stored(TreeTests.leaves(13))
        let ledger = try SignedNoteTests.signer("wici.example/ledger", 1)
        let checkpoint = try Checkpoint(
            origin: "wici.example/ledger",
            size: 13,
            root: stored.frontier.root
        )
        let path = try #require(
            try TreeReader.inclusionPath(index: 6, size: 13, node: stored.read)
        )
        let file = ProofFile(
            extra: extra,
            index: 6,
            path: path,
            checkpoint: try checkpoint.signed(by: ledger)
        )
        return (file, try stored.read(0, 6), ledger.verifierKey)
    }

    @Test(arguments: [nil, Data(), Data([1, 2, 3])])
    func `a proof file is read back and verifies`(_ extra: Data?) throws {
        let (file, leaf, key) = try Self.proof(extra: extra)
        let read = try ProofFile(bytes: file.bytes)
        #expect(read == file)
        #expect(try read.verify(leafHash: leaf, ledgerKey: key).size == 13)
        #expect(throws: ProofFileError.notIncluded) {
            try read.verify(leafHash: .zero, ledgerKey: key)
        }
    }

    @Test func `any flipped bit of a proof file is refused`() throws {
        let (file, leaf, key) = try Self.proof(extra: nil)
        let bytes = file.bytes
        for bit in 0..<bytes.count * 8 {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: ProofFileError.self, "bit \(bit)") {
                try ProofFile(bytes: altered).verify(leafHash: leaf, ledgerKey: key)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The nodes that selector and policy give. Sender, hub, recipient and auditor compute the same set
// with the same function, and its digest says so in 32 bytes.

import Crypto
import Foundation

/// A node that may have a message.
public struct EligibleNode: Hashable, Sendable {
    /// The node.
    public let node: NodeID
    /// Its institution.
    public let institution: InstitutionID
    /// Whether the selector names the institution or a role there: then no subscription is needed.
    public let isNamed: Bool
    /// The roles for which the message is meant; empty when it is for the institution.
    public let roles: [String]
    /// Ids of the grants that allow it, in the order of the policy.
    public let ruleIDs: [String]
}

/// The nodes that may have a message, sorted by id, each once.
public struct EligibleSet: Hashable, Sendable {
    /// The nodes, sorted by id.
    public let nodes: [EligibleNode]
    /// SHA-256 over nodes, naming and rules in order; equal sets have equal digests everywhere.
    public let digest: Digest

    /// Most nodes in a set.
    public static let limit = 4096

    /// Sorts the nodes and computes the digest.
    init(nodes: [EligibleNode]) {
        let sorted = nodes.sorted { $0.node < $1.node }
        self.nodes = sorted
        var bytes = Data("wici/v1/eligible\0".utf8)
        for node in sorted {
            for text in [node.node.text, node.isNamed ? "named" : "", "\(node.roles.count)"]
                + node.roles + ["\(node.ruleIDs.count)"] + node.ruleIDs
            {
                bytes.append(contentsOf: text.utf8)
                bytes.append(0)
            }
        }
        self.digest = Digest(SHA256.hash(data: bytes))
    }

    /// Whether a node is in the set.
    public func contains(_ node: NodeID) -> Bool { entry(of: node) != nil }

    /// The entry of a node, found by halving.
    public func entry(of node: NodeID) -> EligibleNode? {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].node < node { low = middle + 1 } else { high = middle }
        }
        return low < nodes.count && nodes[low].node == node ? nodes[low] : nil
    }

    /// The institutions of the nodes, sorted, each once.
    public var institutions: [InstitutionID] { Set(nodes.map(\.institution)).sorted() }

    /// Ids of all grants that the set rests on, sorted, each once.
    public var ruleIDs: [String] { Set(nodes.flatMap(\.ruleIDs)).sorted() }
}

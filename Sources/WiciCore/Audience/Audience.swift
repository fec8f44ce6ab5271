// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The audience: the eligible who are named or have subscribed. Only the hub knows subscriptions, so
// only the hub computes it; it can never hold a node that is not eligible.

/// The nodes that a message is delivered to.
public struct Audience: Hashable, Sendable {
    /// The eligible nodes that are named or have a matching subscription, sorted by id.
    public let nodes: [EligibleNode]

    /// Picks the audience from the eligible.
    ///
    /// `subscriptions` gives the subscriptions of a node; it is asked only for nodes that are not
    /// named.
    public init(
        of eligible: EligibleSet,
        facts: SubscriptionFacts,
        subscriptions: (NodeID) -> [Subscription]
    ) {
        self.nodes = eligible.nodes.filter { node in
            node.isNamed || subscriptions(node.node).contains { $0.matches(facts) }
        }
    }

    /// The node ids, sorted.
    public var nodeIDs: [NodeID] { nodes.map(\.node) }
}

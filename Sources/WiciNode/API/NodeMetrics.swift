// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The node's numbers in Prometheus text form, version 0.0.4.

import Synchronization
import WiciCore

/// Counts answered requests by class of status.
final class RequestCounter: Sendable {
    private let counts = Mutex<[Int: UInt64]>([:])

    func count(status: Int) {
        counts.withLock { $0[status / 100, default: 0] += 1 }
    }

    /// The classes in order with their counts.
    var byClass: [(statusClass: Int, count: UInt64)] {
        counts.withLock { counts in
            counts.sorted { $0.key < $1.key }.map { (statusClass: $0.key, count: $0.value) }
        }
    }
}

/// Writes a node's status as metrics.
enum NodeMetrics {
    static func text(_ status: NodeStatus, requests: RequestCounter) -> String {
        var lines: [String] = []
        func metric(_ name: String, _ kind: String, _ help: String, _ value: some BinaryInteger) {
            lines.append("# HELP wici_node_\(name) \(help)")
            lines.append("# TYPE wici_node_\(name) \(kind)")
            lines.append("wici_node_\(name) \(value)")
        }
        metric("ready", "gauge", "1 when the node can do all its work.", status.isReady ? 1 : 0)
        metric(
            "connected",
            "gauge",
            "1 when the hub has welcomed the node.",
            status.connection == .connected ? 1 : 0
        )
        metric(
            "mailbox_head",
            "gauge",
            "Last number of the mailbox at the hub, as far as known.",
            status.mailboxHead.value
        )
        metric(
            "stored_through",
            "gauge",
            "Last number on this node's disk.",
            status.storedThrough.value
        )
        metric(
            "unacknowledged",
            "gauge",
            "Messages that wait for a person's acknowledgement.",
            status.unacknowledged
        )
        metric(
            "suspect",
            "gauge",
            "Deliveries that failed the node's own check.",
            status.suspect
        )
        metric("outbox_pending", "gauge", "Messages without a receipt.", status.pending)
        metric(
            "ledger_size",
            "gauge",
            "Size of the ledger at the last verified checkpoint.",
            status.ledgerSize
        )
        metric("registry_release", "gauge", "Registry in force.", status.registry?.release ?? 0)
        metric("policy_release", "gauge", "Policy in force.", status.policy?.release ?? 0)
        lines.append("# HELP wici_node_api_requests_total Answered requests of the local API.")
        lines.append("# TYPE wici_node_api_requests_total counter")
        for (statusClass, count) in requests.byClass {
            lines.append("wici_node_api_requests_total{status=\"\(statusClass)xx\"} \(count)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The workloads that need a running hub, in the order in which they are measured.

import Foundation
import Synchronization
import WiciCore
import WiciHub
import WiciLedger
import WiciNode
import ZeroMQ

/// One measured hub's course.
struct BenchRun {
    let network: BenchNetwork
    let messages: Int
    let bodyBytes: Int
    private let cleanup: BenchCleanup
    private let positions = BenchPositions()

    init(network: BenchNetwork, messages: Int, bodyBytes: Int, cleanup: BenchCleanup) {
        self.network = network
        self.messages = messages
        self.bodyBytes = bodyBytes
        self.cleanup = cleanup
    }

    private var pace: BenchPace { .forBodies(of: bodyBytes, window: 1_000, limit: nil) }

    private static let idleSettling: UInt32 = 2_000_000

    /// Runs every workload; the hub is stopped at the end.
    func measure(into figures: inout BenchFigures) throws {
        let hub = BenchHub(folder: network.folder, cleanup: cleanup)
        _ = try hub.start()
        defer { hub.stop() }
        let context = try Context(ioThreads: 1, maxSockets: 2_048)
        try measureIdle(hub, context, into: &figures)
        try measurePublishing(hub, context, senders: 1, into: &figures)
        try measurePublishing(hub, context, senders: 16, into: &figures)
        try measureReceipts(hub, context, into: &figures)
        try measureFanOut(hub, context, .twenty, receivers: 20, into: &figures)
        try measureFanOut(hub, context, .all, receivers: 200, into: &figures)
        try measureLast(hub, context, into: &figures)
        try measureCatchUp(hub, context, into: &figures)
        hub.stop()
        try measureVerifying(into: &figures)
    }

    /// Every receiver with what it wants; the last is the one that stays away.
    private func subscriptions() -> [BenchReceivers.Participant] {
        network.receivers.enumerated().map { place, member in
            if place == network.receivers.count - 1 { return (member, [.absent]) }
            return (member, place < 20 ? [.all, .twenty] : [.all])
        }
    }

    private func receivers(
        _ members: [BenchReceivers.Participant],
        _ hub: BenchHub,
        _ context: Context,
        tracksArrivals: Bool = false
    ) -> BenchReceivers {
        BenchReceivers(
            members,
            hub: hub.exchange,
            hubKey: network.hubKey,
            context: context,
            positions: positions,
            tracksArrivals: tracksArrivals
        )
    }

    private func sender(_ place: Int, _ hub: BenchHub, _ context: Context) -> BenchSender {
        BenchSender(
            hub: hub.exchange,
            hubKey: network.hubKey,
            member: network.senders[place],
            context: context
        )
    }

    /// Subscribes everybody and weighs what a connected, idle node costs the hub.
    private func measureIdle(
        _ hub: BenchHub,
        _ context: Context,
        into figures: inout BenchFigures
    ) throws {
        usleep(Self.idleSettling)
        let before = hub.residentBytes
        let all = subscriptions()
        let connected = receivers(all, hub, context)
        defer { connected.stop() }
        try connected.wait { $0.subscribed == all.count }
        usleep(Self.idleSettling)
        let perNode = Double(hub.residentBytes - before) / Double(all.count) / 1024
        figures.add("hub memory per idle node", perNode, "KiB")
    }

    private func measurePublishing(
        _ hub: BenchHub,
        _ context: Context,
        senders count: Int,
        into figures: inout BenchFigures
    ) throws {
        let share = messages / count
        let prepared = try (0..<count).map { place in
            try BenchNetwork.envelopes(
                from: network.senders[place],
                to: .absent,
                count: share,
                bodyBytes: bodyBytes,
                batch: pace.batch
            )
        }
        let senders = (0..<count).map { sender($0, hub, context) }
        let time = try BenchGate.concurrently(count) { [pace] place, gate in
            _ = try senders[place].submitAll(prepared[place], gate: gate, pace: pace)
        }
        figures.add(
            "durable publishes, \(count) sender\(count == 1 ? "" : "s")",
            Double(share * count) / time.inSeconds,
            "messages/s"
        )
    }

    private func measureReceipts(
        _ hub: BenchHub,
        _ context: Context,
        into figures: inout BenchFigures
    ) throws {
        let envelopes = try BenchNetwork.envelopes(
            from: network.senders[0],
            to: .absent,
            count: min(1_000, messages),
            bodyBytes: bodyBytes,
            batch: 1
        )
        let times = try sender(0, hub, context).submitSingly(envelopes)
        figures.add("publish to receipt, p50", times.percentile(0.5).inMilliseconds, "ms")
        figures.add("publish to receipt, p99", times.percentile(0.99).inMilliseconds, "ms")
    }

    private func measureFanOut(
        _ hub: BenchHub,
        _ context: Context,
        _ audience: BenchNetwork.Audience,
        receivers count: Int,
        into figures: inout BenchFigures
    ) throws {
        let members = Array(
            subscriptions().prefix(count).map {
                (member: $0.member, topics: [BenchNetwork.Audience]())
            }
        )
        let published = max(min(500, messages), messages * 4 / count)
        let envelopes = try BenchNetwork.envelopes(
            from: network.senders[0],
            to: audience,
            count: published,
            bodyBytes: bodyBytes,
            batch: pace.batch
        )
        let connected = receivers(members, hub, context)
        defer { connected.stop() }
        try connected.wait { $0.welcomed == members.count }
        let already = connected.tally.withLock { $0.deliveries }
        let begin = ContinuousClock.now
        _ = try sender(0, hub, context)
            .submitAll(envelopes, gate: BenchGate(count: 1), pace: pace)
        try connected.wait { $0.deliveries - already >= published * members.count }
        let time = ContinuousClock.now - begin
        figures.add(
            "deliveries to \(members.count) nodes",
            Double(published * members.count) / time.inSeconds,
            "deliveries/s"
        )
    }

    private func measureLast(
        _ hub: BenchHub,
        _ context: Context,
        into figures: inout BenchFigures
    ) throws {
        let members = Array(
            subscriptions().dropLast().map {
                (member: $0.member, topics: [BenchNetwork.Audience]())
            }
        )
        let connected = receivers(members, hub, context, tracksArrivals: true)
        defer { connected.stop() }
        try connected.wait { $0.welcomed == members.count }
        let envelopes = try BenchNetwork.envelopes(
            from: network.senders[1],
            to: .all,
            count: min(250, messages),
            bodyBytes: bodyBytes,
            batch: 1
        )
        let due = try sender(1, hub, context).submit(envelopes, every: .milliseconds(10))
        try connected.wait { tally in
            tally.arrivals.count == due.count
                && tally.arrivals.allSatisfy { $0.count == members.count }
        }
        let times = connected.tally.withLock { tally in
            zip(tally.arrivals, due).map { $0.last - $1 }
        }
        figures.add(
            "publish to last of \(members.count), p50",
            times.percentile(0.5).inMilliseconds,
            "ms"
        )
        figures.add(
            "publish to last of \(members.count), p99",
            times.percentile(0.99).inMilliseconds,
            "ms"
        )
    }

    private func measureCatchUp(
        _ hub: BenchHub,
        _ context: Context,
        into figures: inout BenchFigures
    ) throws {
        guard let absent = network.receivers.last else { return }
        let expected = messages / 16 * 16 + messages
        let begin = ContinuousClock.now
        let connected = receivers([(absent, [])], hub, context)
        defer { connected.stop() }
        try connected.wait { $0.deliveries >= expected }
        let time = ContinuousClock.now - begin
        figures.add("catch-up of one node", Double(expected) / time.inSeconds, "messages/s")
    }

    private func measureVerifying(into figures: inout BenchFigures) throws {
        let reader = try LedgerReader(path: HubFolder(network.folder).ledgerFile.path)
        let begin = ContinuousClock.now
        let report = try AuditVerifier.verify(reader, ledgerKey: network.ledgerKey)
        let time = ContinuousClock.now - begin
        guard report.isSound else { throw BenchFailure.refused("ledger") }
        figures.add("audit verify", Double(report.entries) / time.inSeconds, "entries/s")
    }
}

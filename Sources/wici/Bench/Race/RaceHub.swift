// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Wici in the race: a hub of its own for each body size, and the workloads as the drivers of
// Deploy/race play them with the peers.

import Foundation
import Synchronization
import WiciCore
import WiciHub
import WiciLedger
import ZeroMQ

/// A hub under measurement and the clients that drive it.
final class RaceHub {
    /// Messages a second to all connected nodes, and for how long: each goes to thousands.
    static let crowdRate = 10
    static let crowdSeconds = 2.0

    private let scope: RaceScope
    private let bodyBytes: Int
    private let network: BenchNetwork
    private let hub: BenchHub
    private let context: Context
    private let positions = BenchPositions()
    /// Messages published to each audience so far.
    private var published: [BenchNetwork.Audience: UInt64] = [:]
    /// Messages a second of the round before, to know how many to prepare.
    private var expected: [RaceWorkload: Double] = [:]

    private static let listeners = 200
    private static let patience = Duration.seconds(10)
    /// Memory for prepared envelopes, bytes.
    private static let preparedBytes = 256 << 20

    /// Makes a network, starts its hub and lets everybody subscribe.
    init(_ scope: RaceScope, bodyBytes: Int, in folder: URL?, cleanup: BenchCleanup) throws {
        self.scope = scope
        self.bodyBytes = bodyBytes
        network = try BenchNetwork(
            senders: 64,
            receivers: Self.listeners + 1 + scope.rounds,
            in: folder,
            cleanup: cleanup
        )
        hub = BenchHub(folder: network.folder, cleanup: cleanup)
        context = try Context(ioThreads: 1, maxSockets: 4_096)
        _ = try hub.start()
        let everybody = network.receivers.indices.map { place in
            (member: network.receivers[place], topics: topics(of: place))
        }
        let connected = connect(everybody, tracksArrivals: false)
        try connected.wait { $0.subscribed == everybody.count }
        connected.stop()
    }

    /// Ends the hub; its folder stays for the verification.
    func stop() { hub.stop() }

    /// Removes the folder.
    func remove() { network.remove() }

    /// Plays one workload; gives figures of the drivers' names.
    func play(_ workload: RaceWorkload, round: Int) throws -> [String: Double] {
        let cell = RaceCell(workload: workload, bodyBytes: bodyBytes)
        switch workload {
        case .publish1, .publish16, .publish64: return try publish(cell)
        case .singly: return try publishSingly()
        case .fanOut1: return try fanOut(cell, to: .one)
        case .fanOut20: return try fanOut(cell, to: .twenty)
        case .fanOut200: return try fanOut(cell, to: .all)
        case .latency: return try latency(cell)
        case .catchUp: return try catchUp(cell, round: round)
        case .crowd: return [:]
        }
    }

    // MARK: Publishing

    private func publish(_ cell: RaceCell) throws -> [String: Double] {
        let count = cell.workload.senders
        let pace = pace(cell)
        let share = prepareCount(cell.workload, most: 40_000) / count
        let prepared = try prepare(share, from: count, to: .absent, batch: pace.batch)
        let senders = (0..<count).map(sender)
        let sent = Mutex(0)
        let time = try BenchGate.concurrently(count) { place, gate in
            let own = try senders[place].submitAll(prepared[place], gate: gate, pace: pace)
            sent.withLock { $0 += own }
        }
        let total = sent.withLock { $0 }
        published[.absent, default: 0] += UInt64(total)
        return rate(total, time, of: cell.workload)
    }

    private func publishSingly() throws -> [String: Double] {
        let count = prepareCount(.singly, most: 4_000)
        let prepared = try prepare(count, from: 1, to: .absent, batch: 1)[0]
        let times = try sender(0).submitSingly(prepared, limit: .seconds(scope.seconds))
        published[.absent, default: 0] += UInt64(times.count)
        return Self.percentiles(times)
    }

    // MARK: Receiving

    private func fanOut(_ cell: RaceCell, to audience: BenchNetwork.Audience) throws
        -> [String: Double]
    {
        let receivers = cell.workload.receivers
        let count = prepareCount(cell.workload, most: max(500, 200_000 / Double(receivers + 3)))
        let pace = pace(cell)
        let prepared = try prepare(count, from: 1, to: audience, batch: pace.batch)[0]
        let connected = listen(receivers, tracksArrivals: false)
        defer { connected.stop() }
        try connected.wait { $0.welcomed == receivers }
        let begin = ContinuousClock.now
        let sent = try sender(0).submitAll(prepared, gate: BenchGate(count: 1), pace: pace) {
            sent in
            let delivered = connected.tally.withLock { $0.deliveries }
            return sent * receivers - delivered < pace.window * receivers
        }
        published[audience, default: 0] += UInt64(sent)
        _ = try connected.holds({ $0.deliveries >= sent * receivers }, within: Self.patience)
        let time = ContinuousClock.now - begin
        let delivered = connected.tally.withLock { $0.deliveries }
        expected[cell.workload] = Double(sent) / time.inSeconds
        return [
            "rate": Double(delivered) / time.inSeconds,
            "missing": Double(sent * receivers - delivered),
        ]
    }

    private func latency(_ cell: RaceCell) throws -> [String: Double] {
        let receivers = cell.workload.receivers
        let count = max(1, Int(Double(scope.rate) * scope.seconds))
        let prepared = try prepare(count, from: 1, to: .all, batch: 1)[0]
        let connected = listen(receivers, tracksArrivals: true)
        defer { connected.stop() }
        try connected.wait { $0.welcomed == receivers }
        let due = try sender(0).submit(prepared, every: .seconds(1) / scope.rate)
        published[.all, default: 0] += UInt64(count)
        return try Self.latencies(connected, receivers, due)
    }

    /// Waits for the arrivals; gives percentiles of those that are complete and how many are not.
    private static func latencies(
        _ connected: BenchReceivers,
        _ receivers: Int,
        _ due: [ContinuousClock.Instant]
    ) throws -> [String: Double] {
        _ = try connected.holds(
            { $0.deliveries >= due.count * receivers },
            within: patience / 2
        )
        let times = connected.tally.withLock { tally in
            zip(tally.arrivals, due).filter { $0.0.count >= receivers }.map { $0.last - $1 }
        }
        return percentiles(times).merging(["missing": Double(due.count - times.count)]) { $1 }
    }

    private func catchUp(_ cell: RaceCell, round: Int) throws -> [String: Double] {
        let count = scope.catchUpCount(bodyBytes: bodyBytes)
        try fill(count, cell)
        let member = network.receivers[Self.listeners + 1 + round]
        let begin = ContinuousClock.now
        let connected = connect([(member: member, topics: [])], tracksArrivals: false)
        defer { connected.stop() }
        _ = try connected.holds({ $0.deliveries >= count }, within: .seconds(60))
        let time = ContinuousClock.now - begin
        let delivered = connected.tally.withLock { $0.deliveries }
        return [
            "rate": Double(delivered) / time.inSeconds, "count": Double(count),
            "missing": Double(max(0, count - delivered)),
        ]
    }

    /// Publishes what those who return will catch up on; they read the same, one a round.
    private func fill(_ count: Int, _ cell: RaceCell) throws {
        let senders = (0..<cell.workload.senders).map(sender)
        let pace = BenchPace.forBodies(of: bodyBytes, window: cell.window, limit: nil)
        let most = Self.preparedBytes / (bodyBytes + 1_024)
        while published[.returning, default: 0] < count {
            let rest = min(most, count - Int(published[.returning, default: 0]))
            let share = (rest + senders.count - 1) / senders.count
            let prepared = try prepare(
                share,
                from: senders.count,
                to: .returning,
                batch: pace.batch
            )
            _ = try BenchGate.concurrently(senders.count) { place, gate in
                _ = try senders[place].submitAll(prepared[place], gate: gate, pace: pace)
            }
            published[.returning, default: 0] += UInt64(share * senders.count)
        }
    }

    // MARK: The crowd

    /// Connects many nodes to a hub of its own and weighs what each costs.
    static func crowd(_ scope: RaceScope, in folder: URL?, cleanup: BenchCleanup) throws
        -> [String: Double]
    {
        let network = try BenchNetwork(
            senders: 1,
            receivers: scope.connected,
            in: folder,
            cleanup: cleanup
        )
        defer { network.remove() }
        let hub = BenchHub(folder: network.folder, cleanup: cleanup)
        _ = try hub.start()
        defer { hub.stop() }
        sleep(1)
        let before = hub.residentBytes
        let begin = ContinuousClock.now
        let connected = BenchReceivers(
            network.receivers.map { ($0, [.all]) },
            hub: hub.exchange,
            hubKey: network.hubKey,
            context: try Context(ioThreads: 1, maxSockets: 2 * scope.connected + 16),
            positions: BenchPositions(),
            tracksArrivals: true
        )
        defer { connected.stop() }
        try connected.wait { $0.subscribed == scope.connected }
        let time = ContinuousClock.now - begin
        sleep(2)
        let memory = Double(hub.residentBytes - before) / Double(scope.connected) / 1_024
        let prepared = try BenchNetwork.envelopes(
            from: network.senders[0],
            to: .all,
            count: Int(Double(crowdRate) * crowdSeconds),
            bodyBytes: RaceScope.barBody,
            batch: 1
        )
        let due = try BenchSender(
            hub: hub.exchange,
            hubKey: network.hubKey,
            member: network.senders[0],
            context: try Context(ioThreads: 1, maxSockets: 16)
        ).submit(prepared, every: .seconds(1) / crowdRate)
        return try latencies(connected, scope.connected, due)
            .merging(["connect": time.inSeconds, "kib": memory]) { $1 }
    }

    // MARK: The ledger

    /// Entries of the ledger that are verified in a second of one core; the hub is stopped.
    func verifiedPerSecond() throws -> Double {
        let reader = try LedgerReader(path: HubFolder(network.folder).ledgerFile.path)
        let before = Self.processorSeconds
        let report = try AuditVerifier.verify(reader, ledgerKey: network.ledgerKey)
        let time = Self.processorSeconds - before
        guard report.isSound else { throw BenchFailure.refused("ledger") }
        return Double(report.entries) / time
    }

    /// Processor time of this process so far, all threads.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

// MARK: - Clients

extension RaceHub {
    private func topics(of place: Int) -> [BenchNetwork.Audience] {
        switch place {
        case 0: [.all, .twenty, .one]
        case ..<20: [.all, .twenty]
        case ..<Self.listeners: [.all]
        case Self.listeners: [.absent]
        default: [.returning]
        }
    }

    /// Connects the first receivers, who have everything that was sent before.
    private func listen(_ count: Int, tracksArrivals: Bool) -> BenchReceivers {
        let members = (0..<count).map { place in
            let member = network.receivers[place]
            positions[member.id] = topics(of: place).reduce(0) { $0 + published[$1, default: 0] }
            return (member: member, topics: [BenchNetwork.Audience]())
        }
        return connect(members, tracksArrivals: tracksArrivals)
    }

    private func connect(_ members: [BenchReceivers.Participant], tracksArrivals: Bool)
        -> BenchReceivers
    {
        BenchReceivers(
            members,
            hub: hub.exchange,
            hubKey: network.hubKey,
            context: context,
            positions: positions,
            tracksArrivals: tracksArrivals
        )
    }

    private func sender(_ place: Int) -> BenchSender {
        BenchSender(
            hub: hub.exchange,
            hubKey: network.hubKey,
            member: network.senders[place],
            context: context
        )
    }

    private func pace(_ cell: RaceCell) -> BenchPace {
        .forBodies(of: bodyBytes, window: cell.window, limit: .seconds(scope.seconds))
    }

    /// Signs envelopes beforehand: the peers' clients have nothing to prepare.
    private func prepare(
        _ count: Int,
        from senders: Int,
        to audience: BenchNetwork.Audience,
        batch: Int
    ) throws -> [[Data]] {
        try (0..<senders).map { place in
            try BenchNetwork.envelopes(
                from: network.senders[place],
                to: audience,
                count: count,
                bodyBytes: bodyBytes,
                batch: batch
            )
        }
    }

    /// Enough messages for the time of a measurement, by the rate of the round before.
    private func prepareCount(_ workload: RaceWorkload, most perSecond: Double) -> Int {
        let rate = expected[workload].map { $0 * 1.5 } ?? perSecond
        let most = Self.preparedBytes / (bodyBytes + 1_024)
        return max(64, min(most, Int(rate * scope.seconds)))
    }

    private func rate(_ count: Int, _ time: Duration, of workload: RaceWorkload)
        -> [String: Double]
    {
        expected[workload] = Double(count) / time.inSeconds
        return ["rate": Double(count) / time.inSeconds]
    }

    private static func percentiles(_ times: [Duration]) -> [String: Double] {
        guard !times.isEmpty else { return [:] }
        return [
            "p50": times.percentile(0.5).inMilliseconds,
            "p99": times.percentile(0.99).inMilliseconds,
            "p999": times.percentile(0.999).inMilliseconds,
        ]
    }
}

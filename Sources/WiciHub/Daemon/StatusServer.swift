// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Metrics and health on loopback, for the operator's monitoring. Counts only: no institution's name
// and no content is ever shown here.

import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization
import WiciCore
import WiciLedger

/// The hub's last known state, written by its thread and read by the status page.
final class HubStatusBoard: Sendable {
    struct Snapshot: Sendable {
        var counters = HubCounters()
        var isReady = false
        var connectedNodes = 0
        var connectionsCut: UInt64 = 0
        var release: ReleaseSummary?
    }

    private struct State {
        var snapshot = Snapshot()
        var problem: HubHealth.Problem?
        var isLost = false
        var reloadProblem: HubHealth.Problem?
        var reloads = 0
        /// A release that was loaded and is not yet in force.
        var awaited: ReleaseSummary?
    }

    private let state = Mutex(State())

    func update(_ snapshot: Snapshot) {
        state.withLock { state in
            state.snapshot = snapshot
            if let awaited = state.awaited, awaited == snapshot.release {
                state.awaited = nil
                state.reloads += 1
            }
        }
    }

    /// The hub does not serve, for this reason: for a while, or until it is started again.
    func fail(_ problem: HubHealth.Problem, isLost: Bool) {
        state.withLock { state in
            state.problem = problem
            state.isLost = state.isLost || isLost
        }
    }

    /// What kept the hub from serving is over.
    func recover() {
        state.withLock { state in
            if !state.isLost { state.problem = nil }
        }
    }

    /// A reload found this release in order; it counts once it is in force.
    func reloaded(_ release: Release) {
        state.withLock {
            $0.reloadProblem = nil
            $0.awaited = ReleaseSummary(release)
        }
    }

    /// A reload was refused.
    func reloadRefused(_ error: HubError) {
        state.withLock {
            $0.reloadProblem = HubHealth.Problem(error)
            $0.reloads += 1
        }
    }

    var isReady: Bool { state.withLock { $0.snapshot.isReady && $0.problem == nil } }

    /// Whether a new start is needed.
    var isLost: Bool { state.withLock { $0.isLost } }

    /// The health page's JSON.
    var health: HubHealth {
        state.withLock { state in
            HubHealth(
                ready: state.snapshot.isReady && state.problem == nil,
                failed: state.isLost,
                problem: state.problem,
                ledgerSize: state.snapshot.counters.ledgerSize,
                accepted: state.snapshot.counters.accepted,
                deliveries: state.snapshot.counters.deliveries,
                refusals: state.snapshot.counters.refusals,
                connectedNodes: state.snapshot.connectedNodes,
                registryRelease: state.snapshot.release?.registry,
                registryDigest: state.snapshot.release?.registryDigest.hexadecimal,
                policyRelease: state.snapshot.release?.policy,
                policyDigest: state.snapshot.release?.policyDigest.hexadecimal,
                reloads: state.reloads,
                reloadProblem: state.reloadProblem
            )
        }
    }

    /// The metrics page, Prometheus text format 0.0.4.
    var metrics: String {
        let state = state.withLock { $0 }
        let counters = state.snapshot.counters
        var lines: [String] = []
        func metric(_ name: String, _ kind: String, _ help: String, _ value: some Numeric) {
            lines.append("# HELP \(name) \(help)")
            lines.append("# TYPE \(name) \(kind)")
            lines.append("\(name) \(value)")
        }
        metric("wici_hub_ready", "gauge", "1 when the hub serves.", isReadyNumber(state))
        metric("wici_messages_accepted_total", "counter", "Messages accepted.", counters.accepted)
        metric("wici_messages_repeated_total", "counter", "Messages sent again.", counters.repeated)
        metric("wici_deliveries_total", "counter", "Messages handed over.", counters.deliveries)
        metric("wici_withheld_total", "counter", "Tombstones recorded.", counters.withheld)
        metric("wici_bulletins_total", "counter", "Bulletins on the feed.", counters.bulletins)
        metric("wici_strangers_total", "counter", "Strangers turned away.", counters.strangers)
        metric(
            "wici_connections_cut_total",
            "counter",
            "Connections ended for breaking a bound.",
            state.snapshot.connectionsCut
        )
        metric("wici_connected_nodes", "gauge", "Nodes connected.", counters.connectedNodes)
        metric("wici_ledger_entries", "gauge", "Entries in the ledger.", counters.ledgerSize)
        metric("wici_pending_entries", "gauge", "Entries not yet on disk.", counters.pendingEntries)
        lines.append("# HELP wici_refusals_total Refusals by code.")
        lines.append("# TYPE wici_refusals_total counter")
        for (code, count) in counters.refusals.sorted(by: { $0.key < $1.key }) {
            lines.append("wici_refusals_total{code=\"\(code)\"} \(count)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func isReadyNumber(_ state: State) -> Int {
        state.snapshot.isReady && state.problem == nil ? 1 : 0
    }
}

/// Which registry and policy are in force.
public struct ReleaseSummary: Sendable, Equatable {
    let registry: UInt64
    let registryDigest: Digest
    let policy: UInt64
    let policyDigest: Digest
}

extension ReleaseSummary {
    init(_ release: Release) {
        registry = release.registry.release
        registryDigest = release.registry.digest
        policy = release.policy.release
        policyDigest = release.policy.digest
    }
}

/// The health page, as JSON.
public struct HubHealth: Codable, Sendable {
    /// Whether the hub serves.
    public let ready: Bool
    /// Whether the hub has stopped serving for good and needs its operator.
    public let failed: Bool
    /// Why it does not serve; nil while it does or is about to.
    public let problem: Problem?
    /// Entries in the ledger.
    public let ledgerSize: UInt64
    /// Messages accepted since start.
    public let accepted: UInt64
    /// Messages handed over since start.
    public let deliveries: UInt64
    /// Refusals since start, by code.
    public let refusals: [String: UInt64]
    /// How many nodes are connected now.
    public let connectedNodes: Int
    /// Number of the registry release in force.
    public let registryRelease: UInt64?
    /// SHA-256 of its note.
    public let registryDigest: String?
    /// Number of the policy release in force.
    public let policyRelease: UInt64?
    /// SHA-256 of its note.
    public let policyDigest: String?
    /// Reloads that are over since start: in force or refused.
    public let reloads: Int
    /// Why the last reload was refused; nil when it was not.
    public let reloadProblem: Problem?

    /// What is wrong, for people.
    public struct Problem: Codable, Sendable {
        /// Name of the code, of `Schemas/codes.json`.
        public let code: String
        /// What happened and what to do, in Polish.
        public let pl: String
        /// See `pl`, in English.
        public let en: String

        init(_ error: HubError) { self.init(error.code, error.sentence) }

        init(_ error: LedgerError) { self.init(error.code, error.sentence) }

        init(_ code: RefusalCode, _ sentence: Bilingual) {
            self.code = code.name
            pl = sentence.polish
            en = sentence.english
        }
    }
}

/// Serves the board over HTTP on loopback.
final class StatusServer: Sendable {
    /// The real address.
    let address: String
    private let task: Task<Void, Never>

    /// A connection that says nothing gives its place to others.
    private static let idleTimeout = TimeAmount.seconds(10)
    private static let connectionLimit = 64

    init(port: Int, board: HubStatusBoard) async throws {
        let router = Router()
        // Alive even when its ledger is lost: another start would not mend a disk, and a supervisor
        // that tried would go round in a circle. Readiness and health say what is wrong.
        router.get("livez") { _, _ in "ok\n" }
        router.get("readyz") { _, _ -> Response in
            let ready = board.isReady
            return Response(
                status: ready ? .ok : .serviceUnavailable,
                body: .init(byteBuffer: ByteBuffer(string: ready ? "ready\n" : "not ready\n"))
            )
        }
        router.get("healthz") { _, _ -> Response in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let bytes = (try? encoder.encode(board.health)) ?? Data()
            return Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: bytes))
            )
        }
        router.get("metrics") { _, _ -> Response in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4"],
                body: .init(byteBuffer: ByteBuffer(string: board.metrics))
            )
        }
        let (ports, bound) = AsyncStream<Int>.makeStream()
        // The server reports its own end as an error; what fails for good is thrown at the start.
        var quiet = Logger(label: "wici.status")
        quiet.logLevel = .critical
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
            configuration: .init(
                address: .hostname("127.0.0.1", port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit)
            ),
            onServerRunning: { channel in
                bound.yield(channel.localAddress?.port ?? port)
                bound.finish()
            },
            logger: quiet
        )
        task = Task {
            try? await application.run()
            bound.finish()
        }
        guard let realPort = await ports.first(where: { _ in true }) else {
            throw HubError(.socketFailed)
        }
        address = "http://127.0.0.1:\(realPort)"
    }

    func stop() async {
        task.cancel()
        await task.value
    }
}

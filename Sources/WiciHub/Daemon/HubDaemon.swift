// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub as a process: opens the ledger, brings registry and policy into force, starts the
// threads and the status page, reloads on request, and ends cleanly.

import Dispatch
import Foundation
public import Logging
import Synchronization
import WiciCore
import WiciLedger
import ZeroMQ

/// A running hub.
public final class HubDaemon: Sendable {
    /// The real addresses, with the ports that were chosen.
    public struct Addresses: Sendable {
        /// Where nodes connect.
        public let exchange: String
        /// Where the feed is published.
        public let feed: String
        /// Metrics and health.
        public let status: String
    }

    /// Where the hub listens.
    public let addresses: Addresses
    private let folder: HubFolder
    private let configuration: HubConfiguration
    private let identity: HubIdentity
    private let logger: Logger
    private let clock: HubClock
    private let events: WakingQueue<HubStateMachine.Event>
    private let orders: Handoff<LedgerOrder>
    private let door: Door
    private let zap: ZAPHandler
    /// What the status page shows.
    let board: HubStatusBoard
    private let current: Mutex<Release>
    private let sockets: HubSockets
    private let ledgerEnded = DispatchGroup()
    private let statusServer: StatusServer

    /// Starts a hub on a folder.
    ///
    /// Returns once nodes may connect.
    ///
    /// - Throws: `HubError` when the folder, a note or a socket is not as it must be, `LedgerError`
    /// when the ledger on disk does not match what was signed.
    public convenience init(
        folder: HubFolder,
        logger: Logger,
        progress: (@Sendable (Int, Int) -> Void)? = nil
    ) async throws {
        try await self.init(folder: folder, logger: logger, clock: .system, progress: progress)
    }

    init(
        folder: HubFolder,
        logger: Logger,
        clock: HubClock,
        progress: (@Sendable (Int, Int) -> Void)? = nil
    ) async throws {
        let configuration = try folder.configuration()
        let ledgerKey = try folder.ledgerKey()
        let exchangeKeys = try folder.exchangeKeys()
        let identity = try folder.identity()
        let events = try WakingQueue<HubStateMachine.Event>()
        let orders = Handoff<LedgerOrder>()
        let board = HubStatusBoard()
        let door = Door(events: events, clock: clock)
        let sockets = try HubSockets(events: events, clock: clock)
        let context = try Context(ioThreads: 1, maxSockets: 1023)
        let zap = try ZAPHandler(context: context) { door.answer($0) }
        let ledgerEnded = self.ledgerEnded
        let (recovered, recorded) = try await Self.startLedger(
            folder: folder,
            configuration: configuration,
            key: ledgerKey,
            thread: LedgerThread(
                orders: orders,
                events: events,
                clock: clock,
                onFailure: { error, mayRecover in
                    logger.critical("ledger failed", metadata: ["error": "\(error)"])
                    board.fail(HubHealth.Problem(error), isLost: !mayRecover)
                },
                onRecovery: {
                    logger.notice("ledger takes writes again")
                    board.recover()
                }
            ),
            group: ledgerEnded,
            now: clock.now(),
            progress: progress
        )
        let release: Release
        let exchangeAddress: String
        let feedAddress: String
        do {
            release = try folder.release(
                for: identity,
                trust: configuration.authority,
                after: folder.lastInForce(recorded, trust: configuration.authority),
                now: clock.now()
            )
            door.open(with: release.registry)
            (exchangeAddress, feedAddress) = try await sockets.open(
                configuration,
                keys: exchangeKeys,
                in: context,
                ExchangeSurroundings(
                    events: events,
                    orders: orders,
                    publications: sockets.publications,
                    door: door,
                    watch: sockets.watch,
                    status: board,
                    receiptKey: ledgerKey,
                    logger: logger,
                    clock: clock,
                    stopping: sockets.exchangeStopping
                ),
                machine: HubStateMachine(
                    recovered: recovered,
                    release: release,
                    limits: configuration.limits
                )
            ) { error in
                logger.critical("a socket failed", metadata: ["error": "\(error)"])
                board.fail(
                    HubHealth.Problem(
                        .socketFailed,
                        Bilingual(polish: error.message, english: error.message)
                    ),
                    isLost: true
                )
            }
        } catch {
            // The ledger is closed before this returns, so that the next attempt finds it free.
            await sockets.close()
            orders.give(.stop)
            await ledgerEnded.end()
            zap.stop()
            throw error
        }
        events.post(.released(release))
        events.post(.operation(.started))
        let statusServer = try await StatusServer(port: configuration.statusPort, board: board)
        self.statusServer = statusServer
        self.folder = folder
        self.configuration = configuration
        self.identity = identity
        self.logger = logger
        self.clock = clock
        self.events = events
        self.sockets = sockets
        self.orders = orders
        self.door = door
        self.zap = zap
        self.board = board
        self.current = Mutex(release)
        self.addresses = Addresses(
            exchange: exchangeAddress,
            feed: feedAddress,
            status: statusServer.address
        )
    }

    /// Loads registry and policy again.
    ///
    /// What is refused leaves the old ones in force.
    public func reload() throws(HubError) {
        let previous = current.withLock { $0 }
        do throws(HubError) {
            let release = try folder.release(
                for: identity,
                trust: configuration.authority,
                after: ReleaseInForce(registry: previous.registry, policy: previous.policy),
                now: clock.now()
            )
            current.withLock { $0 = release }
            door.open(with: release.registry)
            board.reloaded(release)
            events.post(.released(release))
            logger.notice(
                "reloaded",
                metadata: [
                    "registry": "\(release.registry.release)",
                    "policy": "\(release.policy.release)",
                ]
            )
        } catch {
            board.reloadRefused(error)
            events.post(.operation(.reloadRefused(error.code)))
            logger.error("reload refused", metadata: ["error": "\(error)"])
            throw error
        }
    }

    /// Ends: nothing more is accepted, what was acknowledged is on disk, a checkpoint is signed.
    public func stop() async {
        await statusServer.stop()
        // The exchange's last words are for the ledger.
        await sockets.close()
        orders.give(.stop)
        await ledgerEnded.end()
        zap.stop()
    }

    // MARK: Starting

    /// Opens the ledger on its own thread, which goes on to carry out orders.
    private static func startLedger(
        folder: HubFolder,
        configuration: HubConfiguration,
        key: SigningKey,
        thread: LedgerThread,
        group: DispatchGroup,
        now: Moment,
        progress: (@Sendable (Int, Int) -> Void)?
    ) async throws -> (RecoveredState, RecordedNotes) {
        group.enter()
        return try await withCheckedThrowingContinuation { continuation in
            Thread.start("wici ledger") {
                defer { group.leave() }
                do {
                    let signer = try NoteSigner(name: configuration.origin, key: key)
                    let (ledger, recovered) = try Ledger.open(
                        LedgerConfiguration(path: folder.ledgerFile.path),
                        signer: signer,
                        now: now,
                        progress: progress
                    )
                    let recorded = try RecordedNotes(
                        of: ledger,
                        recovered,
                        trust: configuration.authority
                    )
                    continuation.resume(returning: (recovered, recorded))
                    thread.run(ledger)
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}

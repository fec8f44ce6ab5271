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
    private let publications: WakingQueue<Publication>
    private let watch: ConnectionWatch
    private let stopping = StopFlag()
    private let feedStopping = StopFlag()
    private let exchangeEnded = DispatchGroup()
    private let feedEnded = DispatchGroup()
    private let watchEnded = DispatchGroup()
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
        let publications = try WakingQueue<Publication>()
        let orders = Handoff<LedgerOrder>()
        let board = HubStatusBoard()
        let door = Door(events: events, clock: clock)
        let watch = ConnectionWatch(
            connections: OpenFiles.forConnections() / 2,
            clock: clock
        )
        let context = try Context(ioThreads: 1, maxSockets: 1023)
        let zap = try ZAPHandler(context: context) { door.answer($0) }
        let ledgerEnded = self.ledgerEnded
        let stopping = self.stopping
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
            let onFailure: @Sendable (ZeroMQError) -> Void = { error in
                logger.critical("a socket failed", metadata: ["error": "\(error)"])
                board.fail(
                    HubHealth.Problem(
                        .socketFailed,
                        Bilingual(polish: error.message, english: error.message)
                    ),
                    isLost: true
                )
            }
            let ofExchange = MonitorAddress(in: context)
            let ofFeed = MonitorAddress(in: context)
            try await Self.start("wici watch", watchEnded, onFailure) {
                started throws(ZeroMQError) in
                try watch.run(exchange: ofExchange, feed: ofFeed) { started(()) }
            }
            feedAddress = try await Self.start("wici feed", feedEnded, onFailure) {
                [feedStopping] started throws(ZeroMQError) in
                let thread = try FeedThread(
                    publications,
                    keys: exchangeKeys,
                    in: context,
                    watch: watch,
                    reporting: ofFeed,
                    clock: clock
                )
                started(try thread.bind(configuration.feed))
                try thread.run(until: feedStopping)
            }
            let surroundings = ExchangeSurroundings(
                events: events,
                orders: orders,
                publications: publications,
                door: door,
                watch: watch,
                status: board,
                receiptKey: ledgerKey,
                logger: logger,
                clock: clock,
                stopping: stopping
            )
            let machine = HubStateMachine(
                recovered: recovered,
                release: release,
                limits: configuration.limits
            )
            exchangeAddress = try await Self.start("wici exchange", exchangeEnded, onFailure) {
                started throws(ZeroMQError) in
                var thread = try ExchangeThread(
                    surroundings,
                    machine: machine,
                    keys: exchangeKeys,
                    in: context,
                    reporting: ofExchange
                )
                started(try thread.bind(configuration.exchange))
                try thread.run()
            }
        } catch {
            // The ledger is closed before this returns, so that the next attempt finds it free.
            feedStopping.raise()
            await feedEnded.end()
            watch.stop()
            await watchEnded.end()
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
        self.publications = publications
        self.watch = watch
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
        stopping.raise()
        events.wake.signal()
        await statusServer.stop()
        // The exchange's last words are for the ledger.
        await exchangeEnded.end()
        feedStopping.raise()
        publications.wake.signal()
        await feedEnded.end()
        // Both sockets are closed: nobody reports any more.
        watch.stop()
        await watchEnded.end()
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
            startThread("wici ledger") {
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

    /// Starts a thread that opens sockets, and returns what it tells once they are open.
    private static func start<Opened: Sendable>(
        _ name: String,
        _ group: DispatchGroup,
        _ onFailure: @escaping @Sendable (ZeroMQError) -> Void,
        _ body: @escaping @Sendable (_ started: (Opened) -> Void) throws(ZeroMQError) -> Void
    ) async throws -> Opened {
        group.enter()
        return try await withCheckedThrowingContinuation { continuation in
            startThread(name) {
                defer { group.leave() }
                var isOpen = false
                do throws(ZeroMQError) {
                    try body { opened in
                        isOpen = true
                        continuation.resume(returning: opened)
                    }
                } catch  where isOpen {
                    onFailure(error)
                } catch {
                    continuation.resume(
                        throwing: HubError(
                            .socketFailed,
                            detail: Bilingual(polish: error.message, english: error.message)
                        )
                    )
                }
            }
        }
    }

    private static func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
    }
}

extension DispatchGroup {
    /// Waits until everything of the group has ended.
    fileprivate func end() async {
        await withCheckedContinuation { continuation in
            notify(queue: .global()) { continuation.resume() }
        }
    }
}

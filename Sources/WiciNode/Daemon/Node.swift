// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// An institution's node: store and forward between the people and systems of one institution and
// the hub. Writing and reading work while the hub is away; one thread owns the connection.

public import Foundation
public import Logging
import Synchronization
public import WiciCore
import ZeroMQ

/// A node: outbox, inbox and the conversation with the hub.
///
/// What a call of `NodeOperations` acknowledges is on this machine's disk. `run` keeps the
/// connection; without it the node still reads and writes its store.
public final class Node: Sendable {
    /// What the node's thread shows to everybody.
    struct State: Sendable {
        var documents: TrustedDocuments
        var connection = ConnectionStatus.stopped
        var since: Moment?
        var refusal: RefusalReport?
        var mailboxHead = MailboxNumber.none
        var checkpoint: Checkpoint?
        var subscriptions: [WireSubscription] = []
        var clockDifference: Int64?
    }

    /// Name and version that the hub and status pages show.
    static let program = "wici-node 1"

    let configuration: NodeConfiguration
    let store: NodeStore
    let state: Mutex<State>
    let commands: NodeCommandQueue
    let logger: Logger
    let clock: @Sendable () -> Moment
    /// Of folder and store: two folders may name one store.
    private let locks: [ProcessLock]
    private let heldKeys: Mutex<NodeKeys>
    /// Where new keys may wait for the registry; `nil` for a node that was given its keys.
    private let keyFolder: URL?

    /// The keys in use.
    var keys: NodeKeys { heldKeys.withLock { $0 } }

    /// Opens the node of a folder; refuses while another process serves it.
    public convenience init(
        folder: NodeFolder,
        logger: Logger = Logger(label: "wici.node")
    ) throws(NodeError) {
        let lock = try ProcessLock(folder.location.appending(path: "node.lock"))
        let configuration = try folder.configuration()
        let store = folder.resolve(configuration.store)
        try self.init(
            configuration: configuration,
            keys: try folder.keys(),
            keyFolder: folder.keyFolder,
            store: store,
            locks: [lock, try ProcessLock(ofStore: store)],
            logger: logger,
            clock: Self.systemTime
        )
    }

    /// Opens a node with its store's file; `clock` gives the wall-clock time.
    ///
    /// The caller sees to it that no other process opens the same file.
    public convenience init(
        configuration: NodeConfiguration,
        keys: NodeKeys,
        store file: URL,
        logger: Logger = Logger(label: "wici.node"),
        clock: @escaping @Sendable () -> Moment = Node.systemTime
    ) throws(NodeError) {
        try self.init(
            configuration: configuration,
            keys: keys,
            keyFolder: nil,
            store: file,
            locks: [],
            logger: logger,
            clock: clock
        )
    }

    private init(
        configuration: NodeConfiguration,
        keys: NodeKeys,
        keyFolder: URL?,
        store file: URL,
        locks: [ProcessLock],
        logger: Logger,
        clock: @escaping @Sendable () -> Moment
    ) throws(NodeError) {
        self.locks = locks
        self.configuration = configuration
        self.heldKeys = Mutex(keys)
        self.keyFolder = keyFolder
        self.logger = logger
        self.clock = clock
        do throws(NodeStoreError) {
            store = try NodeStore(path: file.path, key: keys.storage)
            try store.requeueSubmitted()
            state = Mutex(try Self.restored(from: store, authority: configuration.authority))
        } catch {
            throw NodeError(error)
        }
        do throws(ZeroMQError) {
            commands = try NodeCommandQueue()
        } catch {
            throw NodeError(.socketFailed)
        }
    }

    /// The system's wall clock.
    public static let systemTime: @Sendable () -> Moment = {
        Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    private static func restored(
        from store: NodeStore,
        authority: AuthorityTrust
    ) throws(NodeStoreError) -> State {
        var documents = TrustedDocuments(authority: authority)
        documents.restore(
            registry: try store.kept(.registry),
            trust: try store.kept(.registryTrust).flatMap { AuthorityTrust(stored: $0) },
            policy: try store.kept(.policy)
        )
        var state = State(documents: documents)
        state.checkpoint = try store.kept(.checkpoint).flatMap { Checkpoint(kept: $0) }
        state.subscriptions =
            try store.kept(.subscriptions).flatMap { SubscriptionCoding.decode($0) } ?? []
        return state
    }

    /// Keeps the connection to the hub until the task is cancelled; then says goodbye and returns.
    ///
    /// One run at a time; a second one returns at once.
    public func run() async throws(NodeError) {
        guard commands.open() else { return }
        let context: Context
        do throws(ZeroMQError) {
            context = try Context()
        } catch {
            endCommands()
            throw NodeError(.socketFailed)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (ended: CheckedContinuation<Void, Never>) in
                let thread = Thread { [self] in
                    var loop = NodeThread(node: self, context: context)
                    loop.run()
                    endCommands()
                    ended.resume()
                }
                thread.name = "wici-node"
                thread.stackSize = 4 << 20
                thread.start()
            }
        } onCancel: {
            commands.stop()
        }
    }

    private func endCommands() {
        for command in commands.close() { command.abandon() }
    }
}

extension Node {
    /// The keys that wait for the registry; `nil` where none wait or they cannot be read.
    var waitingKeys: NodeKeys? {
        guard let keyFolder else { return nil }
        do throws(NodeError) {
            return try NodeKeys.rotated(in: keyFolder)
        } catch {
            logger.error("new keys unreadable", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Takes the keys that wait once the registry names them; whether it did.
    ///
    /// They are in force from then on: the hub takes nothing under the old ones any more.
    func takeWaitingKeys() -> Bool {
        guard let keyFolder, let waiting = waitingKeys,
            let entry = state.withLock({ $0.documents.registry?.node(configuration.node) }),
            waiting.areNamed(by: entry)
        else { return false }
        do throws(NodeError) {
            try NodeKeys.finishRotation(in: keyFolder)
        } catch {
            logger.error("new keys not in place", metadata: ["error": "\(error)"])
        }
        // In memory they count even so: the files are tried again at the next connection.
        heldKeys.withLock { $0 = waiting }
        logger.notice("the registry names the new keys; they are in use")
        return true
    }
}

extension NodeCommand {
    /// Answers whoever waits that nothing more will come.
    func abandon() {
        switch self {
        case .outboxChanged: break
        case .ask(_, let continuation): continuation.resume(returning: .disconnected)
        case .awaitOutcome(_, _, let continuation): continuation.resume()
        }
    }
}

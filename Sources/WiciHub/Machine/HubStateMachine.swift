// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub's decisions, all of them, as one value: packets, ledger answers, releases and time go in,
// effects come out. No socket, clock or disk is in here, so a run can be replayed from its events.
//
// Reading order: this file is the spine. +Packets answers nodes, +Commits turns ledger outcomes into
// receipts and deliveries, +Mailboxes keeps every node's mail moving, +Releases brings registry and
// policy into force, +Audit serves auditors. Admission/ decides single messages.

public import Foundation
import SwiftProtobuf
public import WiciCore
public import WiciLedger

/// The hub: who is connected, what is in force, and what happens next.
///
/// A message's way: packet → `Admission` → append effect → commit event → receipt to the sender and
/// delivery to the audience. Nothing is said to anybody before the commit event (promises 1 and 3).
public struct HubStateMachine: Sendable {
    /// A fact that the shell reports.
    public enum Event: Sendable {
        /// A frame from a connection that ZAP authenticated as this node.
        case packet(ConnectionID, NodeID, Data)
        /// Appends that are on disk, in the order they were asked for.
        case committed([Commit])
        /// The ledger takes no writes; what was asked for and not committed is not on disk.
        case ledgerFailed(RefusalCode)
        /// The ledger takes writes again; it waits for `resumeAppends`.
        case ledgerRecovered
        /// An act of the hub or its operator.
        case operation(HubOperation)
        /// Messages read for a node's mail.
        case messagesRead(MailRequest, [StoredMessage])
        /// Entries read for an auditor.
        case pageRead(PageRequest, [WireLedgerEntry], checkpoint: Data)
        /// An entry and its proof, read for a member; nil when there is no such message.
        case proofRead(ProofRequest, ProofMaterial?)
        /// No checkpoint covers the message yet, and none can be written now.
        case proofUnavailable(ProofRequest)
        /// The proof that the ledger grew from a smaller one; nil when it is not as large as that.
        case consistencyRead(ConsistencyRequest, ConsistencyMaterial?)
        /// A stranger was turned away at the door.
        case strangerRefused(RefusalCode)
        /// A send found nobody behind the connection.
        case unreachable(ConnectionID)
        /// Registry and policy, loaded and verified.
        case released(Release)
        /// A checkpoint was signed and stored.
        case checkpointed(Data, size: UInt64)
        /// Time passed; several times a second.
        case tick
    }

    /// An order to the shell.
    public enum Effect: Sendable {
        /// Send one packet on the exchange.
        case send(ConnectionID, Data)
        /// Send these deliveries on the exchange in one packet.
        case deliver(ConnectionID, DeliveryBatch)
        /// Sign these Receipts with the ledger key and send them.
        case sendReceipts(ConnectionID, Data)
        /// Publish on the feed.
        case publish(topic: String, Data)
        /// Append in one transaction; answer with `committed`.
        case append(CommitID, [NewEntry])
        /// Appends after this one count again: those before it are not to be carried out.
        case resumeAppends
        /// Read messages, as many as fit into `mailReadBytes` and at least one; answer with
        /// `messagesRead`.
        case readMessages(MailRequest, [LedgerIndex])
        /// Read entries; answer with `pageRead`.
        case readPage(PageRequest)
        /// Find a message's entry and proof; answer with `proofRead`.
        case readProof(ProofRequest)
        /// Prove that the ledger begins with a smaller one; answer with `consistencyRead`.
        case readConsistency(ConsistencyRequest)
        /// Sign a checkpoint; answer with `checkpointed`.
        case signCheckpoint
        /// End the connection of a revoked node, or one made with a key that was replaced.
        case cut(ConnectionID, NodeID)
    }

    var admission: Admission
    var mailboxes: Mailboxes
    var sessions: [NodeID: Session] = [:]
    var connections: [ConnectionID: NodeID] = [:]
    /// Highest number each node has on its disk, as the ledger knows it.
    var delivered: [NodeID: MailboxNumber]
    var tombstones: [NodeID: [MailboxNumber: WireTombstone]]
    /// Numbers whose tombstones are on their way to the disk.
    var withholding: [NodeID: Set<MailboxNumber>] = [:]
    var inForce: Release
    /// A release that waits for its ledger entry; packets wait with it.
    var pendingRelease: Release?
    /// Places of the last registry and policy entries.
    var recordedRegistry: RecordedRelease?
    var recordedPolicy: RecordedRelease?
    var heldPackets: [HeldPacket] = []
    var heldBytes = 0
    var pendingCommits: [CommitID: [PendingEntry]] = [:]
    var pendingEntryCount = 0
    var pendingBytes = 0
    var ledgerFailure: RefusalCode?
    var lastCheckpoint = Data()
    var checkpointSize: UInt64 = 0
    var ledgerSize: UInt64
    var nextCommit: UInt64 = 0
    var nextRequest: UInt64 = 0
    var lastHeartbeat = Moment(milliseconds: 0)
    var lastCheckpointAt = Moment(milliseconds: 0)
    var strangers = StrangerCount()
    var allowances: [NodeID: MemberAllowance] = [:]
    private let limits: MemberLimits
    /// What the metrics page shows.
    public internal(set) var counters = HubCounters()

    // Gathered while one event is handled; turned into effects at its end.
    var effects: [Effect] = []
    var newEntries: [(NewEntry, PendingEntry)] = []
    /// Nodes whose session has something to flush, in the order of its coming.
    var touched: [NodeID] = []

    /// Starts from what the ledger recovered.
    ///
    /// The release comes into force with its ledger entry.
    public init(
        recovered: RecoveredState,
        release: Release,
        limits: MemberLimits = .standard
    ) {
        self.limits = limits
        self.mailboxes = recovered.mailboxes
        self.delivered = recovered.delivered
        self.tombstones = recovered.tombstones
        self.ledgerSize = recovered.size
        self.inForce = release
        self.recordedRegistry = recovered.registry.map {
            RecordedRelease(index: $0.index, digest: $0.digest)
        }
        self.recordedPolicy = recovered.policy.map {
            RecordedRelease(index: $0.index, digest: $0.digest)
        }
        self.lastCheckpoint = recovered.lastCheckpoint?.bytes ?? Data()
        self.admission = Admission(release: release)
        for (node, subscriptions) in recovered.subscriptions {
            admission.subscribe(node, to: subscriptions)
        }
    }

    /// Whether the hub serves: a release is in force and the ledger takes writes.
    public var isReady: Bool {
        pendingRelease == nil && ledgerFailure == nil && admission.hasEntries
    }

    /// Nodes that have said hello and were heard of since.
    public var connectedNodes: [NodeID] { sessions.keys.sorted() }

    /// Takes one event and says what to do.
    public mutating func handle(_ event: Event, now: Moment) -> [Effect] {
        switch event {
        case .packet(let connection, let node, let bytes):
            receive(bytes, from: node, on: connection, now: now)
        case .committed(let commits):
            for commit in commits { settle(commit, now: now) }
        case .ledgerFailed(let code):
            ledgerFailed(code)
        case .ledgerRecovered:
            ledgerRecovered(now: now)
        case .operation(let operation):
            record(operation)
        case .messagesRead(let request, let messages):
            deliver(messages, for: request, now: now)
        case .pageRead(let request, let entries, let checkpoint):
            sendPage(entries, checkpoint: checkpoint, for: request, now: now)
        case .proofRead(let request, let material):
            sendProof(material, for: request, now: now)
        case .proofUnavailable(let request):
            sendRefused(
                Refusal(.ledgerUnavailable),
                request: request.request,
                to: request.connection
            )
        case .consistencyRead(let request, let material):
            sendConsistency(material, for: request)
        case .strangerRefused(let code):
            countStranger(code, now: now)
        case .unreachable(let connection):
            forget(connection)
        case .released(let release):
            bringIntoForce(release, now: now)
        case .checkpointed(let note, let size):
            lastCheckpoint = note
            checkpointSize = size
            effects.append(.publish(topic: "checkpoint/", note))
        case .tick:
            tick(now: now)
        }
        return flush(now: now)
    }

    // MARK: Gathering

    /// Asks for one entry in the transaction of this event.
    mutating func append(_ entry: NewEntry, then pending: PendingEntry) {
        if let code = ledgerFailure {
            fail(pending, code)
        } else {
            newEntries.append((entry, pending))
        }
    }

    mutating func send(_ packet: WirePacket.OneOf_Content, to connection: ConnectionID) {
        var wire = WirePacket()
        wire.content = packet
        guard let bytes = try? wire.serializedData() else { return }
        effects.append(.send(connection, bytes))
    }

    /// Turns what one event gathered into effects: one append, one packet of deliveries a node.
    private mutating func flush(now: Moment) -> [Effect] {
        for node in touched { flushSession(node) }
        touched.removeAll(keepingCapacity: true)
        if !newEntries.isEmpty {
            nextCommit += 1
            let commit = CommitID(nextCommit)
            pendingCommits[commit] = newEntries.map(\.1)
            pendingEntryCount += newEntries.count
            pendingBytes += newEntries.reduce(0) { $0 + $1.1.byteCount }
            effects.append(.append(commit, newEntries.map(\.0)))
            newEntries.removeAll(keepingCapacity: true)
        }
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    private mutating func tick(now: Moment) {
        recordDelivered()
        recordCountedRefusals(now: now)
        for session in sessions.values
        where session.lastHeard.adding(milliseconds: Limits.silenceMilliseconds) < now {
            forget(session.connection)
            counters.silentSessions += 1
        }
        for place in sessions.values.indices where now < sessions.values[place].lastHeard {
            sessions.values[place].lastHeard = now
        }
        if checkpointSize != ledgerSize, ledgerFailure == nil,
            isDue(lastCheckpointAt, every: Limits.checkpointMilliseconds, now: now)
        {
            lastCheckpointAt = now
            effects.append(.signCheckpoint)
        }
        if isDue(lastHeartbeat, every: Limits.heartbeatMilliseconds, now: now) {
            lastHeartbeat = now
            var heartbeat = WireHeartbeat()
            heartbeat.hubTime = now.milliseconds
            heartbeat.ledgerSize = ledgerSize
            if let bytes = try? heartbeat.serializedData() {
                effects.append(.publish(topic: "heartbeat/", bytes))
            }
        }
        counters.connectedNodes = sessions.count
        counters.ledgerSize = ledgerSize
        counters.pendingEntries = pendingEntryCount
    }

    /// Whether something is due that was done last at a moment; a moment that is still to come is
    /// of a clock that has been set back since, and nothing waits for it to come again.
    private func isDue(_ last: Moment, every milliseconds: Int64, now: Moment) -> Bool {
        last.adding(milliseconds: milliseconds) <= now || now < last
    }

    /// Forgets a connection; the node's mail waits in the ledger.
    mutating func forget(_ connection: ConnectionID) {
        guard let node = connections.removeValue(forKey: connection) else { return }
        if sessions[node]?.connection == connection {
            sessions[node] = nil
        }
    }
}

extension HubStateMachine {
    /// Spends from what a member may ask for; false when it has asked for too much.
    mutating func spend(
        _ amount: Int,
        of allowance: WritableKeyPath<MemberAllowance, Allowance>,
        by node: NodeID,
        now: Moment
    ) -> Bool {
        allowances[node, default: MemberAllowance(limits)][keyPath: allowance]
            .spend(amount, now: now)
    }

    /// Whether a refusal of a member gets a record of its own; otherwise it is counted.
    mutating func records(_ refusal: Refusal, of node: NodeID) -> Bool {
        allowances[node, default: MemberAllowance(limits)].refusals.records(refusal)
    }
}

extension HubStateMachine {
    /// Bounds that the protocol publishes (Schemas/PROTOCOL.md).
    enum Limits {
        static let envelopesPerSubmit = 256
        static let packetBytes = 1 << 20
        static let deliveriesBytes = 256 << 10
        static let mailReadCount = 256
        static let mailReadBytes = 512 << 10
        static let fetchCount: UInt32 = 256
        static let ledgerPageCount: UInt32 = 1_000
        static let ledgerPageBytes = 512 << 10
        static let subscriptionsPerNode = 32
        static let heldBytes = 32 << 20
        static let pendingEntries = 50_000
        static let pendingBytes = 64 << 20
        static let silenceMilliseconds: Int64 = 60_000
        static let checkpointMilliseconds: Int64 = 1_000
        static let heartbeatMilliseconds: Int64 = 5_000
        static let strangersRecordedPerMinute = 60
    }
}

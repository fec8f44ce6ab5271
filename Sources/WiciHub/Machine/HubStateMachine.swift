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
        /// The ledger takes no more writes; what was asked for is not on disk.
        case ledgerFailed(RefusalCode)
        /// Messages read for a node's mail.
        case messagesRead(MailRequest, [StoredMessage])
        /// Entries read for an auditor.
        case pageRead(PageRequest, [WireLedgerEntry], checkpoint: Data)
        /// An entry and its proof, read for a member; nil when there is no such message.
        case proofRead(ProofRequest, ProofMaterial?)
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
        /// Sign these Receipts with the ledger key and send them.
        case sendReceipts(ConnectionID, Data)
        /// Publish on the feed.
        case publish(topic: String, Data)
        /// Append in one transaction; answer with `committed`.
        case append(CommitID, [NewEntry])
        /// Read messages; answer with `messagesRead`.
        case readMessages(MailRequest, [LedgerIndex])
        /// Read entries; answer with `pageRead`.
        case readPage(PageRequest)
        /// Find a message's entry and proof; answer with `proofRead`.
        case readProof(ProofRequest)
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
    var inForce: Release
    /// A release that waits for its ledger entry; packets wait with it.
    var pendingRelease: Release?
    /// Places of the last registry and policy entries.
    var recordedRegistry: RecordedRelease?
    var recordedPolicy: RecordedRelease?
    var heldPackets: [(ConnectionID, NodeID, Data)] = []
    var pendingCommits: [CommitID: [PendingEntry]] = [:]
    var pendingEntryCount = 0
    var ledgerFailure: RefusalCode?
    var lastCheckpoint = Data()
    var checkpointSize: UInt64 = 0
    var ledgerSize: UInt64
    var nextCommit: UInt64 = 0
    var nextRequest: UInt64 = 0
    var lastHeartbeat = Moment(milliseconds: 0)
    var lastCheckpointAt = Moment(milliseconds: 0)
    var strangers = StrangerCount()
    /// What the metrics page shows.
    public internal(set) var counters = HubCounters()

    // Gathered while one event is handled; turned into effects at its end.
    var effects: [Effect] = []
    var newEntries: [(NewEntry, PendingEntry)] = []
    var touched: Set<NodeID> = []

    /// Starts from what the ledger recovered.
    ///
    /// The release comes into force with its ledger entry.
    public init(recovered: RecoveredState, release: Release) {
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
        case .messagesRead(let request, let messages):
            deliver(messages, for: request, now: now)
        case .pageRead(let request, let entries, let checkpoint):
            sendPage(entries, checkpoint: checkpoint, for: request)
        case .proofRead(let request, let material):
            sendProof(material, for: request)
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
        newEntries.append((entry, pending))
    }

    /// Records a refusal; the answer, if one is owed, leaves after the record is on disk.
    mutating func refuse(
        _ refusal: Refusal,
        request: String,
        node: NodeID?,
        then pending: PendingEntry,
        messageID: Data = Data(),
        envelopeDigest: Data = Data()
    ) {
        var record = WireRefusedRequest()
        record.node = node?.text ?? ""
        record.request = request
        record.code = refusal.code.number
        record.field = refusal.field
        record.rule = refusal.rule
        record.messageID = messageID
        record.envelopeDigest = envelopeDigest
        counters.refusals[refusal.code.name, default: 0] += 1
        append(.event(.refused(record)), then: pending)
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
            effects.append(.append(commit, newEntries.map(\.0)))
            newEntries.removeAll(keepingCapacity: true)
        }
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    private mutating func tick(now: Moment) {
        recordDelivered()
        for (node, session) in sessions
        where session.lastHeard.adding(milliseconds: Limits.silenceMilliseconds) < now {
            forget(session.connection)
            counters.silentSessions += 1
            _ = node
        }
        if checkpointSize != ledgerSize,
            lastCheckpointAt.adding(milliseconds: Limits.checkpointMilliseconds) <= now,
            ledgerFailure == nil
        {
            lastCheckpointAt = now
            effects.append(.signCheckpoint)
        }
        if lastHeartbeat.adding(milliseconds: Limits.heartbeatMilliseconds) <= now {
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

    /// Forgets a connection; the node's mail waits in the ledger.
    mutating func forget(_ connection: ConnectionID) {
        guard let node = connections.removeValue(forKey: connection) else { return }
        if sessions[node]?.connection == connection {
            sessions[node] = nil
        }
    }
}

extension HubStateMachine {
    /// Bounds that the protocol publishes (Schemas/PROTOCOL.md).
    enum Limits {
        static let envelopesPerSubmit = 1_000
        static let packetBytes = 1 << 20
        static let deliveriesBytes = 256 << 10
        static let mailReadCount = 128
        static let fetchCount: UInt32 = 256
        static let ledgerPageCount: UInt32 = 1_000
        static let subscriptionsPerNode = 32
        static let heldPackets = 10_000
        static let pendingEntries = 50_000
        static let silenceMilliseconds: Int64 = 60_000
        static let checkpointMilliseconds: Int64 = 1_000
        static let heartbeatMilliseconds: Int64 = 5_000
        static let strangersRecordedPerMinute = 60
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The shell around the hub's machine, in memory: effects are kept until the test lets the ledger
// answer, so that every order of events can be played.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

/// A hub without sockets and disk.
struct HubSimulation {
    typealias Content = WirePacket.OneOf_Content

    let network: HubNetwork
    var machine: HubStateMachine
    var now = HubNetwork.now
    /// What left for a connection since it was last taken.
    private(set) var sent: [(connection: ConnectionID, content: Content)] = []
    private(set) var receipts: [(connection: ConnectionID, receipts: WireReceipts)] = []
    private(set) var published: [String] = []
    private(set) var cuts: [NodeID] = []
    private(set) var checkpointOrders = 0
    private(set) var appends: [(CommitID, [NewEntry])] = []
    private(set) var reads: [(MailRequest, [LedgerIndex])] = []
    private(set) var pages: [PageRequest] = []
    private(set) var proofs: [ProofRequest] = []
    private(set) var growths: [ConsistencyRequest] = []
    /// Everything on the imagined disk.
    private(set) var records: [NewEntry] = []
    private(set) var messages: [LedgerIndex: StoredMessage] = [:]
    /// The sets of the messages, by the messages' places: here they have none of their own.
    private(set) var recipients: [LedgerIndex: (eligible: RecipientSet, audience: RecipientSet)] =
        [:]
    private var places: [MessageID: (LedgerIndex, Digest)] = [:]
    private var refusedBefore: [MessageID: (Digest, AppendOutcome)] = [:]

    init(_ network: HubNetwork) throws {
        self.network = network
        machine = HubStateMachine(recovered: RecoveredState(), release: try network.release())
    }

    /// A hub whose first release is in force.
    static func started() throws -> HubSimulation {
        var hub = try HubSimulation(try HubNetwork.shared.get())
        try hub.bring(try hub.network.release())
        return hub
    }

    mutating func handle(_ event: HubStateMachine.Event) {
        for effect in machine.handle(event, now: now) {
            switch effect {
            case .send(let connection, let bytes): note(bytes, to: connection)
            case .deliver(let connection, let batch): note(batch.packet, to: connection)
            case .sendReceipts(let connection, let bytes):
                guard let packed = try? WireReceipts(serializedBytes: bytes) else {
                    Issue.record("unreadable receipts were sent")
                    continue
                }
                receipts.append((connection, packed))
            case .publish(let topic, _): published.append(topic)
            case .append(let commit, let entries): appends.append((commit, entries))
            case .readMessages(let request, let indices): reads.append((request, indices))
            case .resumeAppends: appends.removeAll()
            case .readPage(let request): pages.append(request)
            case .readProof(let request): proofs.append(request)
            case .readConsistency(let request): growths.append(request)
            case .signCheckpoint: checkpointOrders += 1
            case .cut(_, let node): cuts.append(node)
            }
        }
    }

    private mutating func note(_ bytes: Data, to connection: ConnectionID) {
        guard let content = (try? WirePacket(serializedBytes: bytes))?.content else {
            Issue.record("an unreadable packet was sent")
            return
        }
        sent.append((connection, content))
    }

    /// Puts the oldest append on the imagined disk and reports it.
    mutating func commitNext() {
        guard !appends.isEmpty else { return }
        handle(.committed([takeNextCommit()]))
    }

    /// Puts all appends on the imagined disk in one transaction and reports them together.
    mutating func commitTogether() {
        var commits: [Commit] = []
        while !appends.isEmpty { commits.append(takeNextCommit()) }
        handle(.committed(commits))
    }

    private mutating func takeNextCommit() -> Commit {
        let (id, entries) = appends.removeFirst()
        let outcomes = entries.map { entry -> AppendOutcome in
            let index = LedgerIndex(UInt64(records.count))
            if case .refused(let record, let id, let digest) = entry {
                if let earlier = earlierOutcome(of: id, digest), case .repeated = earlier {
                    return earlier
                }
                guard let record else { return .unrecorded }
                if let code = RefusalCode.numbered(record.code), !code.retryable {
                    let refusal = Refusal(code, field: record.field, rule: record.rule)
                    refusedBefore[id] = (digest, .refusedBefore(index, refusal))
                }
            }
            if case .accepted(let message) = entry {
                if let (digest, refusal) = refusedBefore[message.messageID],
                    digest == message.envelopeDigest
                {
                    return refusal
                }
                if let earlier = earlierOutcome(of: message.messageID, message.envelopeDigest) {
                    return earlier
                }
                places[message.messageID] = (index, message.envelopeDigest)
                messages[index] = StoredMessage(
                    index: index,
                    header: message.header,
                    body: message.body,
                    carriage: message.carriage,
                    eligible: index,
                    audience: index,
                    registry: message.registry,
                    policy: message.policy,
                    acceptedAt: now
                )
                recipients[index] = (message.eligible, message.audience)
            }
            records.append(entry)
            return .appended(index)
        }
        return Commit(id: id, outcomes: outcomes, ledgerSize: UInt64(records.count))
    }

    private func earlierOutcome(of id: MessageID, _ digest: Digest) -> AppendOutcome? {
        guard let (earlier, known) = places[id] else { return nil }
        guard digest == known, let stored = messages[earlier], let sets = recipients[earlier]
        else { return .conflicting(earlier) }
        return .repeated(
            earlier,
            acceptedAt: stored.acceptedAt,
            eligible: sets.eligible,
            audience: sets.audience
        )
    }

    /// Answers the oldest reading of mail.
    mutating func readNext() {
        guard !reads.isEmpty else { return }
        let (request, indices) = reads.removeFirst()
        handle(.messagesRead(request, indices.compactMap { messages[$0] }))
    }

    /// Answers the oldest reading of a proof; the path is left out, since nobody here checks it.
    mutating func proveNext() {
        guard !proofs.isEmpty else { return }
        let request = proofs.removeFirst()
        guard let (index, _) = places[request.messageID], let message = messages[index],
            let header = try? WireHeader(serializedBytes: message.header),
            let sender = NodeID(header.sender)
        else { return handle(.proofRead(request, nil)) }
        var entry = WireLedgerEntry()
        entry.index = index.value
        entry.record = message.header
        let material = ProofMaterial(
            entry: entry,
            sender: sender,
            message: message,
            size: UInt64(records.count),
            path: [],
            checkpoint: Data()
        )
        handle(.proofRead(request, material))
    }

    /// Answers the oldest reading of a page with entries of nothing.
    mutating func readPageNext() {
        guard !pages.isEmpty else { return }
        handle(.pageRead(pages.removeFirst(), [WireLedgerEntry()], checkpoint: Data()))
    }

    /// Lets the ledger answer until it owes nothing.
    mutating func settle() {
        while !appends.isEmpty || !reads.isEmpty {
            while !appends.isEmpty { commitNext() }
            while !reads.isEmpty { readNext() }
        }
    }

    mutating func bring(_ release: Release) throws {
        handle(.released(release))
        settle()
    }

    // MARK: Packets of nodes

    mutating func receive(_ content: Content, from node: NodeID, on connection: UInt64) throws {
        var packet = WirePacket()
        packet.content = content
        handle(.packet(ConnectionID(connection), node, try packet.serializedData()))
    }

    mutating func hello(
        _ node: NodeID,
        on connection: UInt64,
        stored: UInt64 = 0,
        window: UInt64 = 1_000
    ) throws {
        var hello = WireHello()
        hello.versionMin = 1
        hello.versionMax = 1
        hello.storedThrough = stored
        hello.windowEnd = window
        try receive(.hello(hello), from: node, on: connection)
    }

    mutating func submit(_ envelopes: [Data], from node: NodeID, on connection: UInt64) throws {
        var submit = WireSubmit()
        submit.request = 1
        submit.envelopes = envelopes
        try receive(.submit(submit), from: node, on: connection)
    }

    /// Submits good practices from the police to these nodes, one for each number.
    mutating func submit(_ numbers: ClosedRange<UInt64>, to recipients: [NodeID]) throws {
        let envelopes = try numbers.map {
            try network.envelope(from: HubNetwork.police, to: recipients, number: $0)
        }
        try submit(envelopes, from: HubNetwork.police, on: 1)
    }

    mutating func acknowledge(
        _ node: NodeID,
        on connection: UInt64,
        through: UInt64,
        window: UInt64
    ) throws {
        var packet = WireAcknowledge()
        packet.through = through
        packet.windowEnd = window
        try receive(.acknowledge(packet), from: node, on: connection)
    }

    mutating func pass(milliseconds: Int64) {
        now = now.adding(milliseconds: milliseconds)
        handle(.tick)
    }

    // MARK: What left

    mutating func forgetSent() {
        sent = []
        receipts = []
        published = []
    }

    func deliveries(to connection: UInt64) -> [WireDelivery] {
        sent.flatMap { one -> [WireDelivery] in
            guard one.connection.value == connection, case .deliveries(let packet) = one.content
            else { return [] }
            return packet.deliveries
        }
    }

    func numbers(to connection: UInt64) -> [UInt64] {
        deliveries(to: connection).map(\.number)
    }

    func refusals(to connection: UInt64) -> [WireRefusal] {
        sent.compactMap { one in
            guard one.connection.value == connection, case .refused(let refused) = one.content
            else { return nil }
            return refused.refusal
        }
    }

    func receipts(to connection: UInt64) -> [WireReceipt] {
        receipts.filter { $0.connection.value == connection }.flatMap(\.receipts.receipts)
    }

    func welcomed(on connection: UInt64) -> Bool {
        sent.contains { one in
            guard case .welcome = one.content else { return false }
            return one.connection.value == connection
        }
    }

    /// Recorded refusals by code.
    var recordedRefusals: [UInt32] {
        records.compactMap { record in
            switch record {
            case .event(.refused(let refused)), .refused(let refused?, _, _): refused.code
            default: nil
            }
        }
    }

    /// How far a node's mail was recorded as delivered, one number a record.
    func recordedDeliveries(to node: NodeID) -> [UInt64] {
        records.compactMap { record in
            guard case .event(.delivered(let one)) = record, one.node == node.text else {
                return nil
            }
            return one.through
        }
    }

    /// Recorded tombstones by node.
    var recordedTombstones: [WireWithheldMessage] {
        records.compactMap { record in
            guard case .event(.withheld(let withheld)) = record else { return nil }
            return withheld
        }
    }
}

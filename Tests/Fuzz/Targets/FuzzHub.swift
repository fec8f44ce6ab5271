// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub's state machine with a ledger in memory: just enough of a shell to let every packet come
// to its answer. The state before the packet is prepared once and copied for every input.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger

/// A hub that has members, mail and a sender's open connection.
struct FuzzHub {
    /// A hub to which police, office and auditor have said hello, and which keeps two messages.
    static let prepared = Result { try FuzzHub() }

    /// Connections by number: 1 police, 2 office, 3 auditor, 9 nobody yet.
    static let police = ConnectionID(1)
    static let stranger = ConnectionID(9)

    /// What went to the connection of the packet.
    private(set) var answers: [Data] = []
    /// Receipts among it.
    private(set) var receiptCount = 0
    /// Questions to the ledger that the hub keeps an answer for.
    private(set) var questionCount = 0
    private var machine: HubStateMachine
    private var connection = FuzzHub.police
    private var recordCount: UInt64 = 0
    private var messages: [LedgerIndex: StoredMessage] = [:]
    private var recipients: [LedgerIndex: (eligible: RecipientSet, audience: RecipientSet)] = [:]
    private var places: [MessageID: LedgerIndex] = [:]
    private var digests: [MessageID: Digest] = [:]
    private var appends: [(CommitID, [NewEntry])] = []
    private var reads: [(MailRequest, [LedgerIndex])] = []

    private init() throws {
        let network = try FuzzNetwork.shared.get()
        machine = HubStateMachine(recovered: RecoveredState(), release: network.release)
        handle(.released(network.release))
        for (place, node) in [network.police, network.office, network.auditor].enumerated() {
            var hello = WireHello()
            hello.versionMin = 1
            hello.versionMax = 1
            hello.windowEnd = 1
            try take(.hello(hello), from: node, on: ConnectionID(UInt64(place) + 1))
        }
        for number in 1...2 as ClosedRange<UInt64> {
            var submit = WireSubmit()
            submit.request = number
            submit.envelopes = [
                try network.envelope(FuzzNetwork.goodPractice, number: number)
            ]
            try take(.submit(submit), from: network.police, on: Self.police)
            try require(receiptCount == 1, "the prepared hub answers a submission")
        }
        try require(messages.count == 2, "the prepared hub accepts its messages")
    }

    /// Hands over a packet, lets the ledger answer, and forgets what was answered before.
    mutating func take(_ packet: Data, from node: NodeID, on connection: ConnectionID) {
        self.connection = connection
        (answers, receiptCount, questionCount) = ([], 0, 0)
        handle(.packet(connection, node, packet))
        handle(.tick)
    }

    private mutating func take(
        _ content: WirePacket.OneOf_Content,
        from node: NodeID,
        on connection: ConnectionID
    ) throws {
        var packet = WirePacket()
        packet.content = content
        take(try packet.serializedData(), from: node, on: connection)
    }

    private mutating func handle(_ event: HubStateMachine.Event) {
        note(machine.handle(event, now: FuzzNetwork.now))
        while !appends.isEmpty || !reads.isEmpty {
            if appends.isEmpty {
                let (request, indices) = reads.removeFirst()
                let found = indices.compactMap { messages[$0] }
                note(machine.handle(.messagesRead(request, found), now: FuzzNetwork.now))
            } else {
                commit()
            }
        }
    }

    private mutating func note(_ effects: [HubStateMachine.Effect]) {
        for effect in effects {
            switch effect {
            case .send(connection, let packet): answers.append(packet)
            case .deliver(connection, let batch): answers.append(batch.packet)
            case .sendReceipts(connection, let bytes):
                answers.append(bytes)
                receiptCount += (try? WireReceipts(serializedBytes: bytes))?.receipts.count ?? 0
            case .append(let commit, let entries): appends.append((commit, entries))
            case .readMessages(let request, let indices): reads.append((request, indices))
            case .readPage, .readProof, .readConsistency: questionCount += 1
            case .send, .deliver, .sendReceipts, .publish, .signCheckpoint, .cut, .resumeAppends:
                break
            }
        }
    }

    private mutating func commit() {
        let (id, entries) = appends.removeFirst()
        let outcomes = entries.map { entry -> AppendOutcome in
            switch entry {
            case .accepted(let message): return append(message)
            case .refused(let record, let id, let digest):
                if let place = places[id], digests[id] == digest {
                    return earlierOutcome(at: place)
                }
                guard record != nil else { return .unrecorded }
            case .event, .release: break
            }
            recordCount += 1
            return .appended(LedgerIndex(recordCount - 1))
        }
        let commit = Commit(id: id, outcomes: outcomes, ledgerSize: recordCount)
        note(machine.handle(.committed([commit]), now: FuzzNetwork.now))
    }

    private func earlierOutcome(at place: LedgerIndex) -> AppendOutcome {
        guard let earlier = messages[place], let sets = recipients[place] else {
            return .conflicting(place)
        }
        return .repeated(
            place,
            acceptedAt: earlier.acceptedAt,
            eligible: sets.eligible,
            audience: sets.audience
        )
    }

    private mutating func append(_ message: AcceptedEntry) -> AppendOutcome {
        if let place = places[message.messageID] {
            return digests[message.messageID] == message.envelopeDigest
                ? earlierOutcome(at: place) : .conflicting(place)
        }
        let index = LedgerIndex(recordCount)
        recordCount += 1
        places[message.messageID] = index
        digests[message.messageID] = message.envelopeDigest
        messages[index] = StoredMessage(
            index: index,
            header: message.header,
            body: message.body,
            carriage: message.carriage,
            eligible: index,
            audience: index,
            registry: message.registry,
            policy: message.policy,
            acceptedAt: FuzzNetwork.now
        )
        recipients[index] = (message.eligible, message.audience)
        return .appended(index)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A ledger filled with a life's work without any of it having travelled: messages to many different
// audiences, with what a start folds from them, and confirmations in between.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger
import ZeroMQ

/// Fills the new ledger of a hub while the hub does not run.
struct BenchLedgerFill {
    let folder: HubFolder
    /// The node that has sent every message.
    let sender: NodeID
    /// The nodes among whom the messages went.
    let receivers: [NodeID]
    let cleanup: BenchCleanup

    /// Different recipient sets among the messages.
    private static let audiences = 64
    /// So many receivers are needed to make them different.
    static let fewestReceivers = 7
    /// One entry in so many is a confirmation.
    private static let confirmationEvery = 8

    /// Lets the hub begin its ledger, then appends so many entries to it; gives the number of messages.
    func fill(_ entries: Int) throws -> Int {
        let first = BenchHub(folder: folder.location, cleanup: cleanup)
        _ = try first.start()
        first.stop()
        let (ledger, recovered) = try Ledger.open(
            LedgerConfiguration(path: folder.ledgerFile.path),
            signer: try folder.ledgerSigner(),
            now: .now(),
            progress: nil
        )
        // What is appended here never travelled; it must not stand beside what did.
        guard recovered.mailboxes.nodes.isEmpty, let registry = recovered.registry,
            let policy = recovered.policy
        else {
            throw CommandFailure(
                .failed,
                "ledger-not-new",
                "Ta księga ma już wiadomości; wypełnia się tylko nową.",
                "This ledger has messages already; only a new one is filled."
            )
        }
        let bar = ProgressBar(say("wpisy", "entries"))
        var writer = try EntryWriter(self, registry: registry.index, policy: policy.index)
        var generator = SystemRandomNumberGenerator()
        var done = 0
        while done < entries {
            let batch = try (done..<min(done + 4_000, entries)).map { number in
                number % Self.confirmationEvery == Self.confirmationEvery - 1
                    ? writer.confirmation()
                    : try writer.message(number % Self.audiences, using: &generator)
            }
            _ = try ledger.append(batch, at: .now())
            done += batch.count
            bar.show(done, of: entries)
        }
        _ = try ledger.checkpoint(now: .now())
        return writer.messages
    }

    /// Makes entries as the hub would, without the messages ever having travelled.
    private struct EntryWriter {
        private let sender: NodeID
        private let header: WireHeader
        private let body: Data
        private let bodyDigest: Digest
        private let wrapsRoot: Digest
        private let carriage: Data
        private let sets: [RecipientSet]
        private let registry: LedgerIndex
        private let policy: LedgerIndex
        private static let confirmingPlace = 0
        private let confirming: NodeID
        /// Messages so far.
        private(set) var messages = 0
        /// Messages to the confirming node so far.
        private var received: UInt64 = 0

        init(_ fill: BenchLedgerFill, registry: LedgerIndex, policy: LedgerIndex) throws {
            // Nobody reads what is signed here: a key of its own will do.
            let envelope = try BenchNetwork.envelopes(
                from: BenchNetwork.Member(
                    id: fill.sender,
                    exchange: .generate(),
                    signing: SigningKey()
                ),
                to: .all,
                count: 1,
                bodyBytes: 256,
                batch: 1
            )[0]
            let parts = try EnvelopeParts(bytes: envelope, form: .submitted)
            sender = parts.sender
            header = try parts.header()
            body = parts.bodyBytes
            bodyDigest = parts.bodyDigest
            wrapsRoot = parts.wrapsRoot
            carriage = parts.carriage
            self.registry = registry
            self.policy = policy
            confirming = fill.receivers[Self.confirmingPlace]
            sets = (0..<BenchLedgerFill.audiences).map { number in
                var set = WireRecipientSet()
                set.recipients = fill.receivers.enumerated().filter { place, _ in
                    Self.isMember(place, of: number)
                }.map { _, node in
                    var recipient = WireRecipient()
                    recipient.node = node.text
                    recipient.rules = ["G1"]
                    return recipient
                }.sorted { $0.node < $1.node }
                return RecipientSet(set)
            }
        }

        /// Whether a receiver belongs to an audience: one to six of every seven do, each time others.
        private static func isMember(_ place: Int, of audience: Int) -> Bool {
            (audience + 1) >> (place % BenchLedgerFill.fewestReceivers) & 1 == 1
        }

        /// The confirming node has everything on its disk.
        func confirmation() -> NewEntry {
            var record = WireDeliveredThrough()
            record.node = confirming.text
            record.through = received
            return .event(.delivered(record))
        }

        mutating func message(
            _ audience: Int,
            using generator: inout SystemRandomNumberGenerator
        ) throws -> NewEntry {
            let id = MessageID(
                milliseconds: header.sentAt,
                random: (generator.next(), generator.next())
            )
            var header = header
            header.messageID = id.data
            messages += 1
            if Self.isMember(Self.confirmingPlace, of: audience) { received += 1 }
            let bytes = try header.serializedData() as Data
            return .accepted(
                AcceptedEntry(
                    messageID: id,
                    sender: sender,
                    envelopeDigest: EnvelopeParts.digest(headerBytes: bytes, bodyBytes: body),
                    header: bytes,
                    body: body,
                    carriage: carriage,
                    bodyDigest: bodyDigest,
                    wrapsRoot: wrapsRoot,
                    eligible: sets[audience],
                    audience: sets[audience],
                    registry: registry,
                    policy: policy,
                    feedTopics: []
                )
            )
        }
    }
}

extension BenchLedgerFill {
    /// Fills the ledger of a measured network.
    init(_ network: BenchNetwork, cleanup: BenchCleanup) {
        self.init(
            folder: HubFolder(network.folder),
            sender: network.senders[0].id,
            receivers: network.receivers.map(\.id),
            cleanup: cleanup
        )
    }
}

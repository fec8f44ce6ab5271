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
        var writer = try EntryWriter(
            self,
            registry: (
                registry.index,
                .recorded(note: try ledger.release(.registry, at: registry.index))
            ),
            policy: (policy.index, .recorded(note: try ledger.release(.policy, at: policy.index)))
        )
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
        private let eligible: RecipientSet
        private let sets: [RecipientSet]
        private let registry: LedgerIndex
        private let policy: LedgerIndex
        private static let confirmingPlace = 0
        private let confirming: NodeID
        /// Messages so far.
        private(set) var messages = 0
        /// Messages to the confirming node so far.
        private var received: UInt64 = 0

        init(
            _ fill: BenchLedgerFill,
            registry: (index: LedgerIndex, release: Registry),
            policy: (index: LedgerIndex, release: Policy)
        ) throws {
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
            var header = try parts.header()
            header.selector.regions = ["PL"]
            self.header = header
            body = parts.bodyBytes
            bodyDigest = parts.bodyDigest
            wrapsRoot = parts.wrapsRoot
            carriage = parts.carriage
            self.registry = registry.index
            self.policy = policy.index
            confirming = fill.receivers[Self.confirmingPlace]
            eligible = try Self.eligible(for: header, registry.release, policy.release)
            let recipients = try Self.recipients(fill.receivers, among: eligible)
            sets = (0..<BenchLedgerFill.audiences).map { number in
                var set = WireRecipientSet()
                set.recipients = recipients.enumerated()
                    .filter { place, _ in Self.isMember(place, of: number) }
                    .map(\.element).sorted { $0.node < $1.node }
                return RecipientSet(set)
            }
        }

        /// Whom the rules let have the messages: an audit asks it again.
        private static func eligible(
            for header: WireHeader,
            _ registry: Registry,
            _ policy: Policy
        ) throws -> RecipientSet {
            switch Eligibility.of(header: header, registry: registry, policy: policy, at: .now()) {
            case .eligible(let set): return RecipientSet(WireRecipientSet(set))
            case .refused(let refusal): throw BenchFailure.refused(refusal.code.name)
            }
        }

        private static func recipients(
            _ receivers: [NodeID],
            among eligible: RecipientSet
        ) throws -> [WireRecipient] {
            try receivers.map { node in
                let recipient = eligible.wire.recipients.first { $0.node == node.text }
                guard let recipient else { throw BenchFailure.refused("\(node)") }
                return recipient
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
                    eligible: eligible,
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

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A ledger filled with a life's work without any of it having travelled: messages to many different
// audiences, with what a start folds from them, and confirmations in between.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger

/// Fills the ledger of a network's hub while the hub does not run.
struct BenchLedgerFill {
    let network: BenchNetwork
    let cleanup: BenchCleanup

    /// Different recipient sets among the messages.
    private static let audiences = 64
    /// One entry in so many is a confirmation.
    private static let confirmationEvery = 8

    /// Lets the hub begin its ledger, then appends so many entries to it.
    func fill(_ entries: Int) throws {
        let first = BenchHub(folder: network.folder, cleanup: cleanup)
        _ = try first.start()
        first.stop()
        let folder = HubFolder(network.folder)
        let (ledger, _) = try Ledger.open(
            LedgerConfiguration(path: folder.ledgerFile.path),
            signer: try folder.ledgerSigner(),
            now: .now(),
            progress: nil
        )
        let bar = ProgressBar(say("wpisy", "entries"))
        var writer = try EntryWriter(network)
        var generator = SystemRandomNumberGenerator()
        var done = 0
        while done < entries {
            let batch = try (done..<min(done + 4_000, entries)).map { number in
                number % Self.confirmationEvery == 0
                    ? writer.confirmation()
                    : try writer.message(number % Self.audiences, using: &generator)
            }
            _ = try ledger.append(batch, at: .now())
            done += batch.count
            bar.show(done, of: entries)
        }
        _ = try ledger.checkpoint(now: .now())
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
        private static let confirmingPlace = BenchLedgerFill.audiences / 2
        private let confirming: NodeID
        /// Messages to the confirming node so far.
        private var received: UInt64 = 0

        init(_ network: BenchNetwork) throws {
            let envelope = try BenchNetwork.envelopes(
                from: network.senders[0],
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
            confirming = network.receivers[Self.confirmingPlace].id
            sets = (0..<BenchLedgerFill.audiences).map { number in
                var set = WireRecipientSet()
                set.recipients = network.receivers[Self.members(of: number)].map { member in
                    var recipient = WireRecipient()
                    recipient.node = member.id.text
                    recipient.rules = ["G1"]
                    return recipient
                }
                return RecipientSet(set)
            }
        }

        /// Places of from 1 to 127 receivers, for each audience others.
        private static func members(of audience: Int) -> Range<Int> {
            audience..<(3 * audience + 1)
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
            if Self.members(of: audience).contains(Self.confirmingPlace) { received += 1 }
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
                    registry: LedgerIndex(0),
                    policy: LedgerIndex(1),
                    feedTopics: []
                )
            )
        }
    }
}

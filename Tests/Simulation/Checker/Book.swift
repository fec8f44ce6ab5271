// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger as the checker understands it: every entry that was on disk, decoded on its own, with
// its own tree, mailboxes and lists. It shares the record format with the ledger and nothing else.

import Crypto
import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger

/// An acceptance on record.
struct BookMessage {
    let index: LedgerIndex
    let id: MessageID
    let sender: Int
    let digest: WiciCore.Digest
    let eligible: WireRecipientSet
    let audience: WireRecipientSet
    let pair: ReleasePair
}

/// A refusal of a message on record.
struct BookRefusal: Hashable {
    let message: Data
    let digest: Data
    let code: UInt32
}

/// A number in a node's mailbox.
struct MailPlace: Hashable {
    let node: Int
    let number: UInt64
}

/// Everything on record.
struct Book {
    private(set) var leaves: [Data] = []
    private(set) var messages: [BookMessage] = []
    private(set) var placeOfMessage: [MessageID: Int] = [:]
    private(set) var messageAt: [UInt64: Int] = [:]
    /// Each node's mail: places of acceptances in order; the number is the position from 1.
    private(set) var mail: [[UInt64]]
    private(set) var refusals: Set<BookRefusal> = []
    /// Refused packets: node and code.
    private(set) var refusedPackets: Set<[Int]> = []
    private(set) var withheld: [MailPlace: UInt64] = [:]
    private(set) var delivered: [Int: UInt64] = [:]
    /// Each node's subscriptions, from the first on record to those in force.
    private(set) var subscriptionRecords: [Int: [[WireSubscription]]] = [:]
    var subscriptions: [Int: [WireSubscription]] { subscriptionRecords.compactMapValues(\.last) }
    private(set) var audits: [(node: Int, from: UInt64, through: UInt64)] = []
    /// The root at every size at which a transaction ended.
    private(set) var roots: [UInt64: WiciCore.Digest] = [:]
    /// Places of the last registry and policy entries.
    private(set) var releasePlaces = (registry: LedgerIndex(0), policy: LedgerIndex(0))
    private var sets: [UInt64: WireRecipientSet] = [:]
    private var registryAt: [UInt64: Int] = [:]
    /// Digests of messages that are not to be accepted any more.
    private var refusedForGood: Set<Data> = []
    private var policyAt: [UInt64: Int] = [:]
    private var frontier = TreeFrontier()
    private let country: Country

    var size: UInt64 { UInt64(leaves.count) }

    init(_ country: Country) {
        self.country = country
        mail = Array(repeating: [], count: country.members.count)
    }

    /// The last registry and policy on record; nil before both are.
    var release: ReleasePair? {
        guard let registry = registryAt[releasePlaces.registry.value],
            let policy = policyAt[releasePlaces.policy.value]
        else { return nil }
        return ReleasePair(registry: registry, policy: policy)
    }

    /// The head of a node's mailbox in a ledger of this size.
    func head(of node: Int, size: UInt64) -> UInt64 {
        UInt64(mail[node].count { $0 < size })
    }

    /// Takes what one transaction appended.
    mutating func append(_ rows: [LedgerEntryRow]) -> Violation? {
        for row in rows {
            if let violation = append(row) { return violation }
        }
        roots[size] = frontier.root
        return nil
    }

    private mutating func append(_ row: LedgerEntryRow) -> Violation? {
        guard row.index.value == size, let salt = row.salt, let bytes = row.record,
            LedgerLeaf.bytes(salt: salt, record: bytes) == row.leaf,
            let record = try? WireRecord(serializedBytes: bytes), let event = record.event
        else { return Violation(promise: .lost, detail: "entry \(row.index) is not in order") }
        let index = size
        leaves.append(row.leaf)
        frontier.append(TreeHash.leaf(row.leaf))
        switch event {
        case .accepted(let accepted): return accept(accepted, at: index)
        case .recipientSet(let set): sets[index] = set
        case .refused(let refused): note(refused)
        case .delivered(let record):
            if let node = place(record.node) { delivered[node] = record.through }
        case .withheld(let record):
            guard let node = place(record.node), record.number >= 1,
                mail[node].count >= record.number,
                mail[node][Int(record.number) - 1] == record.message
            else { return Violation(promise: .tombstoneWrong, detail: "entry \(index)") }
            withheld[MailPlace(node: node, number: record.number)] = record.message
        case .registryRelease(let release):
            registryAt[index] = country.registries.firstIndex { $0.digest.data == release.digest }
            releasePlaces.registry = row.index
        case .policyRelease(let release):
            policyAt[index] = country.policies.firstIndex { $0.digest.data == release.digest }
            releasePlaces.policy = row.index
        case .subscriptions(let change):
            if let node = place(change.node) {
                subscriptionRecords[node, default: []].append(change.subscriptions)
            }
        case .auditRead(let read):
            if let node = place(read.node) { audits.append((node, read.from, read.through)) }
        case .operation: break
        }
        return nil
    }

    private func place(_ node: String) -> Int? { NodeID(node).flatMap { country.placeOfNode[$0] } }

    private mutating func note(_ refused: WireRefusedRequest) {
        if refused.messageID.isEmpty {
            refusedPackets.insert([place(refused.node) ?? -1, Int(refused.code)])
        } else {
            refusals.insert(
                BookRefusal(
                    message: refused.messageID,
                    digest: refused.envelopeDigest,
                    code: refused.code
                )
            )
            if RefusalCode.numbered(refused.code)?.retryable == false {
                refusedForGood.insert(refused.envelopeDigest)
            }
        }
    }

    private mutating func accept(_ accepted: WireAcceptedMessage, at index: UInt64) -> Violation? {
        guard let header = try? WireHeader(serializedBytes: accepted.header),
            let id = MessageID(bytes: header.messageID), let sender = place(header.sender),
            let body = Digest(bytes: accepted.bodyDigest),
            let wraps = Digest(bytes: accepted.wrapsRoot),
            let eligible = sets[accepted.eligible], let audience = sets[accepted.audience],
            let registry = registryAt[accepted.registry], let policy = policyAt[accepted.policy]
        else { return Violation(promise: .decisionDiffers, detail: "acceptance \(index)") }
        guard placeOfMessage[id] == nil else {
            return Violation(promise: .twice, detail: "message \(id) accepted again at \(index)")
        }
        let digest = EnvelopeDigest.envelope(
            header: EnvelopeDigest.header(accepted.header),
            body: body,
            wrapsRoot: wraps
        )
        guard !refusedForGood.contains(digest.data) else {
            return Violation(promise: .decidedTwice, detail: "message \(id) at \(index)")
        }
        placeOfMessage[id] = messages.count
        messageAt[index] = messages.count
        messages.append(
            BookMessage(
                index: LedgerIndex(index),
                id: id,
                sender: sender,
                digest: digest,
                eligible: eligible,
                audience: audience,
                pair: ReleasePair(registry: registry, policy: policy)
            )
        )
        for recipient in audience.recipients {
            if let node = place(recipient.node) { mail[node].append(index) }
        }
        return nil
    }
}

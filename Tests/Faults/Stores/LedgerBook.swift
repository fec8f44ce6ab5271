// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The real ledger under load, and an account of its own of what the ledger has acknowledged.

import Foundation
import NetworkRig
import SwiftProtobuf
import WiciCore
import WiciLedger

/// A ledger and what must be in it.
struct LedgerBook: FaultyStore {
    /// A message, and its place once that is known.
    struct Mail {
        let entry: AcceptedEntry
        var index = LedgerIndex(0)
        /// Whether its content was erased; nil while an erasure may have happened.
        var isErased: Bool? = false
    }

    /// What was under way when the ledger failed.
    enum Pending {
        case nothing
        case mail([AcceptedEntry])
        case delivery(NodeID, UInt64)
        case erasure([Int])
    }

    private let path: String
    private let signer: NoteSigner
    private(set) var ledger: Ledger?
    private(set) var mail: [Mail] = []
    private var size: UInt64 = 0
    private var delivered: [NodeID: UInt64] = [:]
    private var pending = Pending.nothing
    /// The last signed checkpoint that was handed out.
    private var checkpoint: Checkpoint?
    private var written: UInt64 = 0
    private let start = Moment(milliseconds: 1_790_000_000_000)

    static let nodes = ["ngo-a.main", "pip.main", "sg.main", "kwp.main", "oip.main"]
        .compactMap { NodeID($0) }
    private static let audiences = [[0], [0, 1], [1, 2, 3], [0, 1, 2, 3, 4]].map { places in
        RecipientSet(
            .with { set in
                set.recipients = places.map { place in
                    .with {
                        $0.node = nodes[place].text
                        $0.rules = ["G1"]
                    }
                }
            }
        )
    }

    init(path: String, signer: NoteSigner) {
        self.path = path
        self.signer = signer
    }

    var acknowledged: Int { mail.count }

    mutating func close() { ledger = nil }

    // MARK: Load

    mutating func act(_ generator: inout SeededGenerator) throws {
        guard let ledger else { throw Violation("the ledger is not open") }
        do {
            try step(ledger, &generator)
        } catch {
            // A ledger that goes on has left nothing of what it refused.
            if !(error is Violation), !ledger.isStopped { withdraw() }
            throw error
        }
    }

    private mutating func step(_ ledger: Ledger, _ generator: inout SeededGenerator) throws {
        guard !ledger.isStopped else {
            throw LedgerError(.ledgerStopped, at: LedgerError.Place(file: path))
        }
        switch Int.random(in: 0..<20, using: &generator) {
        case 0..<11: try append(to: ledger, &generator)
        case 11..<14: try deliver(in: ledger, &generator)
        case 14..<17: try sign(ledger)
        case 17: try ledger.readBack(atMost: 20)
        case 18: try ledger.reread(atMost: 50)
        default: try erase(from: ledger, &generator)
        }
    }

    private mutating func append(to ledger: Ledger, _ generator: inout SeededGenerator) throws {
        let entries = try (0..<Int.random(in: 1...8, using: &generator)).map { _ in
            try entry(&generator)
        }
        pending = .mail(entries)
        let outcomes = try ledger.append(entries.map { .accepted($0) }, at: start)
        for (entry, outcome) in zip(entries, outcomes) {
            guard case .appended(let index) = outcome else {
                throw Violation("\(entry.messageID) is said to be there already")
            }
            mail.append(Mail(entry: entry, index: index))
        }
        settle(ledger)
    }

    private mutating func deliver(
        in ledger: Ledger,
        _ generator: inout SeededGenerator
    ) throws {
        let node = Self.nodes[Int.random(in: 0..<Self.nodes.count, using: &generator)]
        let through = delivered[node, default: 0] + 1
        let head = mail.count { $0.entry.audience.nodes.contains(node) }
        guard through <= head else { return }
        pending = .delivery(node, through)
        let event = WireRecord.OneOf_Event.delivered(
            .with {
                $0.node = node.text
                $0.through = through
            }
        )
        _ = try ledger.append([.event(event)], at: start)
        delivered[node] = through
        settle(ledger)
    }

    private mutating func sign(_ ledger: Ledger) throws {
        let note = try ledger.checkpoint(now: start)
        checkpoint = try Checkpoint(note: note, ledgerKey: signer.verifierKey)
    }

    private mutating func erase(
        from ledger: Ledger,
        _ generator: inout SeededGenerator
    ) throws {
        guard !mail.isEmpty else { return }
        let chosen = (0..<3).map { _ in Int.random(in: mail.indices, using: &generator) }
        pending = .erasure(chosen)
        for place in chosen where mail[place].isErased == false { mail[place].isErased = nil }
        try ledger.eraseContent(at: chosen.map { mail[$0].index })
        for place in chosen { mail[place].isErased = true }
        pending = .nothing
    }

    private mutating func withdraw() {
        for place in mail.indices where mail[place].isErased == nil { mail[place].isErased = false }
        pending = .nothing
    }

    mutating func forgive() {
        if case .mail(let entries) = pending { mail += entries.map { Mail(entry: $0) } }
        pending = .nothing
    }

    /// Records a registry or policy.
    mutating func release(_ kind: ReleaseKind, _ note: Data) throws {
        guard let ledger else { throw Violation("the ledger is not open") }
        _ = try ledger.append([.release(kind, number: 1, note: note)], at: start)
        settle(ledger)
    }

    /// Signs a checkpoint.
    mutating func sign() throws {
        if let ledger { try sign(ledger) }
    }

    private mutating func settle(_ ledger: Ledger) {
        size = ledger.size
        pending = .nothing
    }

    private mutating func entry(_ generator: inout SeededGenerator) throws -> AcceptedEntry {
        written += 1
        let id = MessageID(
            milliseconds: start.milliseconds + Int64(written),
            random: (generator.next(), generator.next())
        )
        let header = WireHeader.with {
            $0.messageID = id.data
            $0.type = "warning"
            $0.schema = 1
            $0.sender = Self.nodes[0].text
        }
        let length = Int.random(in: 20...3_000, using: &generator)
        let body = generator.bytes(length)
        let headerBytes: Data = try header.serializedData()
        let audience = Self.audiences[Int.random(in: 0..<Self.audiences.count, using: &generator)]
        let bodyDigest = EnvelopeDigest.body(body)
        return AcceptedEntry(
            messageID: id,
            sender: Self.nodes[0],
            envelopeDigest: Digest.of(domain: "wici/v1/envelope", headerBytes, bodyDigest.data),
            header: headerBytes,
            body: body,
            carriage: Data([0x1A, 0x00]),
            bodyDigest: bodyDigest,
            wrapsRoot: TreeHash.empty,
            eligible: Self.audiences[3],
            audience: audience,
            registry: LedgerIndex(0),
            policy: LedgerIndex(1),
            feedTopics: []
        )
    }

    // MARK: Opening and checking

    mutating func open() throws {
        ledger = nil
        let (opened, recovered) = try Ledger.open(
            LedgerConfiguration(path: path),
            signer: signer,
            now: start
        )
        try resolve(opened, recovered)
        try check(opened, recovered)
        ledger = opened
    }

    /// Learns whether what was under way happened.
    private mutating func resolve(_ ledger: Ledger, _ recovered: RecoveredState) throws {
        var expected = size
        switch pending {
        case .nothing: break
        case .mail(let entries):
            let places = try entries.map { try ledger.findMessage($0.messageID) }
            guard places.allSatisfy({ $0 == nil }) || places.allSatisfy({ $0 != nil }) else {
                throw Violation("a part of a batch was kept")
            }
            for (entry, place) in zip(entries, places) {
                if let place { mail.append(Mail(entry: entry, index: place)) }
            }
            if places.first != .some(nil) { expected = ledger.size }
        case .delivery(let node, let through):
            if recovered.delivered[node]?.value == through {
                delivered[node] = through
                expected += 1
            }
        case .erasure(let places):
            for place in places where mail[place].isErased == nil {
                let message = try ledger.messages(at: [mail[place].index]).first
                mail[place].isErased = message?.body == nil
            }
        }
        guard ledger.size == expected else {
            throw Violation("\(ledger.size) entries where \(expected) were acknowledged")
        }
        pending = .nothing
        size = ledger.size
    }

    private func check(_ ledger: Ledger, _ recovered: RecoveredState) throws {
        for node in Self.nodes {
            let expected = mail.filter { $0.entry.audience.nodes.contains(node) }.map(\.index)
            let entries = recovered.mailboxes.entries(of: node, after: .none, limit: .max)
            guard entries.map(\.1) == expected,
                entries.map(\.0.value).elementsEqual((0..<expected.count).map { UInt64($0 + 1) })
            else { throw Violation("the mailbox of \(node) is not what was acknowledged") }
            guard recovered.delivered[node]?.value ?? 0 == delivered[node, default: 0] else {
                throw Violation("what \(node) has on its disk was forgotten")
            }
        }
        for (mail, stored) in zip(mail, try ledger.messages(at: mail.map(\.index))) {
            let audience = try ledger.recipientSet(at: stored.audience)
            guard stored.header == mail.entry.header, audience == mail.entry.audience,
                stored.body == (mail.isErased == true ? nil : mail.entry.body)
            else { throw Violation("\(mail.entry.messageID) is not what was acknowledged") }
        }
        try checkEntries(of: ledger, recovered)
    }

    /// Each message once, and the tree that was signed, before the fault and after it.
    private func checkEntries(of ledger: Ledger, _ recovered: RecoveredState) throws {
        var tree = TreeFrontier()
        var ids: Set<Data> = []
        let signed = try recovered.lastCheckpoint.map {
            try Checkpoint(note: $0, ledgerKey: signer.verifierKey)
        }
        for entry in try ledger.entries(from: LedgerIndex(0), limit: .max) {
            if let checkpoint, checkpoint.size == tree.size, checkpoint.root != tree.root {
                throw Violation("the ledger is not the one that was signed")
            }
            tree.append(TreeHash.leaf(entry.leaf))
            guard let bytes = entry.record, let salt = entry.salt,
                LedgerLeaf.bytes(salt: salt, record: bytes) == entry.leaf,
                let record = try? WireRecord(serializedBytes: bytes)
            else { throw Violation("entry \(entry.index) does not match its leaf") }
            guard case .accepted(let accepted) = record.event else { continue }
            let header = try WireHeader(serializedBytes: accepted.header)
            guard ids.insert(header.messageID).inserted else {
                throw Violation("a message is there twice")
            }
        }
        guard ids.count == mail.count else {
            throw Violation("\(ids.count) messages where \(mail.count) were acknowledged")
        }
        guard tree.size == ledger.size, tree.root == ledger.root,
            signed?.size ?? 0 == ledger.size, signed == nil || signed?.root == ledger.root,
            checkpoint?.size ?? 0 <= ledger.size
        else { throw Violation("the tree is not that of the last checkpoint") }
    }
}

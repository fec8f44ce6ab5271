// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A ledger in a temporary folder of its own, and messages to put into it.

import Foundation
import GRDB
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

/// A folder that is deleted when the test lets go of it.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "wici-ledger-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

/// A ledger file with its key; entries are the same in every run.
struct LedgerFixture {
    let folder: TemporaryFolder
    let path: String
    let signer: NoteSigner
    static let start = Moment(milliseconds: 1_790_000_000_000)

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("ledger.sqlite")
        let key = try #require(SigningKey(seed: Data(repeating: 7, count: 32)))
        signer = try NoteSigner(name: "ledger.example/test", key: key)
    }

    func open(
        _ file: String? = nil,
        largestFileBytes: UInt64? = nil
    ) throws(LedgerError) -> (ledger: Ledger, recovered: RecoveredState) {
        try Ledger.open(
            LedgerConfiguration(path: file ?? path, largestFileBytes: largestFileBytes),
            signer: signer,
            now: Self.start
        )
    }

    /// Opens and appends a registry and a policy release at 0 and 1.
    func openWithReleases() throws -> Ledger {
        let ledger = try open().ledger
        _ = try ledger.append(
            [
                .release(.registry, number: 1, note: Data("registry\n".utf8)),
                .release(.policy, number: 1, note: Data("policy\n".utf8)),
            ],
            at: Self.start
        )
        return ledger
    }

    /// Copies the ledger's files as they are, as a machine without power would leave them.
    func copyFiles(to name: String, suffixes: [String] = ["", "-wal"]) throws -> String {
        let copy = folder.path(name)
        for suffix in suffixes {
            guard FileManager.default.fileExists(atPath: path + suffix) else { continue }
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        return copy
    }

    /// Changes the file with another tool, as a careless or dishonest operator would.
    func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: sql)
            _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try queue.close()
    }
}

func node(_ text: String) throws -> NodeID { try #require(NodeID(text)) }

func recipients(_ nodes: [String], rule: String = "G1") -> RecipientSet {
    var set = WireRecipientSet()
    set.recipients = nodes.map { text in
        var recipient = WireRecipient()
        recipient.node = text
        recipient.rules = [rule]
        return recipient
    }
    return RecipientSet(set)
}

/// A message that is a pure function of its number.
func acceptedEntry(
    _ number: UInt64,
    sender: String = "kwp-lublin.main",
    type: String = "warning",
    to audience: RecipientSet,
    eligible: RecipientSet? = nil,
    references: [MessageID] = [],
    bodyBytes: Int = 64
) throws -> AcceptedEntry {
    let id = messageID(number)
    var header = WireHeader()
    header.messageID = id.data
    header.type = type
    header.schema = 1
    header.sender = sender
    header.references = references.map(\.data)
    let headerBytes: Data = try header.serializedData()
    let body = Data(repeating: UInt8(truncatingIfNeeded: number), count: bodyBytes)
    let bodyDigest = Digest.of(domain: "wici/v1/body", body)
    let headerDigest = Digest.of(domain: "wici/v1/header", headerBytes)
    return AcceptedEntry(
        messageID: id,
        sender: try node(sender),
        envelopeDigest: Digest.of(
            domain: "wici/v1/envelope",
            headerDigest.data,
            bodyDigest.data,
            TreeHash.empty.data
        ),
        header: headerBytes,
        body: body,
        carriage: Data([0x1A, 0x00]),
        bodyDigest: bodyDigest,
        wrapsRoot: TreeHash.empty,
        eligible: eligible ?? audience,
        audience: audience,
        registry: LedgerIndex(0),
        policy: LedgerIndex(1),
        feedTopics: []
    )
}

func messageID(_ number: UInt64) -> MessageID {
    MessageID(milliseconds: 1_790_000_000_000 + Int64(number), random: (number, ~number))
}

/// A small generator with a seed, so that a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

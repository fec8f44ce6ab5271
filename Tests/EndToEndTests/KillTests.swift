// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// kill -9, again and again, while mail flows: what was acknowledged is there afterwards, once, and in
// order.

import Foundation
import Glibc
import NetworkRig
import SwiftProtobuf
import Synchronization
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub
@testable import WiciNode

extension FaultTests {
    @Suite(.timeLimit(.minutes(10)))
    struct KillTests {
        /// What the senders have handed over: for each sender, the recipients of each number from 0 on.
        final class Sent: Sendable {
            struct Message: Sendable {
                let id: MessageID
                let recipients: Set<String>
            }

            let messages = Mutex<[String: [Message]]>([:])

            func add(_ id: MessageID, from sender: String, to recipients: [String]) {
                messages.withLock {
                    $0[sender, default: []].append(Message(id: id, recipients: Set(recipients)))
                }
            }

            var count: Int { messages.withLock { $0.values.reduce(0) { $0 + $1.count } } }

            /// The numbers from each sender that a recipient must have, in order.
            func expected(by recipient: String) -> [String: [Int]] {
                messages.withLock { messages in
                    messages.mapValues { sent in
                        sent.indices.filter { sent[$0].recipients.contains(recipient) }
                    }.filter { !$0.value.isEmpty }
                }
            }
        }

        // MARK: The hub

        static let institutions = [
            "oip-lublin", "kwp-lublin", "nosg-chelm", "po-lublin", "miasto-lublin", "mops-lublin",
            "fundacja-przyklad", "caritas-test",
        ]
        static let hubKills =
            ProcessInfo.processInfo.environment["WICI_TEST_HUB_KILLS"].flatMap { Int($0) } ?? 200

        @Test
        func `a hub killed two hundred times loses, doubles and reorders nothing it acknowledged`()
            async throws
        {
            var generator = SeededGenerator(seed: SeededGenerator.seed(for: "hub kills"))
            try await ProcessNetwork.run(institutions: Self.institutions) { processes in
                let network = processes.network
                try await processes.startHub()
                let sent = Sent()
                var receipts: [MessageID: LedgerIndex] = [:]
                try await network.withNodes(Self.institutions) { nodes in
                    let seeds = Self.institutions.map { ($0, generator.next()) }
                    let kills = try await withThrowingTaskGroup(of: Void.self) { group in
                        for (institution, seed) in seeds {
                            let node = try #require(nodes[institution])
                            group.addTask { try await Self.send(from: node, seed, sent) }
                        }
                        let kills = try await Self.killHub(processes, &generator)
                        group.cancelAll()
                        try await group.waitForAll()
                        return kills
                    }
                    #expect(kills.all == Self.hubKills)
                    #expect(kills.serving >= Self.hubKills / 3)
                    receipts = try await Self.settle(nodes)
                    print("\(kills), \(receipts.count) messages accepted")
                    #expect(receipts.count == sent.count)
                    #expect(receipts.count > Self.hubKills)
                    for (institution, node) in nodes {
                        try await Self.checkInbox(of: node, institution, sent)
                    }
                }
                try await processes.end(ProcessNetwork.hub, SIGTERM)
                try Self.checkLedger(of: network, receipts)
            }
        }

        struct Kills: CustomStringConvertible {
            var all = 0
            var serving = 0
            var description: String { "\(all) kills, \(serving) of them of a serving hub" }
        }

        /// Kills and restarts the hub at random moments; it runs at the end.
        private static func killHub(
            _ processes: ProcessNetwork,
            _ generator: inout SeededGenerator
        ) async throws -> Kills {
            var kills = Kills()
            while kills.all < hubKills {
                let time = Int.random(in: 100...1_000, using: &generator)
                try await Task.sleep(for: .milliseconds(time))
                guard processes.isRunning(ProcessNetwork.hub) else {
                    throw TestNetwork.Failure(processes.log(of: ProcessNetwork.hub))
                }
                if processes.isHubServing { kills.serving += 1 }
                try await processes.end(ProcessNetwork.hub, SIGKILL)
                kills.all += 1
                try processes.launchHub()
            }
            return kills
        }

        /// Writes to three others again and again until cancelled.
        private static func send(from node: Node, _ seed: UInt64, _ sent: Sent) async throws {
            var generator = SeededGenerator(seed: seed)
            let own = node.configuration.node.text.replacing(".main", with: "")
            let others = institutions.filter { $0 != own }
            var number = 0
            while !Task.isCancelled {
                let recipients = Array(others.shuffled(using: &generator).prefix(3))
                let draft = try MessageDraft(bytes: NumberedMail.draft(number, to: recipients))
                let id = try await node.send(draft: draft)
                sent.add(id, from: own, to: recipients)
                number += 1
                let pause = Int.random(in: 20...140, using: &generator)
                try? await Task.sleep(for: .milliseconds(pause))
            }
        }

        /// Waits until every message has its receipt; the ledger places that the receipts say.
        private static func settle(_ nodes: [String: Node]) async throws -> [MessageID: LedgerIndex]
        {
            var receipts: [MessageID: LedgerIndex] = [:]
            for node in nodes.values {
                try await eventually(
                    "everything from \(node.configuration.node) has a receipt",
                    within: .seconds(60)
                ) {
                    try node.store.openOutboxCount() == 0
                }
                var last: LedgerIndex?
                for row in try node.store.outbox(limit: .max).reversed() {
                    guard
                        case .accepted(let index, _, _, _, _) = SettledBatch.Outcome(
                            encoded: row.outcome
                        )
                    else { throw TestNetwork.Failure("\(row.messageID) is \(row.state)") }
                    #expect(receipts.updateValue(index, forKey: row.messageID) == nil)
                    if let last { #expect(last < index) }
                    last = index
                }
            }
            return receipts
        }

        /// Everything that was sent to a node is there once, in its sender's order, without gaps.
        private static func checkInbox(
            of node: Node,
            _ institution: String,
            _ sent: Sent
        ) async throws {
            let expected = sent.expected(by: institution)
            let count = expected.values.reduce(0) { $0 + $1.count }
            try await eventually("\(institution) has its mail", within: .seconds(60)) {
                try node.store.storedThrough().value >= UInt64(count)
            }
            var inbox: [InboxEntry] = []
            while inbox.count < count {
                let page = try await node.inbox(
                    after: inbox.last?.number ?? .none,
                    limit: 1_000,
                    unacknowledgedOnly: false
                )
                if page.isEmpty { break }
                inbox += page
            }
            try HandedMail.check(inbox, against: expected)
        }

        /// The ledger verifies and holds each message once, where its receipt says.
        private static func checkLedger(
            of network: NetworkFolders,
            _ receipts: [MessageID: LedgerIndex]
        ) throws {
            let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
            let report = try AuditVerifier.verify(reader, ledgerKey: network.ledgerKey)
            #expect(report.isSound, "\(report.faults)")
            #expect(report.messages == UInt64(receipts.count))
            var places: [MessageID: LedgerIndex] = [:]
            try reader.forEachEntry(below: report.entries) { entry throws(LedgerError) in
                guard let bytes = entry.record,
                    let record = try? WireRecord(serializedBytes: bytes),
                    case .accepted(let accepted) = record.event,
                    let header = try? WireHeader(serializedBytes: accepted.header),
                    let id = MessageID(bytes: header.messageID)
                else { return }
                places[id] = entry.index
            }
            let isAsReceipted = places == receipts
            #expect(isAsReceipted, "\(places.count) in the ledger, \(receipts.count) receipts")
            print("ledger of \(report.entries) entries is sound")
        }

        // MARK: Nodes

        static let senders = ["oip-lublin", "kwp-lublin"]
        static let receivers = ["nosg-chelm", "fundacja-przyklad"]
        static let nodeKills = 200

        @Test
        func
            `nodes killed two hundred times send what they took once and store what they got once`()
            async throws
        {
            var generator = SeededGenerator(seed: SeededGenerator.seed(for: "node kills"))
            let everybody = Self.senders + Self.receivers
            try await ProcessNetwork.run(institutions: everybody) { processes in
                try await processes.startHub()
                for institution in everybody { try await processes.startNode(institution) }
                let handed = try await withThrowingTaskGroup(of: (String, HandedMail).self) {
                    group in
                    for sender in Self.senders {
                        let client = try processes.client(of: sender)
                        group.addTask {
                            (
                                sender,
                                await HandedMail.handOver(
                                    to: client,
                                    addressing: Self.receivers,
                                    every: .milliseconds(90)
                                )
                            )
                        }
                    }
                    try await Self.killNodes(everybody, processes, &generator)
                    group.cancelAll()
                    return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                for mail in handed.values { #expect(mail.answered.count > Self.nodeKills) }
                let count = try await processes.settle(handed, at: Self.receivers)
                let unanswered = handed.values.reduce(0) { $0 + $1.unanswered.count }
                print("\(Self.nodeKills) kills, \(count) messages, \(unanswered) calls unanswered")
            }
        }

        /// Kills and restarts random nodes at random moments; all run at the end.
        private static func killNodes(
            _ institutions: [String],
            _ processes: ProcessNetwork,
            _ generator: inout SeededGenerator
        ) async throws {
            var serving = 0
            for kill in 0..<nodeKills {
                let time = Int.random(in: 50...600, using: &generator)
                try await Task.sleep(for: .milliseconds(time))
                let victim = institutions[kill % institutions.count]
                guard processes.isRunning(victim) else {
                    throw TestNetwork.Failure(processes.log(of: victim))
                }
                let status = try? await processes.client(of: victim).status()
                if status?.isReady == true { serving += 1 }
                try await processes.end(victim, SIGKILL)
                try processes.launchNode(victim)
            }
            print("\(nodeKills) kills, \(serving) of them of a node that was connected")
            #expect(serving >= nodeKills / 3)
        }

        @Test
        func
            `what a killed process leaves behind keeps nobody from starting but a living one does`()
            async throws
        {
            let institution = "oip-lublin"
            try await ProcessNetwork.run(institutions: [institution]) { processes in
                let network = processes.network
                let files = [
                    ProcessNetwork.hub: network.hubFolder.processFile,
                    institution: try network.member(institution).folder.location
                        .appending(path: "node.pid"),
                ]
                try await processes.startHub()
                try await processes.startNode(institution)
                for (name, file) in files {
                    let text = try String(contentsOf: file, encoding: .utf8)
                    #expect(text == "\(try processes.process(name))\n")
                    #expect(try await processes.secondOfItsKind(name) != 0)
                    #expect(try String(contentsOf: file, encoding: .utf8) == text)
                    try await processes.end(name, SIGKILL)
                    // The number has meanwhile gone to a process that has nothing to do with it.
                    try Data("\(getpid())\n".utf8).write(to: file)
                }
                try await processes.startHub()
                try await processes.startNode(institution)
            }
        }
    }
}

/// Tests with processes that fail: one at a time, because they measure time and keep both cores busy.
@Suite(.serialized)
struct FaultTests {}

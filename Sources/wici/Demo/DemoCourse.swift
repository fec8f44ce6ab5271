// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What happens in a demonstration: everybody subscribes, every sample is sent, every recipient
// receives and acknowledges, and what arrived is compared with what the receipts promised.

import Foundation
import WiciCore
import WiciNode

/// The course of a demonstration.
struct DemoCourse {
    /// What is known of one member.
    struct Tally: Codable, Sendable {
        let institution: String
        let node: String
        var sent = 0
        var received = 0
        var expected = 0
        var toAcknowledge = 0
        var acknowledged = 0
    }

    private let network: DemoNetwork
    private let clients: [NodeID: NodeClient]
    private var expected: [NodeID: Set<MessageID>] = [:]
    private var sampleIDs: [Int: MessageID] = [:]
    private var lastEntry: UInt64 = 0
    private var tallies: [NodeID: Tally] = [:]
    /// What went wrong, for people.
    private(set) var faults: [String] = []
    /// Messages accepted.
    private(set) var accepted = 0

    /// Takes a network whose nodes run.
    init(_ network: DemoNetwork) throws {
        self.network = network
        var clients: [NodeID: NodeClient] = [:]
        for member in network.members {
            clients[member.node] = try NodeClient(of: member.folder)
            tallies[member.node] = Tally(
                institution: member.institution.id.text,
                node: member.node.text
            )
        }
        self.clients = clients
    }

    /// The tallies in the order of the registry.
    var table: [Tally] { network.members.compactMap { tallies[$0.node] } }

    /// The highest ledger index that a receipt named.
    var lastIndex: LedgerIndex { LedgerIndex(lastEntry) }

    /// Adds what went wrong elsewhere.
    mutating func fault(_ text: String) { faults.append(text) }

    // MARK: Subscribing

    /// Waits until every node is connected and holds registry and policy.
    func awaitReadiness(_ processes: DemoProcesses) async throws {
        let bar = ProgressBar(say("węzły gotowe", "nodes ready"))
        var ready = 0
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(90)
        for member in network.members {
            while true {
                if let client = clients[member.node], let status = try? await client.status(),
                    status.isReady
                {
                    break
                }
                if let ended = processes.ended.first {
                    throw CommandFailure(
                        .failed,
                        "process-ended",
                        "\(ended): proces zakończył się; zob. dziennik.",
                        "\(ended): the process ended; see its log."
                    )
                }
                guard clock.now < deadline else {
                    throw CommandFailure(
                        .timeout,
                        "node-not-ready",
                        "\(member.node): węzeł nie połączył się.",
                        "\(member.node): the node did not connect."
                    )
                }
                try await clock.sleep(for: .milliseconds(50))
            }
            ready += 1
            bar.show(ready, of: network.members.count)
        }
    }

    /// Subscribes each node to what concerns it, as far as the policy may ever grant it.
    mutating func subscribe() async {
        for member in network.members {
            let wanted = Self.subscription(of: member.institution, policy: network.policy)
            do {
                try await clients[member.node]?.subscribe(wanted.map { [$0] } ?? [])
            } catch {
                note(error, member.node.text)
            }
        }
    }

    /// Regional members want their regions, national ones the country; aid and inspection want only
    /// the types they work with.
    private static func subscription(
        of institution: Institution,
        policy: Policy
    ) -> SubscriptionModel? {
        let narrow: [String]
        switch institution.kind.text {
        case "IK-NGO", "IK-OPS":
            narrow = [
                "warning", "good-practice", "prevention", "support-request", "support-offer",
                "training-notice", "meeting-notice", "joint-initiative", "follow-up", "correction",
            ]
        case "IK-PIP":
            narrow = [
                "case-alert", "warning", "joint-action", "joint-initiative", "good-practice",
                "info-request", "training-notice", "meeting-notice", "correction",
            ]
        default: narrow = []
        }
        let receivability = Receivability(under: policy, on: .today())
        let types = (narrow.isEmpty ? MessageSchema.all.map(\.type) : narrow).filter { type in
            receivability.refusal(of: Subscription(types: [type]), for: institution) == nil
        }
        guard !types.isEmpty else { return nil }
        return SubscriptionModel(
            types: types,
            regions: institution.regions.filter { $0 != .country }.map(\.text)
        )
    }

    // MARK: Sending

    /// Sends a sample from its institution's node and notes the audience of the receipt.
    mutating func send(_ sample: DemoSample) async {
        guard
            let member = network.members.first(where: { $0.institution.id == sample.from }),
            let client = clients[member.node]
        else {
            faults.append(
                say(
                    "\(sample.name): nadawca nie ma węzła.",
                    "\(sample.name): the sender has no node."
                )
            )
            return
        }
        do {
            let draft = try sample.draft(answering: sampleIDs)
            let entry = try await client.send(draft: draft, wait: 30)
            sampleIDs[sample.number] = entry.id
            take(entry, from: member.node, as: sample.name)
        } catch {
            note(error, sample.name)
        }
    }

    private mutating func take(_ entry: OutboxEntry, from sender: NodeID, as name: String) {
        guard entry.state == .accepted, let receipt = entry.receipt else {
            let reason = entry.refusal.map { say($0.help.pl, $0.help.en) } ?? entry.state.rawValue
            faults.append("\(name): \(reason)")
            return
        }
        accepted += 1
        lastEntry = max(lastEntry, receipt.index.value)
        tallies[sender]?.sent += 1
        for recipient in receipt.audience {
            guard let node = NodeID(recipient.node) else { continue }
            expected[node, default: []].insert(entry.id)
            tallies[node]?.expected += 1
        }
    }

    private mutating func note(_ error: any Error, _ name: String) {
        let lines = CommandFailure(error)?.lines ?? ["\(error)"]
        faults.append("\(name): \(lines.joined(separator: " "))")
    }

    // MARK: Receiving

    /// Reads every inbox until all that the receipts promised is there, then shows each state.
    mutating func awaitDeliveries(_ show: ([Tally]) -> Void) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(60)
        while true {
            var isComplete = true
            for member in network.members {
                guard let client = clients[member.node] else { continue }
                let entries = try await Self.wholeInbox(client)
                let wanted = expected[member.node] ?? []
                tallies[member.node]?.received = entries.count
                tallies[member.node]?.toAcknowledge =
                    entries.count { Self.asksForAcknowledgement($0) }
                tallies[member.node]?.acknowledged = entries.count { $0.acknowledgedAt != nil }
                if !wanted.isSubset(of: Set(entries.compactMap(\.id))) { isComplete = false }
            }
            show(table)
            if isComplete || clock.now >= deadline { return }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    /// Compares every inbox with the receipts: nothing missing, nothing more, nothing twice, numbers
    /// without gaps and in the order of the ledger.
    mutating func compare() async throws {
        for member in network.members {
            guard let client = clients[member.node] else { continue }
            let entries = try await Self.wholeInbox(client)
            let ids = entries.compactMap(\.id)
            let wanted = expected[member.node] ?? []
            let missing = wanted.subtracting(ids)
            let surplus = Set(ids).subtracting(wanted)
            let name = member.node.text
            if !missing.isEmpty {
                faults.append(
                    say(
                        "\(name): brakuje wiadomości: \(missing.count).",
                        "\(name): \(missing.count) messages are missing."
                    )
                )
            }
            if !surplus.isEmpty {
                faults.append(
                    say(
                        "\(name): wiadomości spoza grona odbiorców: \(surplus.count).",
                        "\(name): \(surplus.count) messages that it is no audience of."
                    )
                )
            }
            if Set(ids).count != ids.count {
                faults.append(say("\(name): coś doręczono dwa razy.", "\(name): something twice."))
            }
            let isInOrder =
                entries.enumerated().allSatisfy { $1.number.value == UInt64($0) + 1 }
                && zip(entries, entries.dropFirst()).allSatisfy { $0.index < $1.index }
            if !isInOrder {
                faults.append(
                    say(
                        "\(name): luka lub zła kolejność w skrzynce.",
                        "\(name): a gap or a wrong order in the mailbox."
                    )
                )
            }
            for entry in entries where entry.suspect != nil || entry.tombstone != nil {
                let reason = entry.suspect.map { say($0.help.pl, $0.help.en) } ?? entry.tombstone
                faults.append("\(name) #\(entry.number): \(reason ?? "")")
            }
        }
    }

    /// Has every recipient acknowledge what asks for it.
    mutating func acknowledge(_ show: ([Tally]) -> Void) async throws {
        for member in network.members {
            guard let client = clients[member.node] else { continue }
            for entry in try await Self.wholeInbox(client)
            where Self.asksForAcknowledgement(entry) && entry.acknowledgedAt == nil {
                guard let id = entry.id else { continue }
                do {
                    let answer = try await client.acknowledge(
                        id,
                        note: "PRZYKŁAD: Przyjęto.",
                        wait: 30
                    )
                    take(answer, from: member.node, as: "\(member.node) #\(entry.number)")
                    tallies[member.node]?.acknowledged += 1
                    show(table)
                } catch {
                    note(error, "\(member.node) #\(entry.number)")
                }
            }
        }
    }

    private static func asksForAcknowledgement(_ entry: InboxEntry) -> Bool {
        entry.labels?.acknowledgeBy != nil && entry.suspect == nil
    }

    private static func wholeInbox(_ client: NodeClient) async throws -> [InboxEntry] {
        var entries: [InboxEntry] = []
        while true {
            let page = try await client.inbox(
                after: entries.last?.number ?? .none,
                limit: 1_000
            )
            entries += page
            if page.count < 1_000 { return entries }
        }
    }
}

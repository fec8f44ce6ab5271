// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The whole network of Deploy/network: every institution a node, every sample sent, and each inbox
// compared with an evaluation of policy, registry and subscriptions that shares no code with ours.

import Foundation
import NetworkRig
import Testing
import WiciCore

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct AudienceTests {
    /// A job of Tests/Interop/client/naive_audience.py.
    private struct NaiveJob: Encodable {
        struct Selector: Encodable {
            let regions, kinds, teams, institutions, roles: [String]
        }

        struct Header: Encodable {
            let id, sender, type, tlp, data_level, data_subject, purpose, regime, status: String
            let urgency: String
            let sealed: Bool
            let topics: [String]
            let selector: Selector

            init(_ labels: MessageLabels) {
                id = labels.id.description
                sender = labels.sender
                type = labels.type
                tlp = labels.marking
                data_level = labels.dataLevel
                data_subject = labels.dataSubject
                purpose = labels.purpose
                regime = labels.regime
                status = labels.status
                urgency = labels.urgency
                sealed = labels.sealed
                topics = labels.topics
                selector = Selector(
                    regions: labels.to.regions,
                    kinds: labels.to.kinds,
                    teams: labels.to.teams,
                    institutions: labels.to.institutions,
                    roles: labels.to.roles
                )
            }
        }

        struct Subscription: Encodable {
            let types, regions: [String]
        }

        let registry, policy, date: String
        let subscriptions: [String: [Subscription]]
        let headers: [Header]
    }

    private struct NaiveVerdict: Decodable {
        struct How: Decodable, Equatable {
            let rules: [String]
            let named: Bool
        }

        let id: String
        let refusal: String?
        let eligible: [String: How]
        let audience: [String]
    }

    /// What the demonstration has an institution subscribe to: its regions, and the types that it
    /// works with and may ever receive.
    private static func subscription(
        of institution: Institution,
        policy: Policy
    ) -> SubscriptionModel? {
        let aid = [
            "warning", "good-practice", "prevention", "support-request", "support-offer",
            "training-notice", "meeting-notice", "joint-initiative", "follow-up", "correction",
        ]
        let inspection = [
            "case-alert", "warning", "joint-action", "joint-initiative", "good-practice",
            "info-request", "training-notice", "meeting-notice", "correction",
        ]
        let wanted =
            switch institution.kind.text {
            case "IK-NGO", "IK-OPS": aid
            case "IK-PIP": inspection
            default: MessageSchema.all.map(\.type)
            }
        let today = WarsawTime.date(at: Node.systemTime())
        let receivability = Receivability(under: policy, on: today)
        let types = wanted.filter {
            receivability.refusal(of: Subscription(types: [$0]), for: institution) == nil
        }
        guard !types.isEmpty else { return nil }
        return SubscriptionModel(
            types: types,
            regions: institution.regions.filter { $0 != .country }.map(\.text)
        )
    }

    /// Names of the samples, in the order of their numbers.
    private static func sampleNames() throws -> [String] {
        let folder = repositoryRoot.appending(path: "Deploy/network/messages")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
    }

    /// Sends every sample in order; ids in the place of references to earlier ones.
    private func sendSamples(_ nodes: [String: Node]) async throws -> [OutboxEntry] {
        var ids: [Int: MessageID] = [:]
        var entries: [OutboxEntry] = []
        for name in try Self.sampleNames() {
            let number = try #require(Int(name.prefix(2)))
            var text = try DeliveryTests.sampleText(name)
            let draft = try MessageDraft(yaml: text)
            if let answers = draft.answers.flatMap(Int.init) {
                let id = try #require(ids[answers])
                text = text.replacing("references: []", with: "references: [\(id)]")
                    .replacing("00000000-0000-7000-8000-000000000000", with: "\(id)")
            }
            let node = try #require(draft.from.flatMap { nodes[$0] })
            let id = try await node.send(draft: MessageDraft(yaml: text))
            let entry = try await node.outcome(of: id, wait: .seconds(20))
            #expect(entry.state == .accepted, "\(name): \(String(describing: entry.refusal))")
            ids[number] = id
            entries.append(entry)
        }
        return entries
    }

    private func naive(
        _ entries: [OutboxEntry],
        _ subscriptions: [String: SubscriptionModel],
        _ network: TestNetwork
    ) async throws -> [NaiveVerdict] {
        let job = NaiveJob(
            registry: network.hubFolder.registryFile.path,
            policy: network.hubFolder.policyFile.path,
            date: WarsawTime.date(at: Node.systemTime()).description,
            subscriptions: subscriptions.mapValues {
                [NaiveJob.Subscription(types: $0.types, regions: $0.regions)]
            },
            headers: entries.map { NaiveJob.Header($0.labels) }
        )
        let file = network.folder.appending(path: "naive.json")
        try JSONEncoder().encode(job).write(to: file)
        let (status, output) = try await InteropProgram("client/naive_audience.py", [file.path])
            .finish()
        #expect(status == 0)
        return try JSONDecoder().decode([NaiveVerdict].self, from: output)
    }

    @Test
    func `every sample reaches exactly the audience that an independent evaluation gives`()
        async throws
    {
        let known = try TestNetwork.knownInstitutions().institutions
        let names = known.map(\.id.text)
        let network = try TestNetwork(institutions: names)
        try await network.startHub()
        let policyNote = try SignedNote(bytes: Data(contentsOf: network.hubFolder.policyFile))
        let policy = try Policy(text: policyNote.text)
        try await network.withNodes(names) { nodes in
            var subscriptions: [String: SubscriptionModel] = [:]
            for institution in known {
                let wanted = Self.subscription(of: institution, policy: policy)
                subscriptions["\(institution.id).main"] = wanted
                let node = try #require(nodes[institution.id.text])
                try await node.subscribe(wanted.map { [$0] } ?? [])
            }
            let entries = try await sendSamples(nodes)
            #expect(try entries.count == Self.sampleNames().count)
            #expect(Set(entries.map(\.labels.type)) == Set(MessageSchema.all.map(\.type)))

            let verdicts = try await naive(entries, subscriptions, network)
            #expect(verdicts.map(\.id) == entries.map(\.id.description))
            var expected: [String: [MessageID]] = [:]
            for (verdict, entry) in zip(verdicts, entries) {
                let receipt = try #require(entry.receipt)
                #expect(verdict.refusal == nil)
                let eligible = Dictionary(
                    uniqueKeysWithValues: receipt.eligible.map {
                        ($0.node, NaiveVerdict.How(rules: $0.rules, named: $0.named))
                    }
                )
                #expect(eligible == verdict.eligible, "\(entry.labels.type) \(entry.id)")
                #expect(
                    receipt.audience.map(\.node).sorted() == verdict.audience,
                    "\(entry.labels.type) \(entry.id)"
                )
                for node in verdict.audience { expected[node, default: []].append(entry.id) }
            }
            try await compareInboxes(nodes, with: expected)
            // What the nodes have confirmed to the hub is that much and no more.
            try await eventually("every confirmation is on record") {
                try network.deliveredThrough() == expected.mapValues { UInt64($0.count) }
            }
        }
        await network.stopHub()
        let withheld = try network.records().filter {
            if case .withheld? = $0.event { true } else { false }
        }
        #expect(withheld.isEmpty)
    }

    /// Each inbox holds what is expected of it, once, in order, and no number more.
    private func compareInboxes(
        _ nodes: [String: Node],
        with expected: [String: [MessageID]]
    ) async throws {
        #expect(expected.count > 10)
        for (institution, node) in nodes {
            let wanted = expected["\(institution).main"] ?? []
            try await eventually("\(institution) has its mail") {
                try await node.wholeInbox().count >= wanted.count
            }
            let inbox = try await node.wholeInbox()
            #expect(inbox.compactMap(\.id) == wanted, "\(institution)")
            #expect(inbox.map(\.number.value) == wanted.indices.map { UInt64($0) + 1 })
            #expect(inbox.allSatisfy { $0.suspect == nil && $0.tombstone == nil })
            #expect(await node.status().storedThrough.value == UInt64(wanted.count))
        }
    }

    @Test
    func `a network of foreign nodes alone gets every sample by the same rules`() async throws {
        let names = try TestNetwork.knownInstitutions().institutions.map(\.id.text)
        let network = try TestNetwork(institutions: [])
        let nodes = try await ForeignNode.make(for: names, in: network)
        try network.enrol(nodes)
        try await network.startHub()
        let job = try InteropJob.write(for: nodes, in: network)
        let (status, output) = try await InteropProgram("client/whole_network.py", [job]).finish()
        let result = try PlainValue(json: output)
        #expect(status == 0, "\(result["differences"]?.json() ?? "")")
        #expect(result["ok"]?.isTrue == true)
        #expect(try result["sent"] == .number("\(Self.sampleNames().count)"))
        #expect(result["types-not-sent"] == .array([]))
        #expect(result["delivered"]?.names.count == names.count)
        await network.stopHub()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Writing, acknowledging and answering while the hub is away: all of it is on the node's own disk.

import Foundation
import HTTPTypes
import SwiftProtobuf
import Synchronization
import Testing
import WiciCore
import ZeroMQ

@testable import WiciNode

final class NodeAnswerTests {
    let network: NetworkFixture
    let file: URL
    let node: Node
    let received: MessageID

    /// A voivodeship office's node with one received message and no connection.
    init() async throws {
        network = try NetworkFixture()
        file = FileManager.default.temporaryDirectory.appending(path: "wici-\(UUID()).sqlite")
        guard let keys = network.nodes["uw-lublin"] else { throw CocoaError(.featureUnsupported) }
        node = try Node(
            configuration: NodeConfiguration(
                node: NetworkFixture.node("uw-lublin"),
                hubEndpoint: "tcp://127.0.0.1:1",
                hubKey: network.hubKeys.publicKey,
                authority: network.contents.authority
            ),
            keys: keys,
            store: file,
            clock: { NetworkFixture.now }
        )
        let documents = try network.documents()
        node.state.withLock { $0.documents = documents }
        let envelope = try network.envelope(from: "kwp-lublin", NetworkFixture.sealedAlert)
        var verifier = BatchVerifier()
        let row = try network.check("uw-lublin").row(
            of: IncomingDelivery(
                number: MailboxNumber(1),
                index: LedgerIndex(3),
                content: .envelope(network.delivered(envelope, to: "uw-lublin"))
            ),
            verifier: &verifier,
            now: NetworkFixture.now
        )
        _ = try node.store.store([row])
        guard let id = row.messageID else { throw CocoaError(.featureUnsupported) }
        received = id
    }

    deinit {
        for suffix in ["", "-wal", "-shm", "-synced"] {
            try? FileManager.default.removeItem(atPath: file.path + suffix)
        }
    }

    @Test(arguments: ["", "Przyjęto."])
    func `an acknowledgement goes to the sender and is noted with it`(note: String) async throws {
        let id: MessageID
        do throws(NodeError) {
            id = try await node.acknowledge(received, note: note)
        } catch {
            Issue.record("\(error): \(error.report.faults)")
            return
        }
        let entry = try await node.outcome(of: id, wait: .zero)
        #expect(entry.state == .queued)
        #expect(entry.labels.to.institutions == ["kwp-lublin"])
        #expect(entry.labels.references == [received])
        #expect(entry.labels.thread == received)
        #expect(entry.labels.marking == "TLP:AMBER+STRICT")
        let inbox = try await node.inbox(after: .none, limit: 9, unacknowledgedOnly: false)
        #expect(inbox.map(\.acknowledgedAt) == [NetworkFixture.now])
        #expect(await node.status().pending == 1)
    }

    @Test func `a message is shown with its content and its title`() async throws {
        let view = try #require(try await node.message(received))
        #expect(view.inbox?.title == "Kwatera pracownicza")
        #expect(view.labels.institution == "kwp-lublin")
        #expect(view.body != nil)
    }

    @Test func `what needs the hub says that there is no connection`() async throws {
        do throws(NodeError) {
            _ = try await node.prove(received)
            Issue.record("proved")
        } catch {
            #expect(error.kind == .offline)
        }
    }

    @Test func `a subscription to a topic that is in no list is refused with its place`()
        async throws
    {
        do throws(NodeError) {
            try await node.subscribe([
                SubscriptionModel(topics: ["EX-LAB"]),
                SubscriptionModel(types: ["warning"], topics: ["EX-LAB", "XX"]),
            ])
            Issue.record("subscribed")
        } catch {
            #expect(error.report.name == "subscription-fault")
            #expect(error.report.field == "subscriptions[1].topics[1]")
            #expect(APIResponses.status(of: error).code == 422)
        }
    }

    @Test func `a reply's own faults are told without those that the message would mend`()
        async throws
    {
        let draft = try MessageDraft(yaml: "type: meeting-reply\nbody: {answer: RS-NOPE}\n")
        do throws(NodeError) {
            _ = try await node.reply(to: received, draft: draft)
            Issue.record("replied")
        } catch {
            #expect(error.report.faults.map(\.field) == ["body.answer"])
        }
    }

    @Test func `an unknown message cannot be acknowledged`() async throws {
        do throws(NodeError) {
            _ = try await node.acknowledge(
                MessageID(milliseconds: 1, random: (1, 1)),
                note: ""
            )
            Issue.record("acknowledged")
        } catch {
            #expect(error.kind == .notFound)
        }
        #expect(await node.status().pending == 0)
    }

    // MARK: Proofs

    /// The proof that a ledger of four entries would give of the record at place 3.
    private func proof(of record: WireRecord, at place: UInt64 = 3) throws -> ProofModel {
        let bytes = try record.serializedData()
        let salt = Data(repeating: 9, count: 32)
        let leaf = try #require(LedgerLeaf.bytes(salt: salt, record: bytes))
        let sibling = TreeHash.leaf(Data("2".utf8))
        let left = TreeHash.node(TreeHash.leaf(Data("0".utf8)), TreeHash.leaf(Data("1".utf8)))
        let pair =
            place == 3
            ? TreeHash.node(sibling, TreeHash.leaf(leaf))
            : TreeHash.node(TreeHash.leaf(leaf), sibling)
        let head = try Checkpoint(
            origin: network.ledger.verifierKey.name,
            size: 4,
            root: TreeHash.node(left, pair)
        )
        return ProofModel(
            entry: LedgerEntryModel(
                index: LedgerIndex(place),
                leaf: leaf,
                salt: salt,
                record: bytes
            ),
            size: 4,
            path: [sibling.data, left.data],
            checkpoint: try head.signed(by: network.ledger).string
        )
    }

    private func acceptance(of id: MessageID) throws -> WireRecord {
        let header = WireHeader.with { $0.messageID = id.data }
        let bytes = try header.serializedData()
        return WireRecord.with { $0.accepted.header = bytes }
    }

    private func expectContradiction(_ proof: ProofModel, of id: MessageID) {
        let error = #expect(throws: NodeError.self) { try node.verified(proof, of: id) }
        #expect(error?.report.name == "hub-contradicts-itself")
    }

    @Test func `the proof of the message that was asked for is given out`() throws {
        let proof = try proof(of: acceptance(of: received))
        #expect(try node.verified(proof, of: received) == proof)
    }

    @Test func `a sound proof of another message proves nothing about this one`() throws {
        let other = MessageID(milliseconds: 1, random: (1, 1))
        expectContradiction(try proof(of: acceptance(of: other)), of: received)
    }

    @Test func `a proof of another place than the delivery named is refused`() throws {
        expectContradiction(try proof(of: acceptance(of: received), at: 2), of: received)
        // Of a message that this node knows nothing of, any place will do.
        let other = MessageID(milliseconds: 1, random: (1, 1))
        _ = try node.verified(proof(of: acceptance(of: other), at: 2), of: other)
    }

    @Test func `a proof without its opening, or of something else, proves no message`() throws {
        var closed = try proof(of: acceptance(of: received))
        closed.entry.salt = Data()
        closed.entry.record = Data()
        expectContradiction(closed, of: received)
        let withheld = WireRecord.with { $0.withheld.message = 3 }
        expectContradiction(try proof(of: withheld), of: received)
        var opened = try proof(of: acceptance(of: MessageID(milliseconds: 1, random: (1, 1))))
        opened.entry.record = try acceptance(of: received).serializedData()
        expectContradiction(opened, of: received)
    }
}

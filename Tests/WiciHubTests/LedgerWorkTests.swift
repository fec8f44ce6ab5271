// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the ledger's thread answers, on a real ledger: proofs under checkpoints that the hub knows of,
// and what can still be proved while the disk takes nothing.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct LedgerWorkTests {
    private let folder: URL
    private let signer: NoteSigner

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "wici-work-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        signer = try NoteSigner(name: "test-ledger", key: SigningKey())
    }

    /// A ledger with a registry and a policy at 0 and 1.
    private func open() throws -> Ledger {
        let configuration = LedgerConfiguration(
            path: folder.appending(path: "ledger.sqlite").path,
            largestFileBytes: 400_000
        )
        let ledger = try Ledger.open(configuration, signer: signer, now: HubNetwork.now).ledger
        let note = try signer.note(text: "a release\n").bytes
        _ = try ledger.append(
            [
                .release(.registry, number: 1, note: note),
                .release(.policy, number: 1, note: note),
            ],
            at: HubNetwork.now
        )
        return ledger
    }

    private func message(_ number: UInt64, bodyBytes: Int = 100) throws -> NewEntry {
        let header = WireHeader.with {
            $0.messageID = HubNetwork.messageID(number).data
            $0.sender = HubNetwork.police.text
        }
        let set = RecipientSet(WireRecipientSet.with { $0.recipients = [] })
        return .accepted(
            AcceptedEntry(
                messageID: HubNetwork.messageID(number),
                sender: HubNetwork.police,
                envelopeDigest: .zero,
                header: try header.serializedData(),
                body: Data(count: bodyBytes),
                carriage: Data(),
                bodyDigest: .zero,
                wrapsRoot: .zero,
                eligible: set,
                audience: set,
                registry: LedgerIndex(0),
                policy: LedgerIndex(1),
                feedTopics: []
            )
        )
    }

    /// One turn, and what was posted in it.
    private func turn(
        _ orders: [LedgerOrder],
        _ ledger: Ledger,
        _ work: inout LedgerWork
    ) -> [HubStateMachine.Event] {
        posted.events = []
        work.turn(orders, in: ledger, elapsed: 0)
        return posted.events
    }

    private final class Posted { var events: [HubStateMachine.Event] = [] }

    private let posted = Posted()

    private func work() -> LedgerWork {
        LedgerWork(
            now: { HubNetwork.now },
            post: { [posted] in posted.events.append($0) },
            onFailure: { _, _ in },
            onRecovery: {}
        )
    }

    private func proof(of number: UInt64) -> LedgerOrder {
        .readProof(
            ProofRequest(
                node: HubNetwork.police,
                connection: ConnectionID(1),
                request: number,
                messageID: HubNetwork.messageID(number)
            )
        )
    }

    private func growth(from size: UInt64) -> LedgerOrder {
        .readConsistency(
            ConsistencyRequest(
                node: HubNetwork.police,
                connection: ConnectionID(1),
                request: size,
                size: size
            )
        )
    }

    private func names(_ events: [HubStateMachine.Event]) -> [String] {
        events.map { event in
            switch event {
            case .committed: "committed"
            case .ledgerFailed: "failed"
            case .checkpointed(_, let size): "checkpoint of \(size)"
            case .proofRead(let request, let material):
                "proof of \(request.request)" + (material == nil ? ": none" : "")
            case .proofUnavailable(let request): "proof of \(request.request): unavailable"
            case .consistencyRead(let request, let material):
                "growth from \(request.size)" + (material == nil ? ": none" : "")
            default: "other"
            }
        }
    }

    @Test func `the hub learns of a checkpoint before anybody gets a proof under it`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try open()
        var work = work()
        _ = turn([.append(CommitID(1), [try message(1), try message(2)])], ledger, &work)
        let size = ledger.size
        #expect(
            names(turn([proof(of: 1)], ledger, &work)) == ["checkpoint of \(size)", "proof of 1"]
        )
        // That one covers the second message, and nothing is to be signed.
        let more = turn([proof(of: 2), .signCheckpoint, proof(of: 9)], ledger, &work)
        #expect(names(more) == ["proof of 2", "proof of 9: none"])
    }

    @Test func `growth is proved to the last checkpoint from any size that it covers`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try open()
        var work = work()
        var roots = [UInt64(0): TreeHash.empty]
        for number in 1...5 as ClosedRange<UInt64> {
            _ = turn([.append(CommitID(number), [try message(number)])], ledger, &work)
            roots[ledger.size] = ledger.root
        }
        #expect(names(turn([growth(from: 1)], ledger, &work)) == ["growth from 1: none"])
        _ = turn([.signCheckpoint], ledger, &work)
        for (size, root) in roots where size > 0 {
            guard
                case .consistencyRead(_, let material?)? = turn([growth(from: size)], ledger, &work)
                    .first
            else {
                Issue.record("no proof from \(size)")
                continue
            }
            let proof = ConsistencyProof(oldSize: size, newSize: ledger.size, path: material.path)
            #expect(proof.verify(oldRoot: root, newRoot: ledger.root))
            #expect(material.checkpoint == ledger.lastCheckpoint?.bytes)
        }
        let beyond = turn([growth(from: 0), growth(from: ledger.size + 1)], ledger, &work)
        #expect(names(beyond) == ["growth from 0: none", "growth from \(ledger.size + 1): none"])
    }

    @Test func `on a full disk what a checkpoint covers is proved, and nothing else`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try open()
        var work = work()
        _ = turn([.append(CommitID(1), [try message(1)]), .signCheckpoint], ledger, &work)
        _ = turn([.append(CommitID(2), [try message(2)])], ledger, &work)
        let large = try message(3, bodyBytes: 500_000)
        let questions = [proof(of: 1), proof(of: 2), growth(from: 2)]
        let answers = ["proof of 1", "proof of 2: unavailable", "growth from 2"]
        let full = turn([.append(CommitID(3), [large])] + questions, ledger, &work)
        #expect(names(full) == answers + ["failed"])
        // And in the turns after it.
        #expect(names(turn(questions, ledger, &work)) == answers)
    }
}

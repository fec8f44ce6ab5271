// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The ledger of real traffic, exported and verified by a program that shares no code with ours, and
// read through the hub by an auditor.

import Foundation
import NetworkRig
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct AuditExportTests {
    /// What Tests/Interop/audit/verify.py prints.
    private struct Verdict: Decodable {
        let sound: Bool
        let entries: Int?
        let messages: Int?
        let signed: Int?
        let proofs: Int?
        let fault: String?
    }

    /// A proof file of verify.py.
    private struct Proofs: Encodable {
        struct Inclusion: Encodable {
            let index, size: UInt64
            let path: [String]
        }

        struct Consistency: Encodable {
            let old, new: UInt64
            let path: [String]
        }

        var inclusion: [Inclusion] = []
        var consistency: [Consistency] = []
    }

    /// An export on disk.
    private struct Export {
        let entries: URL
        let checkpoint: URL
        let key: String

        func verify(_ more: [String] = []) async throws -> Verdict {
            let (status, output) = try await InteropProgram(
                "audit/verify.py",
                [entries.path, checkpoint.path, key] + more
            ).finish()
            let verdict = try JSONDecoder().decode(Verdict.self, from: output)
            #expect(status == (verdict.sound ? 0 : 8))
            return verdict
        }
    }

    private static let institutions = [
        "oip-lublin", "kwp-lublin", "nosg-chelm", "fundacja-przyklad", "kcik", "audyt-wojewody",
    ]

    /// Plain, sealed, refused and acknowledged messages; the ids of the accepted.
    private func traffic(_ nodes: [String: Node], _ network: TestNetwork) async throws
        -> [MessageID]
    {
        let inspection = try #require(nodes["oip-lublin"])
        let police = try #require(nodes["kwp-lublin"])
        let guards = try #require(nodes["nosg-chelm"])
        try await police.subscribe([SubscriptionModel()])
        var accepted: [MessageID] = []
        for (node, sample) in [(inspection, "01"), (inspection, "19"), (guards, "26")] {
            let id = try await node.send(draft: DeliveryTests.sample(sample))
            #expect(try await node.outcome(of: id, wait: .seconds(10)).state == .accepted)
            accepted.append(id)
        }
        try await eventually("the police have their mail") {
            try await police.wholeInbox().count == 2
        }
        let answer = try await police.acknowledge(accepted[0], note: "PRZYKŁAD: Jedziemy.")
        #expect(try await police.outcome(of: answer, wait: .seconds(10)).state == .accepted)
        accepted.append(answer)
        // A refusal by the hub: a member that takes no care.
        let careless = try network.member("fundacja-przyklad")
        let peer = RawPeer(careless)
        let letter = try Letter("19", from: careless).spoilt { $0.key = SigningKey() }
        let refused = try await peer.perform { conversation in
            [try conversation.hello(), try conversation.ask(letter.submit())]
        }
        #expect(refused == [.packet("welcome"), .refused("bad-signature")])
        return accepted
    }

    /// Writes an export of the ledger file of a hub that has ended.
    private func export(_ network: TestNetwork) throws -> Export {
        let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
        let note = try #require(try reader.lastCheckpoint())
        let size = try Checkpoint(note: note, ledgerKey: network.ledgerKey).size
        #expect(try reader.size() == size)
        var text = Data()
        try AuditExport.write(reader, below: size) { text.append($0) }
        let export = Export(
            entries: network.folder.appending(path: "export.jsonl"),
            checkpoint: network.folder.appending(path: "checkpoint"),
            key: network.ledgerKey.text
        )
        try text.write(to: export.entries)
        try note.bytes.write(to: export.checkpoint)
        return export
    }

    private func base64(_ path: [some DataProtocol]) -> [String] {
        path.map { Data($0).base64EncodedString() }
    }

    /// Proofs of the ledger as it is opened anew: every entry, and every size of before.
    private func proofs(_ network: TestNetwork, alsoOf live: [ProofModel]) throws -> Proofs {
        let (ledger, _) = try Ledger.open(
            LedgerConfiguration(path: network.hubFolder.ledgerFile.path),
            signer: network.hubFolder.ledgerSigner(),
            now: Node.systemTime()
        )
        var proofs = Proofs()
        proofs.inclusion = live.map {
            Proofs.Inclusion(index: $0.entry.index.value, size: $0.size, path: base64($0.path))
        }
        for index in 0..<ledger.size {
            let proof = try ledger.inclusionProof(of: LedgerIndex(index), size: ledger.size)
            proofs.inclusion.append(
                Proofs.Inclusion(
                    index: index,
                    size: proof.size,
                    path: base64(proof.path.map(\.data))
                )
            )
            let consistency = try ledger.consistencyProof(from: index + 1, to: ledger.size)
            proofs.consistency.append(
                Proofs.Consistency(
                    old: index + 1,
                    new: consistency.newSize,
                    path: base64(consistency.path.map(\.data))
                )
            )
        }
        return proofs
    }

    @Test
    func `an export of real traffic verifies independently and no changed bit goes unnoticed`()
        async throws
    {
        let network = try TestNetwork(institutions: Self.institutions)
        try await network.startHub()
        var live: [ProofModel] = []
        var early = ""
        try await network.withNodes(Self.institutions.filter { $0 != "fundacja-przyklad" }) {
            nodes in
            let accepted = try await traffic(nodes, network)
            let inspection = try #require(nodes["oip-lublin"])
            for id in accepted.prefix(2) { live.append(try await inspection.prove(id)) }
            early = try #require(live.first).checkpoint
            let last = try await inspection.send(draft: DeliveryTests.clearPractice())
            #expect(try await inspection.outcome(of: last, wait: .seconds(10)).state == .accepted)
        }
        await network.stopHub()

        let export = try export(network)
        let proofs = try proofs(network, alsoOf: live)
        let file = network.folder.appending(path: "proofs.json")
        try JSONEncoder().encode(proofs).write(to: file)
        let verdict = try await export.verify([file.path])
        #expect(verdict.sound, "\(verdict.fault ?? "")")
        #expect(verdict.messages == 5)
        #expect(verdict.signed == verdict.entries)
        #expect(verdict.proofs == proofs.inclusion.count + proofs.consistency.count)
        #expect(proofs.inclusion.count == live.count + (verdict.entries ?? 0))

        // The checkpoint that a member was given on the way still holds over the later ledger, but
        // does not vouch for what came after it.
        let older = Export(
            entries: export.entries,
            checkpoint: network.folder.appending(path: "early"),
            key: export.key
        )
        try Data(early.utf8).write(to: older.checkpoint)
        let then = try await export.verify(["--earlier", older.checkpoint.path])
        #expect(then.sound, "\(then.fault ?? "")")
        #expect(try await older.verify().fault?.contains("not covered by the checkpoint") == true)

        try await expectChangesNoticed(export, proofs, in: network)
    }

    private func expectChangesNoticed(
        _ export: Export,
        _ proofs: Proofs,
        in network: TestNetwork
    ) async throws {
        // Each changed bit, one at a time, spread over the whole export and its checkpoint.
        let (status, output) = try await InteropProgram(
            "audit/flip.py",
            [export.entries.path, export.checkpoint.path, export.key, "300"]
        ).finish()
        let result = try PlainValue(json: output)
        #expect(status == 0)
        #expect(result["unnoticed"] == .array([]))
        // A shorter checkpoint has fewer bytes than that to change.
        #expect(Int(result["flips"]?.digits ?? "") ?? 0 > 400)

        // Our own verifier, the same export: sound as it is, not with a changed bit.
        let whole = try Data(contentsOf: export.entries)
        let note = try SignedNote(
            bytes: Data(contentsOf: export.checkpoint),
            limits: .checkpoint
        )
        func isSound(_ bytes: Data) -> Bool {
            AuditVerifier.verify(
                export: bytes.split(separator: UInt8(ascii: "\n")),
                name: "export",
                checkpoint: note,
                ledgerKey: network.ledgerKey
            ).isSound
        }
        #expect(isSound(whole))
        for (turn, place) in stride(from: 0, to: whole.count, by: whole.count / 250).enumerated() {
            var changed = whole
            changed[place] ^= 1 << UInt8(turn % 8)
            #expect(!isSound(changed), "bit \(turn % 8) of byte \(place)")
        }

        // A proof of another place is no proof.
        var wrong = proofs
        let first = try #require(wrong.inclusion.last)
        wrong.inclusion = [
            Proofs.Inclusion(index: first.index - 1, size: first.size, path: first.path)
        ]
        let file = network.folder.appending(path: "wrong.json")
        try JSONEncoder().encode(wrong).write(to: file)
        let verdict = try await export.verify([file.path])
        #expect(!verdict.sound)
    }

    @Test
    func `an auditor reads the whole ledger through the hub and the reading is on record`()
        async throws
    {
        let network = try TestNetwork(institutions: Self.institutions)
        try await network.startHub()
        var read: [LedgerEntryModel] = []
        try await network.withNodes(Self.institutions.filter { $0 != "fundacja-przyklad" }) {
            nodes in
            _ = try await traffic(nodes, network)
            let auditor = try #require(nodes["audyt-wojewody"])
            let first = try await auditor.readLedger(
                from: LedgerIndex(0),
                limit: 5,
                purpose: "review"
            )
            #expect(first.entries.map(\.index.value) == [0, 1, 2, 3, 4])
            let second = try await auditor.readLedger(
                from: LedgerIndex(5),
                limit: 1_000,
                purpose: "lawfulness"
            )
            read = first.entries + second.entries
            #expect(read.map(\.index.value) == read.indices.map { UInt64($0) })
            for entry in read {
                #expect(LedgerLeaf.bytes(salt: entry.salt, record: entry.record) == entry.leaf)
            }
            // The page's checkpoint is signed and covers what was read and the reading itself.
            let note = try SignedNote(bytes: Data(second.checkpoint.utf8), limits: .checkpoint)
            let checkpoint = try Checkpoint(note: note, ledgerKey: network.ledgerKey)
            #expect(checkpoint.size > UInt64(read.count))
            let police = try #require(nodes["kwp-lublin"])
            let error = await #expect(throws: NodeError.self) {
                try await police.readLedger(from: LedgerIndex(0), limit: 5, purpose: "review")
            }
            #expect(error?.report.name == "not-an-auditor")
        }
        await network.stopHub()

        // What the auditor was given is what the disk holds, leaf for leaf.
        let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
        var rows: [LedgerEntryRow] = []
        try reader.forEachEntry(below: reader.size()) { rows.append($0) }
        #expect(rows.count > read.count)
        for (row, entry) in zip(rows, read) {
            #expect(row.leaf == entry.leaf)
            #expect(row.record == entry.record)
        }
        let readings = try network.records().compactMap { record -> WireAuditRead? in
            guard case .auditRead(let read)? = record.event else { return nil }
            return read
        }
        #expect(readings.map(\.node) == ["audyt-wojewody.main", "audyt-wojewody.main"])
        #expect(readings.map(\.purpose) == ["review", "lawfulness"])
        #expect(readings.map(\.from) == [0, 5])
        #expect(readings.map(\.through) == [4, UInt64(read.count) - 1])
    }
}

extension PlainValue {
    /// The digits of a number.
    fileprivate var digits: String? {
        guard case .number(let digits) = self else { return nil }
        return digits
    }
}

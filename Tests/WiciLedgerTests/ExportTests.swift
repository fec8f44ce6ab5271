// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Exports: read back here, and verified by a program that shares no code with this one.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

struct ExportTests {
    /// The export's lines without newlines.
    private func lines(_ audit: AuditFixture) throws -> [Data] {
        let reader = try LedgerReader(path: audit.fixture.path)
        var lines: [Data] = []
        try AuditExport.write(reader, below: audit.ledger.size) { lines.append($0.dropLast()) }
        return lines
    }

    @Test func `an export verifies line by line and equals the ledger`() throws {
        let audit = try AuditFixture()
        let note = try audit.ledger.checkpoint(now: LedgerFixture.start)
        let lines = try lines(audit)
        let read = try lines.enumerated().map {
            try AuditExport.entry(line: $0.element, number: UInt64($0.offset))
        }
        #expect(read == (try audit.rows()))
        let report = AuditVerifier.verify(
            export: lines,
            name: "export",
            checkpoint: note,
            ledgerKey: audit.key
        )
        #expect(report.isSound)
    }

    @Test(arguments: ["", "{}", "{\"index\":1,\"leaf\":\"?\"}", "{\"index\":-1,\"leaf\":\"\"}"])
    func `a line of another form is refused with its number`(text: String) throws {
        let error = #expect(throws: LedgerError.self) {
            try AuditExport.entry(line: Data(text.utf8), number: 17)
        }
        #expect(error?.code == .auditLineUnreadable)
        #expect(error?.place.index == 17)
    }

    @Test func `a JSON that is not its record is refused`() throws {
        let audit = try AuditFixture()
        let line = String(decoding: try lines(audit)[0], as: UTF8.self)
        let changed = line.replacingOccurrences(of: "\"release\":\"1\"", with: "\"release\":\"2\"")
        #expect(changed != line)
        #expect(throws: LedgerError.self) {
            try AuditExport.entry(line: Data(changed.utf8), number: 0)
        }
    }

    // MARK: Tampering, judged by both verifiers

    /// What somebody does to the lines of an export.
    enum Tampering: CaseIterable {
        case forgedAtEnd, repeatedAtEnd, blanked, swapped, repeated, removed, cutShort, emptyLine

        /// What our verifier says of it, among other things.
        var code: RefusalCode {
            switch self {
            case .forgedAtEnd, .repeatedAtEnd: .auditSizeDiffers
            case .blanked: .auditOpeningMissing
            case .swapped, .repeated, .removed: .ledgerEntryMissing
            case .cutShort: .ledgerShorterThanCheckpoint
            case .emptyLine: .auditLineUnreadable
            }
        }

        func change(_ lines: inout [Data], _ audit: AuditFixture) throws {
            switch self {
            case .forgedAtEnd:
                // Whole and well formed: whoever has the file can make one.
                let record =
                    try WireRecord.with { $0.operation.action = "stopped" }
                    .serializedData() as Data
                let salt = Data(repeating: 7, count: LedgerLeaf.saltByteCount)
                let forged = LedgerEntryRow(
                    index: LedgerIndex(UInt64(lines.count)),
                    leaf: try #require(LedgerLeaf.bytes(salt: salt, record: record)),
                    salt: salt,
                    record: record
                )
                lines.append(try AuditExport.line(forged).dropLast())
            case .repeatedAtEnd: lines.append(lines[20])
            case .blanked:
                var row = try audit.rows()[20]
                row.salt = nil
                row.record = nil
                lines[20] = try AuditExport.line(row).dropLast()
            case .swapped: lines.swapAt(20, 21)
            case .repeated: lines.insert(lines[20], at: 20)
            case .removed: lines.remove(at: 20)
            case .cutShort: lines.removeLast()
            case .emptyLine: lines.insert(Data(), at: 20)
            }
        }
    }

    @Test(arguments: Tampering.allCases)
    func `tampering with an export is found here and independently`(tampering: Tampering) throws {
        let audit = try AuditFixture()
        let note = try audit.ledger.checkpoint(now: LedgerFixture.start)
        var lines = try lines(audit)
        try tampering.change(&lines, audit)
        let report = AuditVerifier.verify(
            export: lines,
            name: "export",
            checkpoint: note,
            ledgerKey: audit.key
        )
        #expect(!report.isSound)
        #expect(report.faults.map(\.code).contains(tampering.code))
        #expect(try !verify(audit, lines, Data("{\"inclusion\":[],\"consistency\":[]}".utf8)).sound)
    }

    // MARK: The independent verifier

    private struct Verdict: Decodable {
        let sound: Bool
        let entries: Int?
        let messages: Int?
        let proofs: Int?
        let fault: String?
    }

    private func verify(_ audit: AuditFixture, _ lines: [Data], _ proofs: Data) throws -> Verdict {
        let note = try audit.ledger.checkpoint(now: LedgerFixture.start)
        let folder = audit.fixture.folder.url
        let files = ["export.jsonl", "checkpoint", "proofs.json"].map {
            folder.appendingPathComponent($0)
        }
        try Data(lines.joined(separator: Data("\n".utf8))).write(to: files[0])
        try note.bytes.write(to: files[1])
        try proofs.write(to: files[2])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Interop/audit/verify.py")
        process.arguments = [
            "python3", program.path, files[0].path, files[1].path, audit.key.text, files[2].path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let verdict = try JSONDecoder().decode(Verdict.self, from: printed)
        #expect(process.terminationStatus == (verdict.sound ? 0 : 8))
        return verdict
    }

    private func proofs(_ audit: AuditFixture) throws -> [String: [[String: Any]]] {
        let size = audit.ledger.size
        let inclusion = try stride(from: UInt64(0), to: size, by: 7).map {
            let proof = try audit.ledger.inclusionProof(of: LedgerIndex($0), size: size - $0 % 3)
            return [
                "index": proof.index, "size": proof.size,
                "path": proof.path.map { $0.data.base64EncodedString() },
            ] as [String: Any]
        }
        let consistency = try stride(from: UInt64(1), through: size, by: 5).map {
            let proof = try audit.ledger.consistencyProof(from: $0, to: size)
            return [
                "old": proof.oldSize, "new": proof.newSize,
                "path": proof.path.map { $0.data.base64EncodedString() },
            ] as [String: Any]
        }
        return ["inclusion": inclusion, "consistency": consistency]
    }

    @Test func `an independent program verifies export, checkpoint and proofs`() throws {
        let audit = try AuditFixture()
        let proofs = try proofs(audit)
        let data = try JSONSerialization.data(withJSONObject: proofs, options: .sortedKeys)
        let verdict = try verify(audit, try lines(audit), data)
        #expect(verdict.fault == nil)
        #expect(verdict.sound)
        #expect(verdict.entries == Int(audit.ledger.size))
        #expect(verdict.messages == 53)
        #expect(verdict.proofs == proofs.values.map(\.count).reduce(0, +))
    }

    @Test func `the independent program finds a changed line and a wrong proof`() throws {
        let audit = try AuditFixture()
        let proofs = try proofs(audit)
        let data = try JSONSerialization.data(withJSONObject: proofs, options: .sortedKeys)
        var changed = try lines(audit)
        changed.swapAt(20, 21)
        #expect(try !verify(audit, changed, data).sound)
        var short = try lines(audit)
        short.removeLast()
        #expect(try !verify(audit, short, Data("{\"inclusion\":[],\"consistency\":[]}".utf8)).sound)
        let wrong = String(decoding: data, as: UTF8.self).replacingOccurrences(
            of: "\"index\":7,",
            with: "\"index\":8,"
        )
        #expect(wrong != String(decoding: data, as: UTF8.self))
        #expect(try !verify(audit, try lines(audit), Data(wrong.utf8)).sound)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici audit export: the ledger as JSON Lines with the checkpoint beside it, from the hub's disk or,
// for an auditor, over the network.

import ArgumentParser
import Foundation
import PrivateFiles
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// Exports a ledger.
struct AuditExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the ledger as JSON Lines, with its checkpoint as a signed note.",
        discussion: """
            From a hub's folder (also while it runs), or through an auditor's node: that reading \
            is itself recorded, with its purpose (wici schema list audit-purpose). The export ends \
            with its checkpoint; younger entries belong to a later one. The folder appears when \
            the export is whole; an earlier export in it stays until then.

            Examples:
              wici audit export --hub hub --output export
              wici audit export --to-node audytor --purpose review --output export
            """
    )

    @Option(help: "The hub's folder.")
    var hub: String?

    @OptionGroup var node: NodeOptions

    @Option(help: "Purpose of an auditor's reading.")
    var purpose = ""

    @Option(name: .shortAndLong, help: "Folder to write into.")
    var output: String

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    private struct Report: Encodable {
        let folder: String
        let entries: UInt64
        let root: String
    }

    func run() async throws {
        guard hub != nil || !purpose.isEmpty else {
            throw CommandFailure.usage("Podaj --purpose.", "Give --purpose.")
        }
        let folder = URL(filePath: output)
        let writer = try ExportFolder(replacing: folder)
        let note: SignedNote
        let key: VerifierKey
        if let hub {
            (note, key) = try exportStore(HubFolder(URL(filePath: hub)), to: writer)
        } else {
            (note, key) = try await exportRemote(to: writer)
        }
        let checkpoint = try Checkpoint(text: note.text)
        try writer.publish(checkpoint: note.bytes, key: key.text)
        let report = Report(
            folder: folder.path,
            entries: checkpoint.size,
            root: checkpoint.root.hexadecimal
        )
        if json { return try Console.write(json: report) }
        Console.write(
            say(
                "\(report.folder): wpisów \(report.entries). Teraz: wici audit verify \(output)",
                "\(report.folder): \(report.entries) entries. Next: wici audit verify \(output)"
            )
        )
    }

    private func exportStore(
        _ hub: HubFolder,
        to writer: ExportFolder
    ) throws -> (SignedNote, VerifierKey) {
        guard FileManager.default.fileExists(atPath: hub.ledgerFile.path) else {
            throw CommandFailure.missing(hub.ledgerFile)
        }
        let reader = try LedgerReader(path: hub.ledgerFile.path)
        guard let note = try reader.lastCheckpoint() else {
            throw CommandFailure(
                .notFound,
                "checkpoint-missing",
                "Brak podpisanego punktu kontrolnego.",
                "There is no signed checkpoint yet."
            )
        }
        let size = try Checkpoint(text: note.text).size
        let bar = ProgressBar(say("eksport", "export"))
        var failure: (any Error)?
        try AuditExport.write(
            reader,
            below: size,
            progress: { bar.show($0, of: $1) }
        ) { line throws(LedgerError) in
            do { try writer.write(line) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        let contents = try RegistryFile.contents(hub.registryFile.path)
        return (note, contents.hub.ledgerKey)
    }

    private func exportRemote(to writer: ExportFolder) async throws -> (SignedNote, VerifierKey) {
        let client = try node.client()
        let registry = try SignedNote(bytes: Data(try await client.registryText().utf8))
        let key = try RegistryContents(text: registry.text).hub.ledgerKey
        // The tree of the first page's checkpoint: what is written later belongs to a later export.
        var page = try await client.readLedger(
            from: LedgerIndex(0),
            limit: 1_000,
            purpose: purpose
        )
        let note = try SignedNote(bytes: Data(page.checkpoint.utf8), limits: .checkpoint)
        let size = try Checkpoint(text: note.text).size
        let bar = ProgressBar(say("eksport", "export"))
        var next: UInt64 = 0
        while next < size, !page.entries.isEmpty {
            for entry in page.entries where entry.index.value < size {
                let row = LedgerEntryRow(
                    index: entry.index,
                    leaf: entry.leaf,
                    salt: entry.salt.isEmpty ? nil : entry.salt,
                    record: entry.record.isEmpty ? nil : entry.record
                )
                try writer.write(try AuditExport.line(row))
                next = entry.index.value + 1
            }
            bar.show(Int(next), of: Int(size))
            guard next < size else { break }
            page = try await client.readLedger(
                from: LedgerIndex(next),
                limit: 1_000,
                purpose: purpose
            )
        }
        guard next == size else {
            throw LedgerError(
                .ledgerShorterThanCheckpoint,
                at: .init(file: "export", table: "leaf", index: next),
                detail: "\(next) of \(size)"
            )
        }
        return (note, key)
    }
}

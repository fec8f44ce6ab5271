// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici audit: what the ledger proves. Everything but `proof` works offline on a ledger file or an
// export, without asking the hub to be honest.

import ArgumentParser
import Foundation
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// The noun `audit`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Verify the ledger and show who was told what, when and by which rule.",
        subcommands: [
            AuditVerifyCommand.self, AuditTrailCommand.self, AuditFlowCommand.self,
            AuditProofCommand.self, AuditCheckpointCommand.self, AuditExportCommand.self,
        ]
    )
}

/// Where entries come from: a hub's folder, a ledger file, or the folder of an export.
enum LedgerSource {
    /// A ledger file.
    case store(URL)
    /// A folder with `ledger.jsonl` and `checkpoint`.
    case export(URL)

    /// Name of the entries' file in an export.
    static let entriesName = "ledger.jsonl"
    /// Name of the checkpoint's file in an export.
    static let checkpointName = "checkpoint"
    /// Name of the file of an export that holds the ledger's verifier key.
    static let keyName = "ledger-key"

    /// Recognises what a path is.
    init(path: String) throws {
        let location = URL(filePath: path)
        let store = location.appending(path: "ledger.sqlite")
        let files = FileManager.default
        var isFolder: ObjCBool = false
        guard files.fileExists(atPath: location.path, isDirectory: &isFolder) else {
            throw CommandFailure.missing(location)
        }
        if files.fileExists(atPath: location.appending(path: Self.entriesName).path) {
            self = .export(location)
        } else if files.fileExists(atPath: store.path) {
            self = .store(store)
        } else if !isFolder.boolValue {
            self = .store(location)
        } else {
            throw CommandFailure(
                .notFound,
                "ledger-not-found",
                "\(location.path): nie ma tu księgi. Podaj katalog węzła centralnego (z plikiem "
                    + "ledger.sqlite), sam ten plik albo katalog eksportu (z plikiem "
                    + "\(Self.entriesName)).",
                "\(location.path): there is no ledger here. Name a hub's folder (it has a "
                    + "ledger.sqlite), that file itself, or the folder of an export (it has a "
                    + "\(Self.entriesName))."
            )
        }
    }

    private var folder: URL {
        switch self {
        case .store(let file): file.deletingLastPathComponent()
        case .export(let folder): folder
        }
    }

    /// The last signed checkpoint.
    func checkpoint() throws -> SignedNote? {
        switch self {
        case .store(let file):
            return try LedgerReader(path: file.path).lastCheckpoint()
        case .export(let folder):
            let file = folder.appending(path: Self.checkpointName)
            guard FileManager.default.fileExists(atPath: file.path) else { return nil }
            return try SignedNote(bytes: try Files.read(file.path), limits: .checkpoint)
        }
    }

    /// Lends every entry in order, and shows how far it has come; nothing is verified here.
    func forEachEntry(_ body: (LedgerEntryRow) throws(LedgerError) -> Void) throws {
        let bar = ProgressBar(say("czytanie", "reading"))
        switch self {
        case .store(let file):
            let reader = try LedgerReader(path: file.path)
            let size = try reader.size()
            try reader.forEachEntry(below: size) { entry throws(LedgerError) in
                try body(entry)
                bar.step(Int(entry.index.value) + 1, of: Int(size))
            }
        case .export:
            let lines = try lines()
            for (number, line) in lines.enumerated() {
                try body(try AuditExport.entry(line: line, number: UInt64(number)))
                bar.step(number + 1, of: lines.count)
            }
        }
    }

    /// The lines of an export, without newlines.
    func lines() throws -> [Data.SubSequence] {
        let file = folder.appending(path: Self.entriesName)
        guard let bytes = try? Data(contentsOf: file, options: .mappedIfSafe) else {
            throw CommandFailure.missing(file)
        }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// Checks everything against the last checkpoint, and shows how far it has come.
    func verify(ledgerKey: VerifierKey) throws -> AuditVerifier.Report {
        let bar = ProgressBar(say("sprawdzanie", "verifying"))
        switch self {
        case .store(let file):
            return try AuditVerifier.verify(
                try LedgerReader(path: file.path),
                ledgerKey: ledgerKey
            ) { bar.show($0, of: $1) }
        case .export(let folder):
            let lines = try lines()
            return AuditVerifier.verify(
                export: lines,
                name: folder.path,
                checkpoint: try checkpoint(),
                ledgerKey: ledgerKey
            ) { bar.show($0, of: lines.count) }
        }
    }

    /// The key that must have signed: given, or else from the registry beside the entries.
    func ledgerKey(_ options: LedgerKeyOptions) throws -> (key: VerifierKey, isPinned: Bool) {
        if let given = try options.given() { return (given, true) }
        let kept = folder.appending(path: Self.keyName)
        if let text = try? Files.text(kept.path),
            let key = try? VerifierKey(text: text.trimmingCharacters(in: .whitespacesAndNewlines))
        {
            return (key, false)
        }
        let registry = folder.appending(path: "registry.note")
        return (try RegistryFile.contents(registry.path).hub.ledgerKey, false)
    }
}

/// Whose signature a ledger's checkpoint must bear.
struct LedgerKeyOptions: ParsableArguments {
    @Option(help: "Verifier key of the ledger, its file, or a signed registry that names it.")
    var key: String?

    @OptionGroup var authority: AuthorityOptions

    /// The key that was given; refuses a registry that nobody signed.
    ///
    /// Whoever hands over a ledger could hand over a text as well that looks like the registry. The
    /// authority is asked that `--authority` names, or else the one that the registry itself does.
    func given() throws -> VerifierKey? {
        guard let key else { return nil }
        let text =
            key.contains("+")
            ? key : try Files.text(key).trimmingCharacters(in: .whitespacesAndNewlines)
        if let verifier = try? VerifierKey(text: text) { return verifier }
        let document = try AuthorityDocument(path: key)
        guard let contents = try? RegistryContents(text: document.text) else {
            throw CommandFailure.usage(
                "--key: to ani klucz weryfikujący, ani rejestr.",
                "--key: neither a verifier key nor a registry."
            )
        }
        let trust = authority.authority.isEmpty ? contents.authority : try authority.trust()
        guard case .note(_, let bytes) = document, trust.hasSigned(bytes) else {
            throw CommandFailure(.noteSignaturesMissing, at: URL(filePath: key), detail: nil)
        }
        return contents.hub.ledgerKey
    }

    /// Tells a person that nobody but whoever made the ledger vouches for its key.
    static func remarkUnpinned() {
        Console.remark(
            say(
                "Uwaga: klucz księgi wzięto z pliku obok księgi; podaj własny przez --key.",
                "Note: the ledger's key was taken from beside the ledger; give yours: --key."
            )
        )
    }
}

/// Which ledger a command reads.
struct LedgerOptions: ParsableArguments {
    @Option(
        help:
            "The hub's folder, a ledger.sqlite, or the folder of an export (default: WICI_LEDGER)."
    )
    var ledger: String?

    @OptionGroup var ledgerKey: LedgerKeyOptions

    /// The source; an export is verified first, because it has been in other hands than the hub's.
    func source() throws -> LedgerSource {
        let source = try named()
        guard case .export(let folder) = source else { return source }
        let (key, isPinned) = try source.ledgerKey(ledgerKey)
        let found = try source.verify(ledgerKey: key)
        guard found.isSound else { throw Self.unsound(found, folder) }
        if !isPinned { LedgerKeyOptions.remarkUnpinned() }
        return source
    }

    /// Shows nothing of an altered export but that it is one.
    private static func unsound(_ found: AuditVerifier.Report, _ folder: URL) -> CommandFailure {
        let fault = found.faults.first
        let code = fault?.code ?? .ledgerCheckpointWrong
        let sentence = fault?.sentence ?? code.sentence
        let command = "wici audit verify \(folder.path)"
        return CommandFailure(
            .integrity,
            RefusalReport(
                code: code.number,
                name: code.name,
                help: BilingualText(
                    pl: "Eksport jest naruszony, niczego z niego nie pokazano. \(sentence.polish) "
                        + "Wszystkie niezgodności: \(command)",
                    en: "The export is not sound; nothing of it was shown. \(sentence.english) "
                        + "All mismatches: \(command)"
                )
            )
        )
    }

    private func named() throws -> LedgerSource {
        guard let path = ledger ?? Settings.environment["WICI_LEDGER"] else {
            throw CommandFailure.usage(
                "Podaj --ledger: katalog węzła centralnego albo eksport.",
                "Give --ledger: the hub's folder or an export."
            )
        }
        return try LedgerSource(path: path)
    }
}

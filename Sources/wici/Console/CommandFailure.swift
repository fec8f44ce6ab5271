// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Why a command did not do what it was asked: one error, made from whatever the libraries throw, so
// that every command fails in the same words and with the same JSON.

import Foundation
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// An error as the command line shows it.
struct CommandFailure: Error {
    /// How the program ends.
    let status: ExitStatus
    /// The details, as in the node's API.
    let report: RefusalReport

    /// Takes a report.
    init(_ status: ExitStatus, _ report: RefusalReport) {
        self.status = status
        self.report = report
    }

    /// An error that is the command line's own.
    init(_ status: ExitStatus, _ name: String, _ polish: String, _ english: String) {
        let help = BilingualText(pl: polish, en: english)
        self.init(status, RefusalReport(code: 0, name: name, help: help))
    }

    /// A code of the common list.
    init(_ code: RefusalCode, field: String = "", rule: String = "", _ sentence: Bilingual) {
        let report = RefusalReport(
            code: code.number,
            name: code.name,
            retryable: code.retryable,
            field: field,
            rule: rule,
            help: BilingualText(sentence)
        )
        self.init(ExitStatus(code), report)
    }

    /// Takes what a library threw; `nil` for errors of the command line's own making.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as HubError: self.init(error.code, field: error.file, error.sentence)
        case let error as DocumentError: self.init(error.code, field: error.path, error.sentence)
        case let error as LedgerError: self.init(error.code, error.sentence)
        case let error as NodeError: self.init(ExitStatus(error), error.report)
        case let error as NodeStoreError:
            let code = RefusalCode.nodeStoreFailed
            self.init(
                code,
                Bilingual(
                    polish: "\(code.sentence.polish) (\(error.message))",
                    english: "\(code.sentence.english) (\(error.message))"
                )
            )
        case let error as DraftError: self.init(faults: error.faults)
        case let error as NoteError:
            self.init(
                .failed,
                "note-unreadable",
                "Noty nie da się odczytać ani podpisać: \(error).",
                "The note cannot be read or signed: \(error)."
            )
        case let error as CocoaError:
            let path = error.userInfo[NSFilePathErrorKey] as? String ?? ""
            self.init(
                error.code == .fileReadNoSuchFile ? .notFound : .failed,
                "file",
                "\(path): nie udało się odczytać lub zapisać pliku.",
                "\(path): the file could not be read or written."
            )
        default: return nil
        }
    }

    /// Every fault of a draft at once.
    init(faults: [Fault]) {
        let code = RefusalCode.schemaFault
        let report = RefusalReport(
            code: code.number,
            name: code.name,
            help: BilingualText(code.sentence),
            faults: faults.map { FaultReport($0) }
        )
        self.init(.failed, report)
    }

    /// A file that is not there.
    static func missing(_ file: URL) -> CommandFailure {
        CommandFailure(
            .notFound,
            "file-not-found",
            "\(file.path): nie ma takiego pliku ani katalogu.",
            "\(file.path): there is no such file or folder."
        )
    }

    /// The command line was wrong.
    static func usage(_ polish: String, _ english: String) -> CommandFailure {
        CommandFailure(.usage, "usage", polish, english)
    }

    /// What happened and to what: file, field or address stand before the sentence that lacks them.
    var sentence: BilingualText {
        // It may come from another machine: nothing that steers a terminal, and no more than a line.
        let place = String(
            String.UnicodeScalarView(
                report.field.unicodeScalars.lazy.filter {
                    $0.properties.generalCategory != .control
                        && $0.properties.generalCategory != .format
                }.prefix(512)
            )
        )
        func placed(_ text: String) -> String {
            place.isEmpty || text.contains(place) ? text : "\(place): \(text)"
        }
        return BilingualText(pl: placed(report.help.pl), en: placed(report.help.en))
    }

    /// The sentences for a person, faults included.
    var lines: [String] {
        let language = Console.language
        var lines = [language == .polish ? sentence.pl : sentence.en]
        if !report.rule.isEmpty { lines.append(say("Reguła: ", "Rule: ") + report.rule) }
        for fault in report.faults {
            let sentence = language == .polish ? fault.help.pl : fault.help.en
            lines.append("  \(fault.field): \(sentence) [\(fault.code)]")
        }
        return lines
    }
}

extension ExitStatus {
    /// The status for an answer of the node.
    init(_ error: NodeError) {
        switch error.kind {
        case .unauthenticated: self = .authentication
        // Only some refusals are a rule's; the code says which.
        case .refused:
            self = RefusalCode.numbered(error.report.code).map(ExitStatus.init) ?? .refused
        case .notFound: self = .notFound
        case .timeout: self = .timeout
        case .integrity: self = .integrity
        case .malformed, .invalid, .offline, .busy, .failed, .unreachable: self = .failed
        }
    }
}

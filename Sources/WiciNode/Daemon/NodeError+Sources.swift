// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where the errors of the node's interface come from: codes, files, the store, the hub's refusals.

public import Foundation
import PrivateFiles
public import WiciCore

extension NodeError {
    /// Makes an error of a code; its sort follows from the code.
    public init(
        _ code: RefusalCode,
        field: String = "",
        rule: String = "",
        help: Bilingual? = nil,
        faults: [Fault] = []
    ) {
        self.init(
            Kind(of: code),
            RefusalReport(
                Refusal(code, field: field, rule: rule, help: help),
                faults: faults.map { FaultReport($0) }
            )
        )
    }

    /// Makes an error about a file, which its sentence names.
    public init(_ code: RefusalCode, file: URL, help: Bilingual? = nil) {
        let help = help ?? code.sentence
        self.init(
            code,
            field: file.path,
            help: Bilingual(
                polish: "\(file.path): \(help.polish)",
                english: "\(file.path): \(help.english)"
            )
        )
    }

    /// Takes a refusal of the hub.
    public init(_ refusal: WireRefusal) {
        self.init(
            RefusalCode.numbered(refusal.code).map(Kind.init(of:)) ?? .refused,
            RefusalReport(refusal)
        )
    }

    /// Takes an error of the node's disk.
    public init(_ error: NodeStoreError) {
        self.init(
            .nodeStoreFailed,
            help: Bilingual(polish: error.description, english: error.description)
        )
    }
}

extension NodeError: FileFailure {
    /// Takes the refusal of a file.
    package init(_ code: RefusalCode, at file: URL, detail: Bilingual?) {
        self.init(
            code,
            file: file,
            help: detail.map {
                Bilingual(
                    polish: "\(code.sentence.polish) \($0.polish)",
                    english: "\(code.sentence.english) \($0.english)"
                )
            }
        )
    }
}

typealias PrivateFile = PrivateFiles.PrivateFile<NodeError>
typealias PrivateFolder = PrivateFiles.PrivateFolder<NodeError>

extension NodeError.Kind {
    init(of code: RefusalCode) {
        switch code {
        case .schemaFault, .subscriptionFault: self = .invalid
        case .unknownKey, .revoked: self = .unauthenticated
        case .messageUnknown: self = .notFound
        case .nodeDisconnected, .nodeStopped: self = .offline
        case .nodeBusy, .busy, .closing, .hubNotReady: self = .busy
        case .hubContradictsItself: self = .integrity
        case .alreadyInitialised, .configurationWrong, .keyUnreadable, .keyFileOpen,
            .keyFolderOpen, .fileUnreadable, .fileUnwritable, .fileForeign, .documentKeyUnknown,
            .nodeStoreFailed, .nodeWithoutRegistry, .registryExpired, .policyExpired,
            .socketFailed:
            self = .failed
        default: self = .refused
        }
    }
}

extension RefusalReport {
    /// Shows a refusal of the hub, also when this program is too old to know its code.
    public init(_ refusal: WireRefusal, message: MessageID? = nil) {
        self.init(
            code: refusal.code,
            name: refusal.name,
            retryable: refusal.retryable,
            field: refusal.field,
            rule: refusal.rule,
            help: BilingualText(pl: refusal.helpPl, en: refusal.helpEn),
            faults: refusal.faults.map {
                FaultReport(
                    field: $0.field,
                    code: $0.code,
                    help: BilingualText(pl: $0.pl, en: $0.en)
                )
            },
            message: message
        )
    }
}

extension WireRefusal {
    /// An error of this node in the form in which the hub's refusals are kept.
    init(_ report: RefusalReport) {
        self.init()
        code = report.code
        name = report.name
        retryable = report.retryable
        field = report.field
        rule = report.rule
        helpPl = report.help.pl
        helpEn = report.help.en
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The error object of the local API. The HTTP server makes it from what the node throws and the
// client gives it back unchanged, so a program sees the same error on both sides of the socket.

public import WiciCore

/// A sentence in the two languages of the desk, as JSON.
public struct BilingualText: Codable, Hashable, Sendable {
    /// Polish.
    public let pl: String
    /// English.
    public let en: String

    /// Takes both languages.
    public init(pl: String, en: String) {
        self.pl = pl
        self.en = en
    }

    /// Takes both languages.
    public init(_ text: Bilingual) {
        self.init(pl: text.polish, en: text.english)
    }
}

/// One fault of a draft or message, as JSON.
public struct FaultReport: Codable, Hashable, Sendable {
    /// Path of the field, for example `common.title`.
    public let field: String
    /// Stable name of the fault, for example `too-long`.
    public let code: String
    /// What is wrong.
    public let help: BilingualText

    /// Makes a report.
    public init(field: String, code: String, help: BilingualText) {
        self.field = field
        self.code = code
        self.help = help
    }

    /// Reports a fault that the validator found.
    public init(_ fault: Fault) {
        self.init(field: fault.path, code: fault.code.rawValue, help: BilingualText(fault.sentence))
    }
}

/// Why something was refused or failed, as JSON: the object that every error answer is.
public struct RefusalReport: Codable, Hashable, Sendable {
    /// The number of Schemas/codes.json.
    public let code: UInt32
    /// The stable name.
    public let name: String
    /// Whether the same request may succeed later without being changed.
    public let retryable: Bool
    /// Path of the field at fault; empty when none.
    public let field: String
    /// Id of the deciding rule; empty when none.
    public let rule: String
    /// What happened and what to do next.
    public let help: BilingualText
    /// All faults of a message; empty when it is about something else.
    public let faults: [FaultReport]
    /// The message that it is about, where there is one.
    public let message: MessageID?

    /// Makes a report.
    public init(
        code: UInt32,
        name: String,
        retryable: Bool = false,
        field: String = "",
        rule: String = "",
        help: BilingualText,
        faults: [FaultReport] = [],
        message: MessageID? = nil
    ) {
        self.code = code
        self.name = name
        self.retryable = retryable
        self.field = field
        self.rule = rule
        self.help = help
        self.faults = faults
        self.message = message
    }

    /// Reports a refusal, with the code's own sentence where it brings none.
    public init(_ refusal: Refusal, faults: [FaultReport] = [], message: MessageID? = nil) {
        self.init(
            code: refusal.code.number,
            name: refusal.code.name,
            retryable: refusal.code.retryable,
            field: refusal.field,
            rule: refusal.rule,
            help: BilingualText(refusal.help ?? refusal.code.sentence),
            faults: faults,
            message: message
        )
    }
}

extension RefusalReport {
    /// The same report, about a message.
    func about(_ message: MessageID) -> RefusalReport {
        RefusalReport(
            code: code,
            name: name,
            retryable: retryable,
            field: field,
            rule: rule,
            help: help,
            faults: faults,
            message: message
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Checks the labels of a header against the vocabulary and against one another. Who may receive
// the message is not asked here; that is the policy's question.

import Foundation
import SwiftProtobuf

/// Checks headers.
///
/// Faults name fields as JSON does, for example `selector.regions[0]`.
public struct HeaderValidator: Sendable {
    /// Most regions in a selector.
    public static let maximumRegions = 16
    /// Most institution kinds in a selector.
    public static let maximumKinds = 32
    /// Most teams in a selector.
    public static let maximumTeams = 16
    /// Most institutions in a selector.
    public static let maximumInstitutions = 200
    /// Most roles in a selector.
    public static let maximumRoles = 200
    /// Most references to other messages.
    public static let maximumReferences = 16
    /// Longest time that content is kept after sending, in days (two years).
    public static let maximumKeepDays = 731
    /// Largest header, in bytes.
    public static let maximumBytes = 8 * 1024

    private let lists: [String: Set<String>]

    /// The header validator of this release's vocabulary.
    public static let current = HeaderValidator(vocabulary: .current)

    /// Takes the lists that headers use.
    public init(vocabulary: Vocabulary) {
        let names = [
            "status", "tlp", "handling", "purpose", "regime", "data-level", "data-subject",
            "urgency", "language", "region", "institution-kind",
        ]
        var lists: [String: Set<String>] = [:]
        for name in names {
            lists[name] = Set(vocabulary[name].entries.map(\.code.text))
        }
        self.lists = lists
    }

    /// Checks a header; with the topics of a plain body also that the header names exactly those.
    public func check(_ header: WireHeader, bodyTopics: [String]? = nil) -> [Fault] {
        var report = HeaderReport(lists: lists)
        let particulars = HeaderParticulars(header)
        report.checkIdentity(header)
        report.checkLabels(header)
        report.checkTimes(particulars)
        report.checkSelector(header)
        report.checkThread(
            particulars,
            isReply: MessageSchema.named(header.type)?.isReply == true
        )
        if let bodyTopics, bodyTopics != header.topics {
            report.add(
                .topicsDiffer,
                "topics",
                "muszą odpowiadać treści wiadomości.",
                "must be those of the body."
            )
        } else if header.topics.count > Validator.maximumTopics {
            report.add(.tooMany, "topics", "najwyżej 16 pozycji.", "at most 16 items.")
        }
        if header.unknownFields.data.isEmpty == false
            || header.selector.unknownFields.data.isEmpty == false
        {
            report.faults.append(.unknownField(at: ""))
        }
        return report.faults
    }
}

extension HeaderValidator {
    /// Whether a header with these particulars has no fault, when another with the same labels has
    /// none.
    public func isFaultless(_ particulars: HeaderParticulars, isReply: Bool) -> Bool {
        var report = HeaderReport(lists: lists)
        report.checkTimes(particulars)
        report.checkThread(particulars, isReply: isReply)
        return report.faults.isEmpty
    }
}

extension HeaderValidator {
    /// Why a message comes too late: the last day on which it may be kept is over; nil when it is not.
    ///
    /// A date that cannot be read is a fault of its own.
    public func lateness(of particulars: HeaderParticulars, at now: Moment) -> Fault? {
        guard let keep = CivilDate(particulars.keepUntil), keep < WarsawTime.date(at: now) else {
            return nil
        }
        var report = HeaderReport(lists: lists)
        report.add(
            .keepUntilOutOfRange,
            "keepUntil",
            "ten dzień już minął, więc nikt nie mógłby tej wiadomości zachować; "
                + "wyślij ją na nowo z późniejszą datą.",
            "that day is over, so nobody could keep the message; send it anew with a later date."
        )
        return report.faults.first
    }
}

/// Gathers the faults of one header.
private struct HeaderReport {
    let lists: [String: Set<String>]
    var faults: [Fault] = []

    mutating func add(_ code: FaultCode, _ path: String, _ polish: String, _ english: String) {
        guard faults.count < BodyFindings.maximumFaults else { return }
        let name = path.split(separator: "[").first.map(String.init) ?? path
        let label = HeaderLabels.label(of: name)
        faults.append(Fault(code, at: path, label: label, polish, english))
    }

    private mutating func missing(_ path: String) {
        add(.missing, path, "wypełnij to pole.", "fill in this field.")
    }

    private mutating func code(_ value: String, _ list: String, _ path: String) {
        if value.isEmpty {
            missing(path)
        } else if lists[list]?.contains(value) != true {
            add(
                .unknownCode,
                path,
                "takiego kodu nie ma na liście „\(list)”.",
                "list \"\(list)\" has no such code."
            )
        }
    }

    private mutating func codes(_ values: [String], _ list: String, _ path: String, limit: Int) {
        items(values, path, limit: limit) { report, value, place in
            report.code(value, list, place)
        }
    }

    private mutating func items(
        _ values: [String],
        _ path: String,
        limit: Int,
        check: (inout HeaderReport, String, String) -> Void
    ) {
        if values.isEmpty { return }
        if values.count > limit {
            add(.tooMany, path, "najwyżej \(limit) pozycji.", "at most \(limit) items.")
        }
        let bounded = values.prefix(limit)
        for (index, value) in bounded.enumerated() {
            check(&self, value, "\(path)[\(index)]")
        }
        if bounded.count > 1, Set(bounded).count < bounded.count {
            add(.duplicate, path, "coś jest na liście dwa razy.", "something stands twice.")
        }
    }

    private mutating func badID(_ path: String) {
        add(.badID, path, "identyfikator ma złą postać.", "the id is not of the right form.")
    }

    mutating func checkIdentity(_ header: WireHeader) {
        if MessageID(bytes: header.messageID) == nil { badID("messageId") }
        if let schema = MessageSchema.named(header.type) {
            if Int(header.schema) != schema.version {
                add(
                    .schemaVersion,
                    "schema",
                    "tej wersji schematu nie obsługujemy.",
                    "this schema version is not supported."
                )
            }
        } else {
            add(
                .unknownCode,
                "type",
                "nie ma takiego rodzaju wiadomości.",
                "there is no such message type."
            )
        }
        if NodeID(header.sender) == nil { badID("sender") }
        if !header.operator.isEmpty, !isSlug(header.operator) { badID("operator") }
    }

    mutating func checkLabels(_ header: WireHeader) {
        code(header.status, "status", "status")
        code(header.tlp, "tlp", "tlp")
        codes(header.handling, "handling", "handling", limit: 6)
        code(header.purpose, "purpose", "purpose")
        code(header.regime, "regime", "regime")
        code(header.dataLevel, "data-level", "dataLevel")
        code(header.urgency, "urgency", "urgency")
        code(header.language, "language", "language")
        if header.dataLevel == "none" {
            if !header.dataSubject.isEmpty {
                add(
                    .forbiddenHere,
                    "dataSubject",
                    "bez danych osobowych zostaw to pole puste.",
                    "leave this field empty when there is no personal data."
                )
            }
        } else if !header.dataLevel.isEmpty || !header.dataSubject.isEmpty {
            code(header.dataSubject, "data-subject", "dataSubject")
        }
    }

    /// 9999-01-01T00:00:00Z: what follows has no date that everybody can write.
    private static let endOfTime: Int64 = 253_370_764_800_000

    mutating func checkTimes(_ header: HeaderParticulars) {
        let sent = Moment(milliseconds: header.sentAt)
        guard header.sentAt > 0, header.sentAt < Self.endOfTime else {
            missing("sentAt")
            return
        }
        if header.acknowledgeBy >= Self.endOfTime {
            add(
                .badTime,
                "acknowledgeBy",
                "podaj chwilę przed rokiem 9999.",
                "give a moment before the year 9999."
            )
        } else if header.acknowledgeBy != 0, header.acknowledgeBy <= header.sentAt {
            add(
                .datesOutOfOrder,
                "acknowledgeBy",
                "musi być później niż wysłanie.",
                "must be later than sending."
            )
        }
        if header.keepUntil.isEmpty {
            missing("keepUntil")
        } else if let keep = CivilDate(header.keepUntil) {
            let days = keep.daysSinceEpoch - WarsawTime.date(at: sent).daysSinceEpoch
            if !(0...HeaderValidator.maximumKeepDays).contains(days) {
                add(
                    .keepUntilOutOfRange,
                    "keepUntil",
                    "podaj datę od dnia wysłania do dwóch lat później.",
                    "give a date from the day of sending to two years later."
                )
            }
        } else {
            add(
                .badDate,
                "keepUntil",
                "podaj istniejącą datę RRRR-MM-DD.",
                "give an existing date YYYY-MM-DD."
            )
        }
    }

    mutating func checkSelector(_ header: WireHeader) {
        let selector = header.selector
        let narrows =
            !selector.regions.isEmpty || !selector.kinds.isEmpty || !selector.teams.isEmpty
        let isEmpty = !narrows && selector.institutions.isEmpty && selector.roles.isEmpty
        if isEmpty {
            add(
                .missing,
                "selector",
                "wskaż przynajmniej jednego odbiorcę.",
                "name at least one recipient."
            )
        }
        if header.tlp == "TLP:RED", !isEmpty,
            narrows || !selector.institutions.isEmpty || selector.roles.isEmpty
        {
            add(
                .rolesRequired,
                "selector",
                "TLP:RED wymaga wskazania ról i tylko ról.",
                "TLP:RED needs named roles and nothing else."
            )
        }
        let limits = HeaderValidator.self
        codes(selector.regions, "region", "selector.regions", limit: limits.maximumRegions)
        codes(selector.kinds, "institution-kind", "selector.kinds", limit: limits.maximumKinds)
        items(selector.teams, "selector.teams", limit: limits.maximumTeams) { report, value, path in
            if TeamID(value) == nil { report.badID(path) }
        }
        items(selector.institutions, "selector.institutions", limit: limits.maximumInstitutions) {
            report,
            value,
            path in
            if InstitutionID(value) == nil { report.badID(path) }
        }
        items(selector.roles, "selector.roles", limit: limits.maximumRoles) { report, value, path in
            if RoleAddress(value) == nil { report.badID(path) }
        }
    }

    mutating func checkThread(_ header: HeaderParticulars, isReply: Bool) {
        if !header.thread.isEmpty, MessageID(bytes: header.thread) == nil { badID("thread") }
        let limit = HeaderValidator.maximumReferences
        if header.references.count > limit {
            add(.tooMany, "references", "najwyżej \(limit) pozycji.", "at most \(limit) items.")
        }
        for (index, reference) in header.references.prefix(limit).enumerated()
        where MessageID(bytes: reference) == nil {
            badID("references[\(index)]")
        }
        if isReply, header.references.isEmpty {
            add(
                .missing,
                "references",
                "wskaż wiadomość, na którą odpowiadasz.",
                "name the message that this one answers."
            )
        }
    }
}

/// What the fields of a header are called: from the schema where it says so.
enum HeaderLabels {
    private static let labels: [String: Bilingual] = {
        var labels: [String: Bilingual] = [:]
        for field in MessageSchema.header?.fields ?? [] {
            labels[field.jsonName] = field.label
            for inner in field.group?.fields ?? [] {
                labels["\(field.jsonName).\(inner.jsonName)"] = inner.label
            }
        }
        return labels
    }()

    static func label(of path: String) -> Bilingual {
        labels[path] ?? Bilingual(polish: path, english: path)
    }
}

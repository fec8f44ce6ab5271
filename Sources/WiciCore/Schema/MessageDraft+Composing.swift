// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Composing: from a draft and its context to a header and a body, or every fault at once.

import Foundation
import SwiftProtobuf

extension MessageDraft {
    /// How long content is kept where the draft does not say, in days.
    public static let defaultKeepDays = 90

    /// Completes and checks the draft.
    ///
    /// Fault paths are those of the draft: `marking`, `to.regions[0]`, `body.common.title`.
    public func compose(context: DraftContext) throws(DraftError) -> ComposedMessage {
        var faults = fields.faults
        var header = labels(context)
        setTimes(of: &header, context, &faults)
        setThread(of: &header, context, &faults)
        let content = readBody(&header, &faults)
        let alreadyFaulted = Set(faults.map(\.path))
        faults += HeaderValidator.current.check(header)
            .map { Fault(path: Self.draftPath($0.path), code: $0.code, sentence: $0.sentence) }
            .filter { !alreadyFaulted.contains($0.path) }
        guard faults.isEmpty, let content, let bytes = try? content.bytes() else {
            throw .faults(faults)
        }
        guard bytes.count <= MessageBody.maximumBytes else {
            throw .faults([
                Fault(path: "body", code: .tooLong, sentence: RefusalCode.bodyTooLarge.sentence)
            ])
        }
        return ComposedMessage(header: header, body: bytes, content: content)
    }

    private func labels(_ context: DraftContext) -> WireHeader {
        var header = WireHeader()
        let isLawEnforcement = Self.lawEnforcementKinds.contains(context.senderKind.text)
        header.messageID = context.messageID.data
        header.type = type
        header.schema = UInt32(MessageSchema.named(type)?.version ?? 0)
        header.sender = context.sender.text
        header.operator = context.operator
        header.sentAt = context.now.milliseconds
        header.status = fields.texts["status"] ?? "actual"
        header.tlp = fields.texts["marking"] ?? ""
        header.handling = fields.lists["handling"] ?? []
        header.purpose = fields.texts["purpose"] ?? Self.defaultPurpose(of: type, body: body)
        header.regime = fields.texts["regime"] ?? (isLawEnforcement ? "led" : "gdpr")
        header.dataLevel = fields.texts["data-level"] ?? "none"
        header.dataSubject = fields.texts["data-subject"] ?? ""
        header.urgency = fields.texts["urgency"] ?? ""
        header.language = fields.texts["language"] ?? "pl"
        header.selector.regions = fields.lists["to.regions"] ?? []
        header.selector.kinds = fields.lists["to.kinds"] ?? []
        header.selector.teams = fields.lists["to.teams"] ?? []
        header.selector.institutions = fields.lists["to.institutions"] ?? []
        header.selector.roles = fields.lists["to.roles"] ?? []
        return header
    }

    private func setTimes(
        of header: inout WireHeader,
        _ context: DraftContext,
        _ faults: inout [Fault]
    ) {
        header.keepUntil = Self.keepUntil(
            fields.texts["keep-until"] ?? "+\(Self.defaultKeepDays) days",
            sentOn: WarsawTime.date(at: context.now)
        )
        switch fields.texts["acknowledge-by"] {
        case "none":
            header.acknowledgeBy = 0
        case let text?:
            if let moment = Moment(rfc3339: text) {
                header.acknowledgeBy = moment.milliseconds
            } else {
                faults.append(
                    Fault(
                        .badTime,
                        at: "acknowledge-by",
                        label: HeaderLabels.label(of: "acknowledgeBy"),
                        "podaj datę i godzinę z przesunięciem albo none.",
                        "give date and time with an offset, or none."
                    )
                )
            }
        case nil:
            // A reply closes a question; asking for its acknowledgement would never end.
            let isReply = MessageSchema.named(type)?.isReply ?? false
            let entry = Vocabulary.current.entry(header.urgency, in: "urgency")
            let within = isReply ? .never : entry?.acknowledgeWithin ?? .never
            let deadline = WorkingDays.current.deadline(from: context.now, within: within)
            header.acknowledgeBy = deadline?.milliseconds ?? 0
        }
    }

    /// The day that `+N days` means; any other text stays, for the header's own check.
    static func keepUntil(_ text: String, sentOn day: CivilDate) -> String {
        let count = text.dropFirst().dropLast(" days".count)
        guard text.hasPrefix("+"), text.hasSuffix(" days"), (1...4).contains(count.count),
            count.allSatisfy({ $0.isASCII && $0.isNumber }), let days = Int(count)
        else { return text }
        return day.adding(days: days).description
    }

    private func setThread(
        of header: inout WireHeader,
        _ context: DraftContext,
        _ faults: inout [Fault]
    ) {
        func id(_ text: String, _ path: String, _ faults: inout [Fault]) -> Data? {
            if let id = MessageID(text) { return id.data }
            faults.append(
                Fault(
                    .badID,
                    at: path,
                    label: HeaderLabels.label(
                        of: path.hasPrefix("thread") ? "thread" : "references"
                    ),
                    "identyfikator ma złą postać.",
                    "the id is not of the right form."
                )
            )
            return nil
        }
        if let thread = fields.texts["thread"] {
            header.thread = id(thread, "thread", &faults) ?? Data()
        }
        for (index, reference) in (fields.lists["references"] ?? []).enumerated() {
            if let bytes = id(reference, "references[\(index)]", &faults) {
                header.references.append(bytes)
            }
        }
        guard let answered = context.answered else { return }
        if header.thread.isEmpty {
            header.thread = answered.thread.isEmpty ? answered.messageID : answered.thread
        }
        if !header.references.contains(answered.messageID) {
            header.references.append(answered.messageID)
        }
    }

    /// Reads and checks the body and takes the header's topics from it.
    private func readBody(_ header: inout WireHeader, _ faults: inout [Fault]) -> MessageBody? {
        // An unknown type is the header's fault.
        guard let (content, misfits) = try? MessageBody.read(type: type, body) else { return nil }
        let report = Validator.current.check(content, beside: header)
        header.topics = report.topics
        // A field that could not be read is not also reported as missing.
        let unreadable = Set(misfits.map(\.path))
        let found = misfits + report.faults.filter { !unreadable.contains($0.path) }
        faults += found.map { $0.nested(in: "body") }
        return content
    }

    /// The path in a draft of a header field's JSON path.
    private static func draftPath(_ path: String) -> String {
        if path.hasPrefix("selector") { return "to" + path.dropFirst("selector".count) }
        switch path {
        case "tlp": return "marking"
        case "dataLevel": return "data-level"
        case "dataSubject": return "data-subject"
        case "keepUntil": return "keep-until"
        case "acknowledgeBy": return "acknowledge-by"
        default: return path
        }
    }
}

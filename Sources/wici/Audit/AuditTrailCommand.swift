// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici audit trail: the chain of custody of one message.

import ArgumentParser
import WiciCore
import WiciLedger

/// Shows what happened to a message.
struct AuditTrailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trail",
        abstract: "Show the chain of custody of a message.",
        discussion: """
            Who sent it, who was eligible and who got it by which rule, when each had it on disk, \
            what refers to it. A message that was withheld later may have been read before: a \
            recipient is handed its mail at once, and the ledger learns of it only when it \
            acknowledges. Ends with 5 when the ledger does not know the message. An export is \
            verified first, as by wici audit verify: an altered one ends with 8 and shows nothing.

            Example:
              wici audit trail 0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f --ledger export \
            --key registry.note
            """
    )

    @Argument(help: "The message's id.")
    var message: String

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var output: OutputOptions

    private struct Step: Encodable {
        let index: UInt64
        let at: Moment
        let event: String
        var node: String?
        var number: UInt64?
        var type: String?
        var rules: [String]?
        var code: UInt32?
        var reason: String?
        var message: String?
        /// From when on the node may have read what was withheld from it later.
        var mayHaveReadSince: Moment?
    }

    func run() throws {
        let id = try MessageID.argument(message)
        var trail = AuditTrail(of: id)
        try ledger.source().forEachEntry { entry throws(LedgerError) in try trail.add(entry) }
        guard !trail.steps.isEmpty else {
            throw CommandFailure(
                .notFound,
                "message-unknown",
                "Księga nie zna wiadomości \(id).",
                "The ledger does not know the message \(id)."
            )
        }
        let steps = trail.steps.flatMap(Self.steps)
        if output.json { return try Console.write(json: steps) }
        var table = TextTable(
            say("wpis", "entry"),
            say("kiedy", "when"),
            say("co", "what"),
            say("węzeł", "node"),
            say("nr", "no"),
            say("szczegóły", "details")
        )
        for step in steps {
            let details =
                [
                    step.type, step.rules?.joined(separator: " "), step.reason, step.message,
                    step.mayHaveReadSince.map(Self.remark),
                ]
                .compactMap { $0 }.filter { !$0.isEmpty }
            table.add(
                "\(step.index)",
                step.at.inWarsaw,
                Self.word(step.event),
                step.node ?? "",
                step.number.map { "\($0)" } ?? "",
                details.joined(separator: "  ")
            )
        }
        Console.write(table.text)
        if !trail.outstanding.isEmpty {
            let nodes = trail.outstanding.map(\.text).joined(separator: " ")
            Console.write(say("Jeszcze nie doręczono: ", "Not delivered yet: ") + nodes)
        }
    }

    private static func remark(mayHaveReadSince moment: Moment) -> String {
        say(
            "mogła być odczytana przedtem: węzeł był odbiorcą od \(moment.inWarsaw)",
            "may have been read before: the node was a recipient from \(moment.inWarsaw) on"
        )
    }

    private static func word(_ event: String) -> String {
        switch event {
        case "accepted": say("przyjęta od", "accepted from")
        case "recipient": say("odbiorca", "recipient")
        case "eligible": say("uprawniony, bez subskrypcji", "eligible, not subscribed")
        case "refused": say("odmowa", "refused")
        case "delivered": say("doręczona", "delivered")
        case "withheld": say("wstrzymana od teraz", "withheld from now on")
        default: say("odniesienie od", "referred to by")
        }
    }

    private static func steps(_ step: AuditTrail.Step) -> [Step] {
        let index = step.index.value
        switch step.event {
        case .accepted(let acceptance):
            let first = Step(
                index: index,
                at: step.at,
                event: "accepted",
                node: acceptance.sender,
                type: acceptance.type,
                reason: acceptance.feedTopics.isEmpty
                    ? nil : acceptance.feedTopics.joined(separator: " ")
            )
            let receiving = Set(acceptance.audience.nodes)
            let recipients = acceptance.eligible.wire.recipients.map { recipient in
                let node = NodeID(recipient.node)
                let isReceiving = node.map { receiving.contains($0) } ?? false
                return Step(
                    index: index,
                    at: step.at,
                    event: isReceiving ? "recipient" : "eligible",
                    node: recipient.node,
                    number: node.flatMap { acceptance.numbers[$0]?.value },
                    rules: recipient.rules
                )
            }
            return [first] + recipients
        case .refused(let node, let code, let field, let rule):
            return [
                Step(
                    index: index,
                    at: step.at,
                    event: "refused",
                    node: node,
                    rules: rule.isEmpty ? nil : [rule],
                    code: code,
                    reason: (RefusalCode.numbered(code)?.name ?? "\(code)") + " \(field)"
                )
            ]
        case .delivered(let node, let number):
            return [
                Step(
                    index: index,
                    at: step.at,
                    event: "delivered",
                    node: node.text,
                    number: number.value
                )
            ]
        case .withheld(let node, let number, let reason, let code, let rule, let before):
            let since: Moment? =
                switch before {
                case .delivered: nil
                case .recipient(let moment): moment
                }
            return [
                Step(
                    index: index,
                    at: step.at,
                    event: "withheld",
                    node: node.text,
                    number: number.value,
                    rules: rule.isEmpty ? nil : [rule],
                    code: code,
                    reason: reason,
                    mayHaveReadSince: since
                )
            ]
        case .referred(let type, let sender, let message):
            return [
                Step(
                    index: index,
                    at: step.at,
                    event: "referred",
                    node: sender,
                    type: type,
                    message: "\(message)"
                )
            ]
        }
    }
}

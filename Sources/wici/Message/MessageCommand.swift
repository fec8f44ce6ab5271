// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici message: writing, checking, sending and reading messages.

import ArgumentParser
import WiciCore
import WiciNode

/// The noun `message`.
struct MessageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message",
        abstract: "Write, check, send and read messages.",
        subcommands: [
            MessageNewCommand.self, MessageCheckCommand.self, MessageSendCommand.self,
            MessageShowCommand.self,
        ]
    )
}

/// How messages and their recipients look in text.
enum MessageText {
    /// Who may have a message, by which rule, named or subscribed.
    static func table(of recipients: [RecipientModel]) -> String {
        var table = TextTable(
            say("instytucja", "institution"),
            say("węzeł", "node"),
            say("reguły", "rules"),
            say("dlaczego", "why")
        )
        for recipient in recipients {
            let why =
                recipient.named
                ? say("wskazana w wiadomości", "named in the message")
                : say("wybrana i objęta regułą", "selected and covered by the rule")
            table.add(
                recipient.institution ?? "?",
                recipient.node,
                recipient.rules.joined(separator: " "),
                why
            )
        }
        return table.text
    }

    /// Says what became of a message of one's own, and ends with 6 when the wait was for nothing.
    static func finish(
        _ entry: OutboxEntry,
        of client: NodeClient,
        json: Bool,
        waited: Int
    ) async throws {
        if !entry.state.isFinal, waited > 0, let status = try? await client.status(),
            status.connection == .refused, let refusal = status.refusal
        {
            // The hub is there and does not take this node: waiting would not help.
            throw CommandFailure(refusal: refusal.keeping(entry.id))
        }
        try finish(entry, json: json, waited: waited)
    }

    private static func finish(_ entry: OutboxEntry, json: Bool, waited: Int) throws {
        if json {
            try Console.write(json: entry)
            if let refusal = entry.refusal { throw CommandFailure(refusal: refusal) }
        } else {
            try show(entry)
        }
        switch entry.state {
        case .queued where waited > 0, .submitted where waited > 0:
            // The message is safe and nothing failed: only the number says that nobody has it yet.
            throw ExitCode(ExitStatus.timeout.rawValue)
        case .queued, .submitted, .accepted, .refused, .failed: return
        }
    }

    private static func show(_ entry: OutboxEntry) throws {
        switch entry.state {
        case .queued, .submitted:
            Console.write("\(entry.id)")
            Console.remark(
                say(
                    "Zapisana w węźle; wyjdzie, gdy węzeł centralny będzie dostępny.",
                    "On the node's disk; it leaves when the hub is there."
                )
            )
        case .accepted:
            Console.write("\(entry.id)")
            guard let receipt = entry.receipt else { return }
            Console.write(
                Console.paint(
                    say(
                        "Przyjęta: wpis \(receipt.index) w księdze, "
                            + "odbiorców \(receipt.audience.count) "
                            + "z \(receipt.eligible.count) uprawnionych.",
                        "Accepted: ledger entry \(receipt.index), \(receipt.audience.count) "
                            + "recipients of \(receipt.eligible.count) eligible."
                    ),
                    .good
                )
            )
            guard receipt.audience.isEmpty else {
                return Console.write(table(of: receipt.audience))
            }
            Console.remark(
                say(
                    "Nikt jej nie dostanie: nikogo nie wymieniono z nazwy i nikt z uprawnionych "
                        + "takich wiadomości nie subskrybuje.",
                    "Nobody receives it: none is named, and none of the eligible has subscribed "
                        + "to such messages."
                )
            )
        case .refused, .failed:
            guard let refusal = entry.refusal else {
                throw CommandFailure(
                    .failed,
                    "not-sent",
                    "Wiadomości nie wysłano.",
                    "The message was not sent."
                )
            }
            throw CommandFailure(refusal: refusal)
        }
    }
}

extension RefusalReport {
    /// A refusal of the node itself, with what becomes of a message that it could not send.
    fileprivate func keeping(_ message: MessageID) -> RefusalReport {
        RefusalReport(
            code: code,
            name: name,
            retryable: retryable,
            field: field,
            rule: rule,
            help: BilingualText(
                pl: "\(help.pl) Wiadomość \(message) zostaje na dysku węzła i wyjdzie, gdy węzeł "
                    + "centralny znów przyjmie ten węzeł; nie wysyłaj jej ponownie.",
                en: "\(help.en) The message \(message) stays on the node's disk and leaves when "
                    + "the hub takes this node again; do not send it again."
            ),
            message: message
        )
    }
}

extension CommandFailure {
    /// A refusal that a node or hub reported.
    init(refusal report: RefusalReport) {
        let status = RefusalCode.numbered(report.code).map { ExitStatus($0) } ?? .failed
        self.init(status, report)
    }
}

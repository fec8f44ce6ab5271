// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici message show: one message with its labels and content.

import ArgumentParser
import WiciCore
import WiciNode

/// Shows a message.
struct MessageShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a message that the node received or sent.",
        discussion: """
            Showing is not acknowledging. Ends with 8 when the message failed the node's check.

            Example:
              wici message show 0198d2c4-6b1e-7c3a-9f5e-1a2b3c4d5e6f --json
            """
    )

    @Argument(help: "The message's id.")
    var id: String

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let view = try await node.client().message(try MessageID.argument(id))
        if output.json {
            try Console.write(json: view)
        } else {
            show(view)
        }
        if view.inbox?.suspect != nil { throw ExitCode(ExitStatus.integrity.rawValue) }
    }

    private func show(_ view: MessageView) {
        let labels = view.labels
        if let suspect = view.inbox?.suspect {
            Console.write(
                Console.paint(
                    say("PODEJRZANA: \(suspect.help.pl)", "SUSPECT: \(suspect.help.en)"),
                    .bad
                )
            )
        }
        let marking = labels.marking + (labels.handling.map { " \($0)" }.joined())
        var rows: [(String, String)] = [
            (say("wiadomość", "message"), "\(labels.id)"),
            (say("rodzaj", "type"), labels.type),
            (say("oznaczenie", "marking"), marking),
            (say("pilność", "urgency"), labels.urgency),
            (say("nadawca", "sender"), "\(labels.institution ?? "?") (\(labels.sender))"),
            (say("wysłano", "sent"), labels.sentAt.inWarsaw),
            (say("stan", "status"), Words.status(labels.status)),
            (say("cel", "purpose"), Words.purpose(labels.purpose)),
            (say("przechowywać do", "keep until"), labels.keepUntil),
        ]
        for (label, names) in Self.recipients(labels.to, of: view.outbox) {
            rows.append((label, names))
        }
        if let deadline = labels.acknowledgeBy {
            rows.append((say("potwierdzić do", "acknowledge by"), deadline.inWarsaw))
        }
        if let moment = view.inbox?.acknowledgedAt {
            rows.append((say("potwierdzono", "acknowledged"), moment.inWarsaw))
        }
        for reference in labels.references {
            rows.append((say("dotyczy", "refers to"), "\(reference)"))
        }
        for (label, value) in rows {
            Console.write(label + String(repeating: " ", count: max(1, 18 - label.count)) + value)
        }
        if let body = view.body {
            Console.write("")
            show(body, under: "", of: MessageSchema.named(labels.type))
        }
    }

    /// Whom the writer chose, and who gets a message of one's own.
    private static func recipients(
        _ to: SelectorModel,
        of sent: OutboxEntry?
    ) -> [(String, String)] {
        let chosen = [to.regions, to.kinds, to.teams, to.institutions, to.roles]
            .filter { !$0.isEmpty }.map { $0.joined(separator: " ") }
        var rows = [(say("do", "to"), chosen.isEmpty ? "-" : chosen.joined(separator: "; "))]
        if let receipt = sent?.receipt {
            let names = receipt.audience.map { $0.institution ?? $0.node }
            rows.append((say("odbiorcy", "recipients"), names.joined(separator: " ")))
        }
        return rows
    }

    /// The content with the labels of the schema.
    private func show(_ value: JSONValue, under margin: String, of schema: MessageSchema?) {
        guard case .object(let members) = value else { return }
        let names = schema?.fields.map(\.jsonName) ?? []
        let order = { (name: String) in names.firstIndex(of: name) ?? Int.max }
        let sorted = members.sorted { (order($0.key), $0.key) < (order($1.key), $1.key) }
        for (name, value) in sorted {
            let field = schema?.field(jsonName: name)
            let label = Console.paint(field?.label[Console.language] ?? name, .strong)
            switch value {
            case .object:
                Console.write("\(margin)\(label):")
                show(value, under: margin + "  ", of: field?.group)
            case .list(let items) where items.contains(where: \.isObject):
                Console.write("\(margin)\(label):")
                for item in items {
                    Console.write("\(margin)  -")
                    show(item, under: margin + "    ", of: field?.group)
                }
            case .list(let items):
                let words = items.map { $0.words(in: field?.codeList) }
                Console.write("\(margin)\(label): \(words.joined(separator: "; "))")
            case .null, .boolean, .integer, .number, .text:
                Console.write("\(margin)\(label): \(value.words(in: field?.codeList))")
            }
        }
    }
}

extension JSONValue {
    fileprivate var isObject: Bool {
        if case .object = self { true } else { false }
    }

    /// A scalar as text; a code with its name.
    fileprivate func words(in list: String?) -> String {
        switch self {
        case .null: ""
        case .boolean(let value): value ? say("tak", "yes") : say("nie", "no")
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let text):
            list.flatMap { Vocabulary.current.entry(text, in: $0) }
                .map { "\(text) \($0.name[Console.language])" } ?? text
        case .list, .object: ""
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici subscribe and wici subscriptions: what the institution wants among what it may have.

import ArgumentParser
import Foundation
import WiciCore
import WiciNode

/// Changes the node's subscriptions.
struct SubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscribe",
        abstract: "Subscribe the node to messages; conditions narrow one another.",
        discussion: """
            Adds one subscription; with --replace it becomes the only one, --all asks for \
            everything, and --none removes all. Without any of these nothing is changed: the \
            present subscriptions are shown. Who is named in a message receives it without a \
            subscription. Ends with 3 when the policy grants nothing that would match.

            Examples:
              wici subscribe --type warning --type case-alert --region PL-06
              wici subscribe --urgency-from UR-3
              wici subscribe --all
              wici subscribe --none
            """
    )

    @Option(help: "Message type; may be given more than once.")
    var type: [String] = []

    @Option(help: "Region, for example PL-06.")
    var region: [String] = []

    @Option(help: "Least urgency, UR-1 to UR-4.")
    var urgencyFrom = ""

    @Option(help: "Topic code, for example EX-LAB.")
    var topic: [String] = []

    @Option(help: "Kind of the sender's institution, for example IK-NGO.")
    var senderKind: [String] = []

    @Option(help: "Status: actual, exercise or test.")
    var status: [String] = []

    @Flag(help: "Everything that the rules let this node have.")
    var all = false

    @Flag(help: "Replace all subscriptions by this one.")
    var replace = false

    @Flag(help: "Remove all subscriptions.")
    var none = false

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let added = SubscriptionModel(
            types: type,
            regions: region,
            urgencyFrom: urgencyFrom,
            topics: topic,
            senderKinds: senderKind,
            statuses: status
        )
        try check(added)
        let client = try node.client()
        let present = try await client.subscriptions()
        guard added != SubscriptionModel() || all || none else {
            Console.remark(
                say(
                    "Nic nie zmieniono. Podaj warunek, --all albo --none; obecne subskrypcje:",
                    "Nothing was changed. Give a condition, --all or --none; the present "
                        + "subscriptions:"
                )
            )
            return try SubscriptionsCommand.show(present, json: output.json)
        }
        let kept = replace || none ? [] : present
        let confirmed = try await client.subscribe(none ? [] : kept + [added])
        try SubscriptionsCommand.show(confirmed, json: output.json)
    }

    /// Refuses what contradicts itself, and a word that is in no list.
    private func check(_ added: SubscriptionModel) throws {
        let isConditional = added != SubscriptionModel()
        guard [isConditional, all, none].count(where: { $0 }) <= 1 else {
            throw CommandFailure.usage(
                "Warunki, --all i --none wykluczają się wzajemnie; nic nie zmieniono.",
                "Conditions, --all and --none exclude one another; nothing was changed."
            )
        }
        guard !replace || isConditional || all else {
            throw CommandFailure.usage(
                "--replace: podaj warunek albo --all; nic nie zmieniono.",
                "--replace: give a condition or --all; nothing was changed."
            )
        }
        for word in type {
            try check(word, of: "--type", SubscriptionModel(types: [word]), "schema list")
        }
        for word in region {
            let model = SubscriptionModel(regions: [word])
            try check(word, of: "--region", model, "schema list voivodeship")
        }
        if !urgencyFrom.isEmpty {
            let model = SubscriptionModel(urgencyFrom: urgencyFrom)
            try check(urgencyFrom, of: "--urgency-from", model, "schema list urgency")
        }
        for word in topic {
            let lists = SubscriptionModel.topicLists.joined(separator: "|")
            let model = SubscriptionModel(topics: [word])
            try check(word, of: "--topic", model, "schema list \(lists)")
        }
        for word in senderKind {
            let model = SubscriptionModel(senderKinds: [word])
            try check(word, of: "--sender-kind", model, "schema list institution-kind")
        }
        for word in status {
            let model = SubscriptionModel(statuses: [word])
            try check(word, of: "--status", model, "schema list status")
        }
    }

    private func check(
        _ word: String,
        of option: String,
        _ model: SubscriptionModel,
        _ list: String
    ) throws {
        guard let refusal = model.refusal else { return }
        throw CommandFailure(
            refusal.code,
            field: option,
            Bilingual(
                polish: "\(option): „\(word)” nie jest na liście; zob. wici \(list)",
                english: "\(option): \"\(word)\" is not in the list; see wici \(list)"
            )
        )
    }
}

/// Lists the node's subscriptions.
struct SubscriptionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscriptions",
        abstract: "List the subscriptions that the hub has confirmed.",
        discussion: """
            Example:
              wici subscriptions --to-node node --json
            """
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try Self.show(try await node.client().subscriptions(), json: output.json)
    }

    static func show(_ subscriptions: [SubscriptionModel], json: Bool) throws {
        if json { return try Console.write(json: subscriptions) }
        guard !subscriptions.isEmpty else {
            return Console.write(
                say(
                    "Brak subskrypcji: przychodzi tylko to, w czym instytucję wskazano.",
                    "No subscriptions: only what names the institution arrives."
                )
            )
        }
        for (place, one) in subscriptions.enumerated() {
            let lists: [(String, [String])] = [
                (say("rodzaje", "types"), one.types), (say("regiony", "regions"), one.regions),
                (
                    say("pilność od", "urgency from"),
                    one.urgencyFrom.isEmpty ? [] : [one.urgencyFrom]
                ),
                (say("tematy", "topics"), one.topics),
                (say("nadawcy", "senders"), one.senderKinds),
                (say("stan", "status"), one.statuses.map(Words.status)),
            ]
            let words = lists.filter { !$0.1.isEmpty }
                .map { "\($0.0): \($0.1.joined(separator: " "))" }
            let text = words.isEmpty ? say("wszystko", "everything") : words.joined(separator: "; ")
            Console.write("\(place + 1)  \(text)")
        }
    }
}

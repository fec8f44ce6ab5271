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
            Adds one subscription; with --replace it becomes the only one, and --none removes \
            all. Who is named in a message receives it without a subscription. Ends with 3 when \
            the policy grants nothing that would match.

            Examples:
              wici subscribe --type warning --type case-alert --region PL-06
              wici subscribe --urgency-from UR-3
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

    @Flag(help: "Replace all subscriptions by this one.")
    var replace = false

    @Flag(help: "Remove all subscriptions.")
    var none = false

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try node.client()
        let added = SubscriptionModel(
            types: type,
            regions: region,
            urgencyFrom: urgencyFrom,
            topics: topic,
            senderKinds: senderKind,
            statuses: status
        )
        let kept = replace || none ? [] : try await client.subscriptions()
        let confirmed = try await client.subscribe(none ? [] : kept + [added])
        try SubscriptionsCommand.show(confirmed, json: output.json)
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
                (say("stan", "status"), one.statuses),
            ]
            let words = lists.filter { !$0.1.isEmpty }
                .map { "\($0.0): \($0.1.joined(separator: " "))" }
            let text = words.isEmpty ? say("wszystko", "everything") : words.joined(separator: "; ")
            Console.write("\(place + 1)  \(text)")
        }
    }
}

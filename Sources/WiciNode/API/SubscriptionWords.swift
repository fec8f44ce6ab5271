// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whether the words of a subscription are words of the vocabulary: one that is not would never match,
// and whoever asked for it would wait in vain.

public import WiciCore

extension SubscriptionModel {
    /// The code lists whose codes are topics of messages, in the order of the alphabet.
    public static let topicLists: [String] = {
        var lists: Set<String> = []
        func gather(_ fields: [FieldSchema]) {
            for field in fields {
                if field.isTopic, let list = field.codeList { lists.insert(list) }
                if let group = field.group { gather(group.fields) }
            }
        }
        for schema in MessageSchema.all { gather(schema.fields) }
        return lists.sorted()
    }()

    /// Why it cannot be asked for, with the place of the word at fault; `nil` when every word is known.
    public var refusal: Refusal? {
        do throws(RoutingRefusal) {
            _ = try Subscription(wire: wire)
        } catch {
            return error.refusal
        }
        let unknown = topics.firstIndex { topic in
            !Self.topicLists.contains { Vocabulary.current.entry(topic, in: $0) != nil }
        }
        return unknown.map { Refusal(.subscriptionFault, field: "topics[\($0)]") }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The parts of a request that are not its body, read strictly: what is there must be right.

import HTTPTypes
import Hummingbird
import WiciCore

extension Request {
    /// A whole number of the query within a range, or what stands for its absence.
    func number<Number: FixedWidthInteger>(
        _ name: String,
        in range: ClosedRange<Number>,
        otherwise: Number
    ) throws(NodeError) -> Number {
        guard let text = try parameter(name) else { return otherwise }
        guard let number = Number(text), range.contains(number) else {
            throw NodeError(.requestMalformed, field: name)
        }
        return number
    }

    /// A truth value of the query, `true` or `false`; absent is false.
    func flag(_ name: String) throws(NodeError) -> Bool {
        switch try parameter(name) {
        case nil, "false": return false
        case "true": return true
        default: throw NodeError(.requestMalformed, field: name)
        }
    }

    /// A text of the query that must be there and not be empty.
    func text(_ name: String) throws(NodeError) -> String {
        guard let text = try parameter(name), !text.isEmpty else {
            throw NodeError(.requestMalformed, field: name)
        }
        return text
    }

    /// How long the caller wants to wait for a message's final state.
    func wait() throws(NodeError) -> Duration {
        .seconds(try number("wait", in: 0...60, otherwise: 0))
    }

    /// Refuses parameters of the query that the route does not know.
    func allow(_ names: String...) throws(NodeError) {
        for (name, _) in uri.queryParameters where !names.contains(String(name)) {
            throw NodeError(.requestMalformed, field: String(name.prefix(64)))
        }
    }

    private func parameter(_ name: String) throws(NodeError) -> String? {
        let values = uri.queryParameters[values: name[...]]
        guard values.count <= 1 else { throw NodeError(.requestMalformed, field: name) }
        return values.first.map { String($0) }
    }
}

extension RequestContext {
    /// The message that the path names.
    func messageID() throws(NodeError) -> MessageID {
        guard let text = parameters.get("id"), let id = MessageID(text) else {
            throw NodeError(.requestMalformed, field: "id")
        }
        return id
    }
}

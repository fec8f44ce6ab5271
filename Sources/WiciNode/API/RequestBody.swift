// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a program sends in the body of a request, read from its bytes: pure functions, so that they
// can be held against any bytes at all without a server.

package import Foundation
package import WiciCore

/// An acknowledgement as requested.
struct AcknowledgeRequest: Codable, Sendable {
    var note: String?
}

/// Reads the bodies of requests.
package enum RequestBody {
    /// The largest body, in bytes.
    package static let limit = 512 << 10
    /// The largest body of an acknowledgement, in bytes.
    package static let noteLimit = 64 << 10

    /// A message to send or preview, in JSON or YAML.
    package static func draft(_ bytes: Data) throws(NodeError) -> MessageDraft {
        do throws(DraftError) {
            return try MessageDraft(bytes: bytes)
        } catch {
            throw NodeError(faults: error.faults)
        }
    }

    /// The note of an acknowledgement; empty when the body or the note is.
    package static func note(_ bytes: Data) throws(NodeError) -> String {
        guard !bytes.isEmpty else { return "" }
        guard let asked = try? NodeJSON.decoder().decode(AcknowledgeRequest.self, from: bytes)
        else { throw NodeError(.requestMalformed, field: "note") }
        return asked.note ?? ""
    }

    /// The subscriptions that shall take the place of the present ones.
    package static func subscriptions(_ bytes: Data) throws(NodeError) -> SubscriptionList {
        do {
            return try NodeJSON.decoder().decode(SubscriptionList.self, from: bytes)
        } catch let error as DecodingError {
            throw NodeError(.requestMalformed, field: error.fieldPath)
        } catch {
            throw NodeError(.requestMalformed)
        }
    }
}

extension DecodingError {
    /// The place in the JSON that could not be read, for example `subscriptions[0].types`.
    var fieldPath: String {
        let path: [any CodingKey]
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            path = context.codingPath
        case .keyNotFound(let key, let context): path = context.codingPath + [key]
        @unknown default: path = []
        }
        return path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + String(key.stringValue.prefix(64))
            }
        }
    }
}

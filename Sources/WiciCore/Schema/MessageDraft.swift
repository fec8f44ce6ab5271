// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A draft is what a person or an institution's own system writes: YAML or JSON with the header's
// labels and the body. Composing it fills in the defaults, computes topics and deadline, and gives
// the header and body that are then signed; or every fault at once.

public import Foundation

/// A draft as it was read, before it is checked.
public struct MessageDraft: Sendable {
    /// The message type, as written.
    public let type: String
    /// The sending institution, as a hint for whoever sends samples; not part of the message.
    public let from: String?
    /// Which sample this one answers; not part of the message.
    public let answers: String?
    /// The body as plain data.
    public let body: PlainValue

    let fields: DraftFields

    /// Reads a draft in YAML; throws only when the text is not readable as YAML at all.
    public init(yaml text: String) throws(DraftError) {
        do throws(PlainValueError) {
            self.init(try PlainValue(yaml: text))
        } catch {
            throw .unreadable(error)
        }
    }

    /// Reads a draft in JSON; throws only when the bytes are not readable as JSON at all.
    public init(json bytes: Data) throws(DraftError) {
        do throws(PlainValueError) {
            self.init(try PlainValue(json: bytes))
        } catch {
            throw .unreadable(error)
        }
    }

    /// Reads a draft in either form: JSON when the first character is a brace.
    public init(bytes: Data) throws(DraftError) {
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        if bytes.first(where: { !blanks.contains($0) }) == UInt8(ascii: "{") {
            try self.init(json: bytes)
        } else if let text = String(validating: bytes, as: UTF8.self) {
            try self.init(yaml: text)
        } else {
            throw .unreadable(PlainValueError(reason: .malformed, line: 0))
        }
    }

    /// Reads a draft from plain data.
    public init(_ value: PlainValue) {
        var fields = DraftFields(value)
        self.type = fields.text("type") ?? ""
        self.from = fields.text("from")
        self.answers = fields.text("answers")
        self.body = value["body"] ?? .null
        fields.readAll()
        self.fields = fields
    }

    /// The purpose of a type's messages where the draft names none.
    ///
    /// A request for information takes the purpose that its body states.
    public static func defaultPurpose(of type: String, body: PlainValue = .null) -> String {
        switch type {
        case "case-alert", "joint-action": "inspection"
        case "support-request", "support-offer", "follow-up": "support"
        case "info-request": body["purpose"]?.text ?? "analysis"
        case "info-reply", "periodic-report": "analysis"
        default: "prevention"
        }
    }

    /// The institution kinds whose data falls under the law-enforcement directive.
    static let lawEnforcementKinds: Set<String> = ["IK-POL", "IK-SG", "IK-PRO", "IK-KGP", "IK-KSG"]
}

/// Why a draft did not become a message.
public enum DraftError: Error, Hashable, Sendable {
    /// The text is not readable at all.
    case unreadable(PlainValueError)
    /// Everything that is wrong; paths are those of the draft.
    case faults([Fault])

    /// The faults; what is unreadable counts as one at the empty path.
    public var faults: [Fault] {
        switch self {
        case .unreadable(let error):
            [Fault(path: "", code: .wrongType, sentence: error.sentence)]
        case .faults(let faults):
            faults
        }
    }
}

/// What a draft is completed with.
public struct DraftContext: Sendable {
    /// The sending node.
    public let sender: NodeID
    /// The kind of the sender's institution, for example `IK-POL`.
    public let senderKind: Code
    /// Pseudonym of the person at the desk.
    public let `operator`: String
    /// The moment of sending.
    public let now: Moment
    /// The message's id.
    public let messageID: MessageID
    /// Header of the message that this one answers, whose thread it joins; nil when it answers none.
    public let answered: WireHeader?

    /// Makes a context.
    public init(
        sender: NodeID,
        senderKind: Code,
        operator: String,
        now: Moment,
        messageID: MessageID,
        answered: WireHeader? = nil
    ) {
        self.answered = answered
        self.sender = sender
        self.senderKind = senderKind
        self.operator = `operator`
        self.now = now
        self.messageID = messageID
    }
}

/// A checked message that only lacks seal and signature.
public struct ComposedMessage: Sendable {
    /// The header.
    public let header: WireHeader
    /// The body's protobuf bytes.
    public let body: Data
    /// The body as a value.
    public let content: MessageBody
}

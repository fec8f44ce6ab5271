// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A header read in place, in two parts: what is this message's alone, and the labels, which the
// messages of an operator share for hours. Whoever has judged labels once need not decode them
// again; under load that is most of what a hub saves.

public import Foundation

/// What the bytes of a header say, without decoding its labels.
public struct HeaderOutline: Hashable, Sendable {
    /// The message's id.
    public let messageID: MessageID
    /// The sending node.
    public let sender: NodeID
    /// Times, thread and references.
    public let particulars: HeaderParticulars
    /// The commitment to the content key of a sealed message; `nil` when it is not sealed.
    public let seal: Digest?
    /// Everything else.
    public let labels: HeaderLabelBytes

    /// Reads a header whose fields stand in ascending order, each singular one once.
    package init(_ bytes: UnsafeRawBufferPointer) throws(EnvelopeError) {
        var messageID: MessageID?
        var sender: NodeID?
        var particulars = HeaderParticulars()
        var seal: Digest?
        var labels: [UInt8] = []
        labels.reserveCapacity(bytes.count)
        var fields = CanonicalFields(bytes)
        var last: UInt64 = 0
        var start = 0
        while let (field, value) = fields.next() {
            guard field > last || field == last && Self.repeated.contains(field) else {
                throw .malformedHeader
            }
            switch (field, value) {
            case (1, .bytes(let id)): messageID = MessageID(bytes: id)
            case (6, .number(let time)): particulars.sentAt = Int64(bitPattern: time)
            case (14, .bytes(let date)):
                guard let date = String(validating: date, as: UTF8.self) else {
                    throw .malformedHeader
                }
                particulars.keepUntil = date
            case (16, .number(let time)): particulars.acknowledgeBy = Int64(bitPattern: time)
            case (19, .bytes(let id)): particulars.thread = Data(id)
            case (20, .bytes(let id)): particulars.references.append(Data(id))
            case (22, .bytes(let info)): seal = try Self.commitment(info)
            case (4, .bytes(let node)):
                sender = String(validating: node, as: UTF8.self).flatMap { NodeID($0) }
                labels.append(contentsOf: bytes[start..<fields.place])
            case (3, .number), (2...21, .bytes):
                labels.append(contentsOf: bytes[start..<fields.place])
            default: throw .malformedHeader
            }
            last = field
            start = fields.place
        }
        guard fields.isAtEnd, let messageID, let sender else { throw .malformedHeader }
        self.messageID = messageID
        self.sender = sender
        self.particulars = particulars
        self.seal = seal
        self.labels = HeaderLabelBytes(bytes: labels, isSealed: seal != nil)
    }

    /// Handling, topics, references.
    private static let repeated: [UInt64] = [9, 18, 20]

    private static func commitment(_ info: UnsafeRawBufferPointer) throws(EnvelopeError) -> Digest {
        var fields = CanonicalFields(info)
        guard let suite = fields.number(1), let commitment = fields.bytes(2), fields.isAtEnd else {
            throw .malformedHeader
        }
        guard suite == UInt64(Seal.suite) else { throw .unknownSuite }
        guard let commitment = Digest(bytes: commitment) else { throw .malformedHeader }
        return commitment
    }
}

/// The fields of a header that are each message's own, beside its id and sender.
public struct HeaderParticulars: Hashable, Sendable {
    /// When the sender says it sent, in milliseconds since 1970; 0 when it does not say.
    public var sentAt: Int64 = 0
    /// The day after which the content is erased, `YYYY-MM-DD`.
    public var keepUntil = ""
    /// Until when to acknowledge, in milliseconds since 1970; 0 for no such time.
    public var acknowledgeBy: Int64 = 0
    /// The thread's first message; empty for none.
    public var thread = Data()
    /// Messages that this one answers or corrects.
    public var references: [Data] = []
}

extension HeaderParticulars {
    /// Takes them from a decoded header.
    init(_ header: WireHeader) {
        sentAt = header.sentAt
        keepUntil = header.keepUntil
        acknowledgeBy = header.acknowledgeBy
        thread = header.thread
        references = header.references
    }
}

/// The labels of a header as its bytes have them, the sender among them; equal bytes are equal
/// labels.
public struct HeaderLabelBytes: Hashable, Sendable {
    let bytes: [UInt8]
    let isSealed: Bool

    /// Feeds every byte at once, which an array would do one by one.
    public func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(isSealed)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Messages: envelopes, headers, bodies, seals, and the recipient's own judgement of a delivery.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciNode

extension FuzzTarget {
    /// An envelope as submitted and as delivered: what is accepted has one encoding only.
    static let envelope = FuzzTarget("envelope", longestInput: 16 << 10) { input in
        for form in [EnvelopeParts.Form.submitted, .delivered] {
            guard
                let parts = accepted({ () throws(EnvelopeError) in
                    try EnvelopeParts(bytes: input, form: form)
                })
            else { continue }
            try require(parts.written == input, "an accepted envelope is written as it was read")
            let deliverable = parts.deliverable
            for wrap in parts.wraps.prefix(4) where form == .submitted {
                let node = try known(NodeID(wrap.recipient))
                let delivery = try known(deliverable.bytes(for: node))
                let delivered = try EnvelopeParts(bytes: delivery, form: .delivered)
                try require(delivered.digest == parts.digest, "a delivery has the same digest")
            }
            var verifier = BatchVerifier()
            let key = try FuzzKeys.shared.get().sender.publicKey
            for _ in 0..<2 {
                _ = accepted { () throws(EnvelopeError) in
                    try parts.verified(with: &verifier, key: key)
                }
            }
        }
    }

    /// A header: its labels are judged, its recipients found, and it is shown as JSON.
    static let header = FuzzTarget("header", longestInput: 8 << 10) { input in
        guard let header = try? WireHeader(serializedBytes: input) else { return }
        let network = try FuzzNetwork.shared.get()
        let faults = HeaderValidator.current.check(header)
        try require(faults.count <= 101, "faults are bounded")
        let refusal = Eligibility.refusal(
            ofDelivering: header,
            to: network.office,
            registry: network.release.registry,
            policy: network.release.policy,
            at: FuzzNetwork.now
        )
        try require(refusal != nil || header.type != "", "a header without type is for nobody")
        _ = accepted { () throws(RoutingRefusal) in
            try SubscriptionFacts(header: header, registry: network.release.registry)
        }
        _ = WarsawTime.date(at: Moment(milliseconds: header.sentAt))
        guard let labels = MessageLabels(header) else { return }
        let json = try NodeJSON.encoder().encode(labels)
        guard faults.isEmpty else { return }
        let again = try NodeJSON.decoder().decode(MessageLabels.self, from: json)
        try require(again == labels, "the labels of a header without fault survive JSON")
    }

    /// A body: the first byte chooses the type, the rest is the message, which is judged in place and
    /// decoded.
    static let body = FuzzTarget("body", longestInput: 16 << 10) { input in
        guard let first = input.first else { return }
        let types = MessageSchema.all.map(\.type)
        let type = types[Int(first) % types.count]
        let bytes = Data(input.dropFirst())
        var header = WireHeader()
        header.type = type
        let judged = accepted { () throws(BodyError) in
            try Validator.current.check(bytes: bytes, beside: header)
        }
        let body = accepted { () throws(BodyError) in try MessageBody(type: type, bytes: bytes) }
        try require((judged == nil) == (body == nil), "what is judged in place can be decoded")
        guard let judged, let body else { return }
        let report = Validator.current.check(body, beside: header)
        // Written again, an unknown field stands at the end, and no more in order.
        let isGood = report.faults.isEmpty
        try require(judged.faults.isEmpty == isGood, "both find faults or none")
        try require(!isGood || judged == report, "both find the same topics")
        try require(report.faults.count <= 101, "faults are bounded")
        try require(report.topics.count <= Validator.maximumTopics, "topics are bounded")
        guard report.faults.isEmpty else { return }
        let json = try body.json()
        let again = try MessageBody(type: type, json: Data(json.utf8))
        try require(again == body, "a body without fault survives JSON")
    }

    /// What is inside a seal, and a sealed envelope, signed again and opened.
    static let sealedBody = FuzzTarget("sealed-body", longestInput: 20 << 10) { input in
        let content = accepted { () throws(SealError) in try SealPadding.content(input) }
        if let content {
            try require(SealPadding.padded(content) == input, "sealed content has one encoding")
        }
        let keys = try FuzzKeys.shared.get()
        let network = try FuzzNetwork.shared.get()
        guard let signed = keys.signed(input) else { return }
        for form in [EnvelopeParts.Form.submitted, .delivered] {
            guard let parts = try? EnvelopeParts(bytes: signed, form: form) else { continue }
            var verifier = BatchVerifier()
            let envelope = try parts.verified(with: &verifier, key: keys.sender.publicKey)
            for node in [network.police, network.office] {
                _ = accepted { () throws(SealError) in
                    try Unseal.open(envelope, as: node, keys: keys.sealing)
                }
            }
        }
    }

    /// A delivery as the office's node judges it, as it is and signed by its sender.
    static let delivery = FuzzTarget("delivery", longestInput: 16 << 10) { input in
        let keys = try FuzzKeys.shared.get()
        let network = try FuzzNetwork.shared.get()
        let check = DeliveryCheck(
            node: network.office,
            registry: network.release.registry,
            policy: network.release.policy,
            sealingKeys: keys.sealing
        )
        for bytes in [input, keys.signed(input)].compactMap({ $0 }) {
            var verifier = BatchVerifier()
            let row = check.row(
                of: IncomingDelivery(
                    number: MailboxNumber(1),
                    index: LedgerIndex(1),
                    content: .envelope(bytes)
                ),
                verifier: &verifier,
                now: FuzzNetwork.now
            )
            try require(row.envelope == bytes, "what arrived is kept as it came")
            guard row.suspicion == nil else { continue }
            try require(row.messageID != nil, "a message in order has its id")
            let header = try WireHeader(serializedBytes: row.header)
            let body = try MessageBody(type: header.type, bytes: row.body)
            let faults = Validator.current.check(body).faults
            try require(faults.isEmpty, "a message in order has no fault")
            let labels = try known(MessageLabels(header))
            let json = try NodeJSON.encoder().encode(labels)
            let again = try NodeJSON.decoder().decode(MessageLabels.self, from: json)
            try require(again == labels, "the labels of a message in order survive JSON")
        }
    }
}

extension EnvelopeParts {
    /// The envelope put together again.
    fileprivate var written: Data? {
        var envelope = WireEnvelope()
        envelope.header = headerBytes
        envelope.body = bodyBytes
        envelope.signature = signature.wire
        envelope.wraps = wraps
        if let wrapProof { envelope.wrapProof = wrapProof }
        return try? envelope.serializedData()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The receiver's own check of a delivery: the sender's signature, whether this node may have the
// message at all, the seal, the body. What fails is kept as evidence under its number, flagged, and
// never shown as a message in order.

import Foundation
package import WiciCore

/// Judges deliveries under the documents in force.
package struct DeliveryCheck {
    let node: NodeID
    let registry: Registry
    let policy: Policy
    let sealingKeys: [SealingPrivateKey]

    /// Takes the documents under which a node judges.
    package init(
        node: NodeID,
        registry: Registry,
        policy: Policy,
        sealingKeys: [SealingPrivateKey]
    ) {
        self.node = node
        self.registry = registry
        self.policy = policy
        self.sealingKeys = sealingKeys
    }

    /// `nil` while the node cannot judge.
    init?(node: NodeID, documents: TrustedDocuments, sealingKeys: [SealingPrivateKey]) {
        guard let registry = documents.registry, let policy = documents.policy else { return nil }
        self.init(node: node, registry: registry, policy: policy, sealingKeys: sealingKeys)
    }

    /// The inbox row of a delivery; its `suspicion` is `nil` when everything is in order.
    package func row(
        of delivery: IncomingDelivery,
        verifier: inout BatchVerifier,
        now: Moment
    ) -> InboxRow {
        switch delivery.content {
        case .tombstone(let messageID, let reason):
            return InboxRow(
                number: delivery.number,
                index: delivery.index,
                messageID: MessageID(bytes: messageID),
                tombstone: reason.isEmpty ? "withheld" : String(reason.prefix(32)),
                receivedAt: now
            )
        case .envelope(let bytes):
            return row(of: bytes, delivery, verifier: &verifier, now: now)
        }
    }

    private func row(
        of bytes: Data,
        _ delivery: IncomingDelivery,
        verifier: inout BatchVerifier,
        now: Moment
    ) -> InboxRow {
        let envelope: VerifiedEnvelope
        do throws(EnvelopeError) {
            let parts = try EnvelopeParts(bytes: bytes, form: .delivered)
            envelope = try verified(parts, &verifier)
        } catch {
            // Without a valid signature the id is nobody's word and must not occupy its place.
            return InboxRow(
                number: delivery.number,
                index: delivery.index,
                messageID: nil,
                envelope: bytes,
                suspicion: error.refusal.code.number,
                receivedAt: now
            )
        }
        var body = Data()
        var suspicion: UInt32?
        do throws(NodeError) {
            let header = try header(of: envelope)
            try checkEligibility(header, now: now)
            body = try content(of: envelope, header)
        } catch {
            suspicion = error.report.code
        }
        return InboxRow(
            number: delivery.number,
            index: delivery.index,
            messageID: envelope.parts.messageID,
            header: envelope.parts.headerBytes,
            envelope: bytes,
            body: body,
            suspicion: suspicion,
            receivedAt: now
        )
    }

    /// Verifies under the sender's present key or one that was in use when it says it sent.
    private func verified(
        _ parts: EnvelopeParts,
        _ verifier: inout BatchVerifier
    ) throws(EnvelopeError) -> VerifiedEnvelope {
        let sent = WarsawTime.date(
            at: Moment(milliseconds: parts.outline.particulars.sentAt)
        )
        for key in registry.node(parts.sender)?.signingKeys(on: sent) ?? [] {
            guard let key = SigningPublicKey(rawRepresentation: key.data) else { continue }
            if let envelope = try? parts.verified(with: &verifier, key: key) { return envelope }
        }
        throw .badSignature
    }

    /// The question that the hub asks at delivery, answered here again.
    private func checkEligibility(_ header: WireHeader, now: Moment) throws(NodeError) {
        let refusal = Eligibility.refusal(
            ofDelivering: header,
            to: node,
            registry: registry,
            policy: policy,
            at: now
        )
        guard refusal == nil else { throw NodeError(.recipientNotEligible) }
    }

    private func header(of envelope: VerifiedEnvelope) throws(NodeError) -> WireHeader {
        do throws(EnvelopeError) {
            return try envelope.parts.header()
        } catch {
            throw NodeError(error.refusal)
        }
    }

    private func content(
        of envelope: VerifiedEnvelope,
        _ header: WireHeader
    ) throws(NodeError) -> Data {
        let body: Data
        if envelope.parts.isSealed {
            do throws(SealError) {
                body = try Unseal.open(envelope, as: node, keys: sealingKeys)
            } catch {
                throw NodeError(error.refusal)
            }
        } else {
            body = envelope.parts.bodyBytes
        }
        let report: BodyReport
        do throws(BodyError) {
            report = try Validator.current.check(bytes: body, beside: header)
        } catch {
            throw NodeError(error.refusal)
        }
        let faults =
            report.faults + HeaderValidator.current.check(header, bodyTopics: report.topics)
        guard faults.isEmpty else { throw NodeError(.schemaFault, faults: faults) }
        return body
    }
}

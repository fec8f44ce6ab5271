// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// From a draft to an envelope that only lacks its signature: who is eligible, whether it must be
// sealed, and the seal itself. Preview and sending are the same steps.

import Foundation
import SwiftProtobuf
import WiciCore

/// A header and a body that were found in order.
struct WrittenMessage: Sendable {
    var header: WireHeader
    let body: Data
}

/// A message with those who may have it.
struct PreviewedMessage: Sendable {
    /// The header, with a place for the seal where one is needed.
    let header: WireHeader
    let body: Data
    let eligible: EligibleSet

    var isSealed: Bool { header.hasSeal }
}

/// An envelope without signature.
struct PreparedEnvelope: Sendable {
    let header: Data
    let body: Data
    let wraps: [WireWrap]

    /// Serialized Envelope without signature, for the outbox.
    var bytes: Data {
        var envelope = WireEnvelope()
        envelope.header = header
        envelope.body = body
        envelope.wraps = wraps
        return (try? envelope.serializedData()) ?? Data()
    }

    init(header: Data, body: Data, wraps: [WireWrap]) {
        self.header = header
        self.body = body
        self.wraps = wraps
    }

    /// Reads what the outbox kept.
    init?(bytes: Data) {
        guard let envelope = try? WireEnvelope(serializedBytes: bytes) else { return nil }
        self.init(header: envelope.header, body: envelope.body, wraps: envelope.wraps)
    }

    /// Whether the body is sealed; also for nobody, while nobody is eligible.
    var isSealed: Bool { (try? WireHeader(serializedBytes: header))?.hasSeal ?? false }

    /// What the batch signature covers.
    var digest: Digest {
        EnvelopeParts.digest(headerBytes: header, bodyBytes: body, wraps: wraps)
    }

    /// The serialized envelope as it is submitted.
    func signed(_ signature: WireBatchSignature) -> Data {
        EnvelopeParts.serialize(
            headerBytes: header,
            bodyBytes: body,
            signature: signature,
            wraps: wraps
        )
    }
}

/// Writes messages under one registry and policy.
struct MessageWriter: Sendable {
    let node: NodeID
    let registry: Registry
    let policy: Policy

    /// Takes the documents in force; refuses when there are none or they have expired.
    init(node: NodeID, documents: TrustedDocuments, now: Moment) throws(NodeError) {
        guard let registry = documents.registry, let policy = documents.policy else {
            throw NodeError(.nodeWithoutRegistry)
        }
        guard !registry.isExpired(at: now) else { throw NodeError(.registryExpired) }
        guard !policy.isExpired(at: now) else { throw NodeError(.policyExpired) }
        self.node = node
        self.registry = registry
        self.policy = policy
    }

    /// Composes a draft; refuses with every fault at once.
    func compose(
        _ draft: MessageDraft,
        operator pseudonym: String,
        id: MessageID,
        now: Moment,
        answering answered: WireHeader? = nil
    ) throws(NodeError) -> WrittenMessage {
        guard let institution = registry.institution(of: node) else {
            throw NodeError(.unknownKey, field: "sender")
        }
        let context = DraftContext(
            sender: node,
            senderKind: institution.kind,
            operator: pseudonym,
            now: now,
            messageID: id,
            answered: answered
        )
        do throws(DraftError) {
            let message = try draft.compose(context: context)
            return WrittenMessage(header: message.header, body: message.body)
        } catch {
            throw NodeError(.schemaFault, faults: error.faults)
        }
    }

    /// Computes who is eligible, as the hub will, and whether the message must be sealed.
    func preview(_ message: WrittenMessage, now: Moment) throws(NodeError) -> PreviewedMessage {
        var header = message.header
        let eligible = try eligibleSet(&header, now: now)
        return PreviewedMessage(header: header, body: message.body, eligible: eligible)
    }

    /// The eligible set; marks the header as sealed where the policy demands it.
    private func eligibleSet(
        _ header: inout WireHeader,
        now: Moment
    ) throws(NodeError) -> EligibleSet {
        switch Eligibility.of(header: header, registry: registry, policy: policy, at: now) {
        case .eligible(let set): return set
        case .refused(let refusal) where refusal.code == .sealRequired && !header.hasSeal:
            header.seal.suite = Seal.suite
            header.seal.keyCommitment = Digest.zero.data
            return try eligibleSet(&header, now: now)
        case .refused(let refusal): throw NodeError(refusal)
        }
    }

    /// Seals where needed and gives the exact bytes that will be signed.
    func prepare(_ preview: PreviewedMessage) throws(NodeError) -> PreparedEnvelope {
        try envelope(header: preview.header, body: preview.body, eligible: preview.eligible)
    }

    /// Seals a message again for those who are eligible now.
    func reseal(_ row: OutboxRow, now: Moment) throws(NodeError) -> PreparedEnvelope {
        guard let old = PreparedEnvelope(bytes: row.prepared),
            var header = try? WireHeader(serializedBytes: old.header)
        else { throw NodeError(.malformedHeader) }
        header.clearSeal()
        let eligible = try eligibleSet(&header, now: now)
        return try envelope(header: header, body: row.body, eligible: eligible)
    }

    private func envelope(
        header: WireHeader,
        body: Data,
        eligible: EligibleSet
    ) throws(NodeError) -> PreparedEnvelope {
        guard header.hasSeal else {
            return PreparedEnvelope(header: try bytes(of: header), body: body, wraps: [])
        }
        let key = ContentKey()
        var sealed = header
        sealed.seal = key.sealInfo
        let headerBytes = try bytes(of: sealed)
        var recipients: [SealRecipient] = []
        for id in eligible.nodes.map(\.node) + [node] {
            guard let entry = registry.node(id),
                let publicKey = SealingPublicKey(rawRepresentation: entry.sealingKey.data)
            else { throw NodeError(.sealKeyUnusable) }
            recipients.append(SealRecipient(node: id, publicKey: publicKey))
        }
        do throws(SealError) {
            let content = try Seal.seal(
                body: body,
                headerBytes: headerBytes,
                key: key,
                recipients: recipients
            )
            return PreparedEnvelope(
                header: headerBytes,
                body: content.bytes,
                wraps: content.wraps
            )
        } catch {
            throw NodeError(error.refusal)
        }
    }

    private func bytes(of header: WireHeader) throws(NodeError) -> Data {
        guard let bytes = try? header.serializedData() else { throw NodeError(.malformedHeader) }
        guard bytes.count <= EnvelopeLimits.header else { throw NodeError(.headerTooLarge) }
        return bytes
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A message in the hands of somebody who spoils it: composed and signed as a node does it, with
// every part open to change before or after the signature.

import Foundation
import NetworkRig
import SwiftProtobuf
import Testing
import WiciCore

@testable import WiciNode

/// An envelope before it is signed.
struct Letter: Sendable {
    var header: WireHeader
    var body: Data
    var wraps: [WireWrap] = []
    var key: SigningKey
    /// Bytes that are signed in place of the header's own.
    var headerBytes: Data?
    /// Applied to the envelope after signing.
    var afterSigning: @Sendable (inout WireEnvelope) -> Void = { _ in }

    /// Composes a sample of Deploy/network/messages in the name of a member.
    init(_ sample: String, from member: TestNetwork.Member) throws {
        let now = Node.systemTime()
        let kind = try TestNetwork.knownInstitutions().institutions
            .first { $0.id == member.institution }?.kind
        let composed = try DeliveryTests.sample(sample).compose(
            context: DraftContext(
                sender: member.id,
                senderKind: try #require(kind),
                operator: "op-1",
                now: now,
                messageID: Self.newID(at: now)
            )
        )
        header = composed.header
        body = composed.body
        key = member.keys.signing
    }

    private static func newID(at now: Moment) -> MessageID {
        var generator = SystemRandomNumberGenerator()
        return MessageID(
            milliseconds: now.milliseconds,
            random: (generator.next(), generator.next())
        )
    }

    var id: Data { header.messageID }

    /// The letter under a new id, changed.
    func spoilt(_ change: (inout Letter) throws -> Void) rethrows -> Letter {
        var copy = self
        let sentAt = Moment(milliseconds: header.sentAt)
        copy.header.messageID = Self.newID(at: sentAt).data
        try change(&copy)
        return copy
    }

    /// The letter, a good practice, under a new id and with its common part changed.
    func withCommon(_ change: (inout WireCommon) -> Void) throws -> Letter {
        try spoilt { letter in
            var practice = try WireGoodPractice(serializedBytes: letter.body)
            change(&practice.common)
            letter.body = try practice.serializedData()
        }
    }

    /// The same as one with a victim's data.
    func personal(_ change: (inout WireCommon) -> Void) throws -> Letter {
        var copy = try withCommon(change)
        copy.header.dataLevel = "personal"
        copy.header.dataSubject = "victim"
        return copy
    }

    /// The letter under a new id, sealed for these nodes; `change` spoils it after sealing.
    func sealed(
        for recipients: [SealRecipient],
        _ change: (inout Letter) -> Void = { _ in }
    ) throws -> Letter {
        var copy = spoilt { _ in }
        let key = ContentKey()
        copy.header.seal = key.sealInfo
        let sealed = try Seal.seal(
            body: body,
            headerBytes: copy.header.serializedData(),
            key: key,
            recipients: recipients
        )
        copy.body = sealed.bytes
        copy.wraps = sealed.wraps
        change(&copy)
        return copy
    }

    /// The envelope's bytes.
    func envelope() throws -> Data {
        let bytes: Data = try headerBytes ?? header.serializedData()
        let digest = EnvelopeParts.digest(headerBytes: bytes, bodyBytes: body, wraps: wraps)
        let signature = try #require(BatchSigner.sign([digest], with: key).first)
        var envelope = WireEnvelope()
        envelope.header = bytes
        envelope.body = body
        envelope.signature = signature
        envelope.wraps = wraps
        afterSigning(&envelope)
        return try envelope.serializedData()
    }

    /// A packet that submits the envelope alone.
    func submit() throws -> WirePacket.OneOf_Content {
        .submit([try envelope()])
    }
}

extension WirePacket.OneOf_Content {
    /// A submit with these envelopes.
    static func submit(_ envelopes: [Data]) -> Self {
        var submit = WireSubmit()
        submit.request = 1
        submit.envelopes = envelopes
        return .submit(submit)
    }
}

extension TestNetwork.Member {
    /// The node as one to whom a message is sealed.
    func sealRecipient() throws -> SealRecipient {
        SealRecipient(node: id, publicKey: try #require(keys.sealing.first).publicKey)
    }
}

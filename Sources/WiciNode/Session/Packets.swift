// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Frames that a node sends: one Packet each.

import Foundation
import SwiftProtobuf
import WiciCore

extension NodeSessionEffect {
    /// Sends one packet.
    static func send(_ content: WirePacket.OneOf_Content) -> NodeSessionEffect {
        .send(Data.packet(content))
    }
}

extension Data {
    /// The frame of a packet.
    ///
    /// Encoding fails only for invalid UTF-8 or missing required fields,
    /// which proto3 types built in Swift cannot hold.
    static func packet(_ content: WirePacket.OneOf_Content) -> Data {
        var packet = WirePacket()
        packet.content = content
        return (try? packet.serializedData()) ?? Data()
    }
}

extension WirePacket.OneOf_Content {
    static func ping(_ nonce: UInt64) -> Self {
        var ping = WirePing()
        ping.nonce = nonce
        return .ping(ping)
    }

    /// Asks for a missing number and what follows; the hub knows whose mailbox the connection has.
    static func fetch(_ from: MailboxNumber, mailbox: NodeID) -> Self {
        var fetch = WireFetch()
        fetch.request = RequestNumber.fetch
        fetch.mailbox = mailbox.text
        fetch.from = from.value
        fetch.limit = 256
        return .fetch(fetch)
    }

    static func prove(_ message: MessageID, request: UInt64) -> Self {
        var prove = WireProve()
        prove.request = request
        prove.messageID = message.data
        return .prove(prove)
    }

    static func proveConsistency(size: UInt64, request: UInt64) -> Self {
        var prove = WireProveConsistency()
        prove.request = request
        prove.size = size
        return .proveConsistency(prove)
    }

    static func request(_ request: NodeRequest) -> Self {
        let number = RequestNumber.asked(request.number)
        switch request.question {
        case .subscribe(let subscriptions):
            var subscribe = WireSubscribe()
            subscribe.request = number
            subscribe.subscriptions = subscriptions
            return .subscribe(subscribe)
        case .prove(let id): return .prove(id, request: number)
        case .readLedger(let from, let limit, let purpose):
            var read = WireReadLedger()
            read.request = number
            read.from = from.value
            read.limit = UInt32(clamping: limit)
            read.purpose = purpose
            return .readLedger(read)
        }
    }
}

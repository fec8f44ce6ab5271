// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Frames that no honest program sends, from a member whose key is in order.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciNode

extension World {
    func sendHostile(_ frame: HostileFrame, _ node: Int) {
        guard nodes[node].session?.isReady == true, let bytes = hostile(frame, node) else { return }
        count(.hostileFrame)
        trace.note("hostile", now, [node, frame.rawValue])
        sendUp(node, bytes)
    }

    private func hostile(_ frame: HostileFrame, _ node: Int) -> Data? {
        var packet = WirePacket()
        switch frame {
        case .garbage: return Data((0..<random.within(0...90)).map { UInt8($0 ^ 0xA5) })
        case .reusedID, .forgedSender, .badSignature:
            guard let envelope = hostileEnvelope(frame, node) else { return nil }
            packet.submit = WireSubmit.with {
                $0.request = 1 << 40
                $0.envelopes = [envelope]
            }
        case .acknowledgeTooMuch:
            packet.acknowledge = WireAcknowledge.with { $0.through = 1_000_000 }
        case .foreignMailbox:
            packet.fetch = WireFetch.with {
                $0.request = 3
                $0.mailbox = country.members[(node + 1) % country.members.count].node.text
                $0.from = 1
                $0.limit = 10
            }
        case .secondHello:
            packet.hello = WireHello.with {
                $0.versionMin = 1
                $0.versionMax = 1
                $0.storedThrough = checker.durable[node] ?? 0
                $0.windowEnd = $0.storedThrough + 512
            }
        case .emptySubmit: packet.submit = WireSubmit.with { $0.request = 1 << 41 }
        }
        return try? packet.serializedData()
    }

    private func hostileEnvelope(_ frame: HostileFrame, _ node: Int) -> Data? {
        let own = stage.letters.all.filter { $0.sender == node && !$0.isSealed }
        guard let letter = own.first else { return nil }
        var header = letter.header
        switch frame {
        case .reusedID:
            // The id of a message that the ledger has, with other bytes.
            guard let known = checker.book.messages.last(where: { $0.sender == node }) else {
                return nil
            }
            header.messageID = known.id.data
            header.sentAt += 1
        default:
            let fresh = UInt64(1_000_000 + random.below(1_000_000))
            let time = Country.noon.milliseconds + now
            header.messageID = MessageID(milliseconds: time, random: (fresh, fresh)).data
        }
        if frame == .forgedSender {
            header.sender = country.members[(node + 1) % Letters.senders].node.text
        }
        guard let bytes: Data = try? header.serializedData() else { return nil }
        let prepared = Prepared(header: bytes, body: letter.body, wraps: [])
        let key = country.members[node].signingKeys[nodes[node].keyNumber]
        guard var signature = BatchSigner.sign([prepared.digest], with: key).first else {
            return nil
        }
        if frame == .badSignature { signature.signature[3] ^= 1 }
        if frame == .reusedID { checker.hostileDigest(prepared.digest) }
        return prepared.signed(signature)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Who told whom, how often, with which type: counts over a whole ledger. Work per message does not
// depend on its number of recipients; audiences are spread out once, at the end.

import Foundation
import SwiftProtobuf
public import WiciCore

/// Counts deliveries by sender, recipient and message type.
public struct AuditFlow: Sendable {
    /// One row of the result.
    public struct Row: Hashable, Sendable {
        /// The sending node's id.
        public let sender: String
        /// The receiving node.
        public let recipient: NodeID
        /// Message type.
        public let type: String
        /// Messages disclosed.
        public let count: Int
    }

    private struct Stream: Hashable {
        let sender: String
        let type: String
        let audience: UInt64
    }

    private struct Cell: Hashable {
        let sender: String
        let recipient: NodeID
        let type: String
    }

    private var streams: [Stream] = []
    private var counts: [Int] = []
    private var placeOfStream: [Stream: Int] = [:]
    private var streamOfMessage: [UInt64: Int32] = [:]
    private var sets: [UInt64: RecipientSet] = [:]
    private var withheld: [Cell: Int] = [:]
    private var delivered: [NodeID: UInt64] = [:]

    /// Begins with nothing counted.
    public init() {}

    /// Takes the next entry; one whose opening was erased or cannot be read counts for nothing.
    public mutating func add(_ entry: LedgerEntryRow) {
        guard let bytes = entry.record, let record = try? WireRecord(serializedBytes: bytes) else {
            return
        }
        switch record.event {
        case .recipientSet(let set):
            sets[entry.index.value] = RecipientSet(set)
        case .accepted(let accepted):
            guard let header = try? WireHeader(serializedBytes: accepted.header) else { return }
            count(
                Stream(sender: header.sender, type: header.type, audience: accepted.audience),
                at: entry.index
            )
        case .delivered(let record):
            guard let node = NodeID(record.node) else { return }
            delivered[node] = max(record.through, delivered[node] ?? 0)
        case .withheld(let withheld):
            // What a node had on its disk before it was withheld was disclosed to it.
            guard let place = streamOfMessage[withheld.message],
                let node = NodeID(withheld.node), withheld.number > delivered[node] ?? 0
            else { return }
            let stream = streams[Int(place)]
            let cell = Cell(sender: stream.sender, recipient: node, type: stream.type)
            self.withheld[cell, default: 0] += 1
        default:
            break
        }
    }

    private mutating func count(_ stream: Stream, at index: LedgerIndex) {
        let place = placeOfStream[stream] ?? streams.count
        if place == streams.count {
            placeOfStream[stream] = place
            streams.append(stream)
            counts.append(0)
        }
        counts[place] += 1
        streamOfMessage[index.value] = Int32(place)
    }

    /// The counts, without what was withheld, ordered by sender, recipient and type.
    public var rows: [Row] {
        var cells: [Cell: Int] = [:]
        for (stream, count) in zip(streams, counts) {
            for node in Set(sets[stream.audience]?.nodes ?? []) {
                cells[
                    Cell(sender: stream.sender, recipient: node, type: stream.type),
                    default: 0
                ] +=
                    count
            }
        }
        return cells.map { cell, count in
            Row(
                sender: cell.sender,
                recipient: cell.recipient,
                type: cell.type,
                count: count - (withheld[cell] ?? 0)
            )
        }
        .filter { $0.count > 0 }
        .sorted {
            ($0.sender, $0.recipient.text, $0.type) < ($1.sender, $1.recipient.text, $1.type)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Envelopes between the outbox and the hub's receipt: waiting in order, or in flight in a batch.
// A batch keeps its bytes and its request number until each of its envelopes has a receipt, so that
// a new connection can send the same again; the hub answers a repetition with the same receipt.

import Foundation
import WiciCore

/// The part of the outbox that the session holds.
struct SubmissionWindow: Equatable, Sendable {
    /// Most envelopes in one batch.
    static let batchCount = 256
    /// Most bytes of envelopes in one batch; the first envelope always goes.
    static let batchBytes = 512 * 1024
    /// Batches in flight.
    ///
    /// A hub that is too busy for one batch must not be able to accept a later one, or messages
    /// would change their order. An outbox is not written as fast as 256 messages a round trip.
    static let batchesInFlight = 1

    struct Batch: Equatable, Sendable {
        let request: UInt64
        let sentAt: Moment
        var envelopes: [OutgoingEnvelope]
    }

    private(set) var flying: [Batch] = []
    private(set) var waiting: [OutgoingEnvelope] = []
    private var batchesMade: UInt64 = 0

    /// Envelopes that the window can still take.
    var room: Int { max(0, Self.batchCount * 2 - waiting.count) }
    /// Whether nothing is waiting or in flight.
    var isEmpty: Bool { flying.isEmpty && waiting.isEmpty }

    mutating func add(_ envelopes: [OutgoingEnvelope]) {
        waiting += envelopes
    }

    /// Puts everything in flight back in front, in order: the connection is gone, or the hub asked
    /// to try again.
    mutating func recall() {
        waiting = flying.flatMap(\.envelopes) + waiting
        flying = []
    }

    /// Forgets every envelope; request numbers go on.
    mutating func clear() {
        waiting = []
        flying = []
    }

    /// Takes the next batch if one may leave.
    ///
    /// It ends with the first sealed letter: what was written after that must not overtake it when it
    /// has to be sealed again.
    mutating func takeBatch(now: Moment) -> Batch? {
        guard flying.count < Self.batchesInFlight, !waiting.isEmpty else { return nil }
        var count = 0
        var bytes = 0
        for envelope in waiting.prefix(Self.batchCount) {
            guard count == 0 || bytes + envelope.bytes.count <= Self.batchBytes else { break }
            count += 1
            bytes += envelope.bytes.count
            if envelope.isSealed { break }
        }
        batchesMade += 1
        let batch = Batch(
            request: RequestNumber.batch(batchesMade),
            sentAt: now,
            envelopes: Array(waiting.prefix(count))
        )
        waiting.removeFirst(count)
        flying.append(batch)
        return batch
    }

    /// The envelope, if it is in flight.
    func inFlight(_ id: MessageID) -> OutgoingEnvelope? {
        for batch in flying {
            if let envelope = batch.envelopes.first(where: { $0.messageID == id }) {
                return envelope
            }
        }
        return nil
    }

    /// Removes an envelope that got its receipt.
    mutating func settle(_ id: MessageID) {
        for batch in flying.indices {
            guard let place = flying[batch].envelopes.firstIndex(where: { $0.messageID == id })
            else { continue }
            flying[batch].envelopes.remove(at: place)
            if flying[batch].envelopes.isEmpty {
                flying.remove(at: batch)
            }
            return
        }
    }

    /// Removes a whole batch that was refused.
    mutating func removeBatch(_ request: UInt64) -> [OutgoingEnvelope] {
        guard let place = flying.firstIndex(where: { $0.request == request }) else { return [] }
        return flying.remove(at: place).envelopes
    }

    func hasBatch(_ request: UInt64) -> Bool {
        flying.contains { $0.request == request }
    }

    /// When the oldest batch in flight was sent.
    var oldestFlight: Moment? { flying.first?.sentAt }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Messages that are read together, in one piece of memory. With a piece for each part of each message
// the thread that reads and the thread that sends waited for each other's allocator, and a node's mail
// took a third longer.

import Foundation
import WiciCore

/// Serialized Envelopes one after the other (Schemas/wici/v1/envelope.proto).
struct EnvelopePile: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Bytes of all envelopes so far.
    private(set) var byteCount = 0
    private let expected: Int
    private let limit: Int

    /// Makes an empty pile for a number of envelopes, of which at most the last goes beyond `limit`
    /// bytes.
    init(expecting expected: Int = 1, limit: Int = .max) {
        self.expected = expected
        self.limit = limit
    }

    deinit { memory.deallocate() }

    /// Adds an envelope.
    mutating func add(_ envelope: KeptEnvelope) -> KeptEnvelope.Layout {
        makeRoom(for: envelope.byteCount)
        var writer = FieldWriter(memory, at: byteCount)
        defer { byteCount = writer.position }
        return envelope.write(with: &writer)
    }

    /// The whole pile.
    consuming func bytes() -> Data {
        guard let start = memory.baseAddress else {
            discard self
            return Data()
        }
        let count = byteCount
        discard self
        return Data(
            bytesNoCopy: start,
            count: count,
            deallocator: .custom { start, _ in start.deallocate() }
        )
    }

    private mutating func makeRoom(for added: Int) {
        guard memory.count - byteCount < added else { return }
        // Most messages of a mailbox are of one size; where they are not, the pile is moved.
        let guess =
            memory.isEmpty
            ? min(added.multipliedReportingOverflow(by: expected).partialValue, limit)
            : 2 * memory.count
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(guess, byteCount) + added,
            alignment: 1
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<byteCount]))
        memory.deallocate()
        memory = larger
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Messages that are read together, in one piece of memory. With a piece for each part of each message
// the thread that reads and the thread that sends waited for each other's allocator, and a node's mail
// took a third longer.

import Foundation

/// Serialized Envelopes one after the other (Schemas/wici/v1/envelope.proto).
///
/// The parts are written as they are: put together they are the one encoding of an Envelope.
struct EnvelopePile: ~Copyable {
    /// Where an envelope and its parts are in the pile.
    struct Layout: Sendable {
        let header: Range<Int>
        /// Nil when there is none, which is not the same as an empty one.
        let body: Range<Int>?
        let carriage: Range<Int>
        /// Where the envelope begins.
        let start: Int

        var envelope: Range<Int> { start..<carriage.upperBound }
    }

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
    mutating func add(
        header: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer?,
        _ carriage: UnsafeRawBufferPointer
    ) -> Layout {
        let bodyBytes = body?.count ?? 0
        makeRoom(for: header.count + bodyBytes + carriage.count + 2 * Self.longestStart)
        let start = byteCount
        let headerRange = write(field: 1, header)
        var bodyRange = body.map { _ in byteCount..<byteCount }
        // An empty field is left out, as everywhere in an envelope's one encoding.
        if let body, !body.isEmpty { bodyRange = write(field: 2, body) }
        return Layout(
            header: headerRange,
            body: bodyRange,
            carriage: write(carriage),
            start: start
        )
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

    // MARK: Writing (https://protobuf.dev/programming-guides/encoding/)

    /// A tag and a length at most.
    private static let longestStart = 11

    private mutating func write(
        field: UInt8,
        _ bytes: UnsafeRawBufferPointer
    ) -> Range<Int> {
        write(field << 3 | 2)
        var length = bytes.count
        while length >= 0x80 {
            write(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        write(UInt8(length))
        return write(bytes)
    }

    private mutating func write(_ byte: UInt8) {
        memory[byteCount] = byte
        byteCount += 1
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
        let range = byteCount..<byteCount + bytes.count
        memory[range].copyBytes(from: bytes)
        byteCount = range.upperBound
        return range
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

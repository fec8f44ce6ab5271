// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// An Envelope as it is kept: header, body and carriage apart, so that a content can be erased and the
// record stay. Put together again they are the envelope that came, byte for byte, because an envelope
// has one encoding only (Schemas/PROTOCOL.md 4).

package import Foundation

/// The parts of an Envelope that are kept apart, lent for as long as it takes to put them together.
package struct KeptEnvelope {
    /// Exact bytes of the Header.
    let header: UnsafeRawBufferPointer
    /// Exact bytes of the body; nil when it was erased, which is not the same as empty.
    let body: UnsafeRawBufferPointer?
    /// The fields after the body, encoded: signature and wraps; empty when erased.
    let carriage: UnsafeRawBufferPointer

    /// Where an envelope and its parts are.
    package struct Layout: Sendable {
        /// Of the Header's bytes.
        package let header: Range<Int>
        /// Of the body's bytes; nil when there is none.
        package let body: Range<Int>?
        /// Of the fields after the body.
        package let carriage: Range<Int>
        /// Of the whole.
        package let envelope: Range<Int>
    }

    /// Lends the parts.
    package init(
        header: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer?,
        carriage: UnsafeRawBufferPointer
    ) {
        self.header = header
        self.body = body
        self.carriage = carriage
    }

    /// Bytes of the whole.
    package var byteCount: Int {
        let bodyBytes = body?.count ?? 0
        return FieldWriter.dataByteCount(header.count)
            + (bodyBytes == 0 ? 0 : FieldWriter.dataByteCount(bodyBytes)) + carriage.count
    }

    /// Writes the whole where the writer stands.
    @discardableResult
    package func write(with writer: inout FieldWriter) -> Layout {
        let start = writer.position
        let headerRange = Self.write(1, header, with: &writer)
        var bodyRange = body.map { _ in writer.position..<writer.position }
        // An empty field is left out, as everywhere in an envelope's one encoding.
        if let body, !body.isEmpty { bodyRange = Self.write(2, body, with: &writer) }
        let carriageStart = writer.position
        writer.encoded(carriage)
        return Layout(
            header: headerRange,
            body: bodyRange,
            carriage: carriageStart..<writer.position,
            envelope: start..<writer.position
        )
    }

    private static func write(
        _ field: UInt64,
        _ bytes: UnsafeRawBufferPointer,
        with writer: inout FieldWriter
    ) -> Range<Int> {
        writer.start(field, byteCount: bytes.count)
        let start = writer.position
        writer.encoded(bytes)
        return start..<writer.position
    }

    /// Lends parts that are Data.
    package static func lend<Result>(
        header: Data,
        body: Data?,
        carriage: Data,
        _ use: (KeptEnvelope) -> Result
    ) -> Result {
        header.withUnsafeBytes { header in
            carriage.withUnsafeBytes { carriage in
                guard let body else {
                    return use(KeptEnvelope(header: header, body: nil, carriage: carriage))
                }
                return body.withUnsafeBytes {
                    use(KeptEnvelope(header: header, body: $0, carriage: carriage))
                }
            }
        }
    }

    /// The whole, in memory of its own.
    package var bytes: Data {
        FieldWriter.data(byteCount: byteCount) { memory in
            var writer = FieldWriter(memory)
            write(with: &writer)
        }
    }
}

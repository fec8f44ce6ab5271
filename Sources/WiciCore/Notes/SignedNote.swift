// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Signed notes, byte for byte as C2SP signed-note v1.0.0: a text that people can read, an empty
// line, and one signature line per signer. Registry, policy and checkpoints are signed notes, so
// that foreign tools verify them.

public import Foundation

/// A text and its signature lines; nothing is trusted until `verify` has been asked.
public struct SignedNote: Hashable, Sendable {
    /// One signature line.
    public struct Signature: Hashable, Sendable {
        /// The signer's key name.
        public let name: String
        /// The signer's key id.
        public let keyID: UInt32
        /// What follows the key id: 64 bytes for Ed25519, 72 for a cosignature; unknown otherwise.
        public let payload: Data

        /// Makes a line from its fields.
        public init(name: String, keyID: UInt32, payload: Data) {
            self.name = name
            self.keyID = keyID
            self.payload = payload
        }

        /// The line with its newline.
        var line: String {
            let bytes = withUnsafeBytes(of: keyID.bigEndian) { Data($0) } + payload
            return "\u{2014} \(name) \(bytes.base64EncodedString())\n"
        }
    }

    /// How much is read before a note is refused.
    public struct Limits: Hashable, Sendable {
        /// Bytes of the whole note.
        public let bytes: Int
        /// Signature lines; the format requires that at least 16 are accepted.
        public let signatures: Int

        /// Sets both limits.
        public init(bytes: Int, signatures: Int) {
            self.bytes = bytes
            self.signatures = signatures
        }

        /// Registry and policy: 1 MiB of text, 64 signatures.
        public static let document = Limits(bytes: 1 << 20 + 64 * 1024, signatures: 64)
        /// A checkpoint: 64 KiB, 64 signatures.
        public static let checkpoint = Limits(bytes: 64 * 1024, signatures: 64)
    }

    /// A signature that was verified.
    public struct Verified: Hashable, Sendable {
        /// The key that made it.
        public let key: VerifierKey
        /// POSIX seconds of a cosignature; `nil` for a plain signature.
        public let time: UInt64?
    }

    /// The signed text, its final newline included.
    public let text: String
    /// The signature lines in order.
    public private(set) var signatures: [Signature]

    /// Takes a text to be signed: it ends in a newline and has no other control character.
    public init(text: String) throws(NoteError) {
        guard text.utf8.last == 0x0A else { throw .textWithoutFinalNewline }
        guard !text.utf8.contains(where: { $0 < 0x20 && $0 != 0x0A }) else {
            throw .controlCharacter
        }
        self.text = text
        self.signatures = []
    }

    /// Parses a note; the last empty line separates text and signatures.
    public init(bytes: some DataProtocol, limits: Limits = .document) throws(NoteError) {
        guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
        let all = [UInt8](bytes)
        guard !all.contains(where: { $0 < 0x20 && $0 != 0x0A }) else { throw .controlCharacter }
        guard String(validating: all, as: UTF8.self) != nil else { throw .notUTF8 }
        guard let separator = Self.lastEmptyLine(in: all), all.last == 0x0A,
            separator + 1 < all.count
        else { throw .noSignatures }
        self.text = String(decoding: all[..<separator], as: UTF8.self)
        let lines = all[(separator + 1)...].dropLast().split(
            separator: 0x0A,
            maxSplits: limits.signatures,
            omittingEmptySubsequences: false
        )
        guard lines.count <= limits.signatures else {
            throw .tooManySignatures(limit: limits.signatures)
        }
        var signatures: [Signature] = []
        for (offset, line) in lines.enumerated() {
            guard let signature = Signature(line: line) else {
                throw .malformedSignatureLine(offset + 1)
            }
            signatures.append(signature)
        }
        self.signatures = signatures
    }

    /// The whole note as bytes of UTF-8.
    public var bytes: Data { Data(string.utf8) }

    /// The whole note as text.
    public var string: String { text + "\n" + signatures.map(\.line).joined() }

    /// The bytes that were signed.
    public var textBytes: Data { Data(text.utf8) }

    /// Adds a signature line, in place of one by the same key.
    public mutating func add(_ signature: Signature) {
        signatures.removeAll { $0.name == signature.name && $0.keyID == signature.keyID }
        signatures.append(signature)
    }

    /// The known keys that signed, each once, in the order of the lines.
    ///
    /// Lines by unknown keys are ignored. One bad signature by a known key refuses the whole note;
    /// so does a note without a signature by any known key.
    public func verify(_ keys: some Sequence<VerifierKey>) throws(NoteError) -> [VerifierKey] {
        try verifiedSignatures(keys).map(\.key)
    }

    /// As `verify`, with the times of cosignatures.
    public func verifiedSignatures(
        _ keys: some Sequence<VerifierKey>
    ) throws(NoteError) -> [Verified] {
        let known = Array(keys)
        let message = textBytes
        var verified: [Verified] = []
        for signature in signatures {
            // Two known keys that share name and id are told apart by which of them verifies.
            let candidates = known.filter {
                $0.id == signature.keyID && $0.name == signature.name
            }
            guard !candidates.isEmpty else { continue }
            let found = candidates.lazy.compactMap { key in
                key.verify(payload: signature.payload, text: message).map { (key, $0) }
            }.first
            guard let (key, time) = found else { throw .badSignature(keyName: signature.name) }
            if !verified.contains(where: { $0.key == key }) {
                verified.append(Verified(key: key, time: key.kind == .cosignature ? time : nil))
            }
        }
        guard !verified.isEmpty else { throw .noKnownSignature }
        return verified
    }

    /// Index of the newline that is the last empty line.
    private static func lastEmptyLine(in bytes: [UInt8]) -> Int? {
        var index = bytes.count - 1
        while index >= 1 {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0A { return index }
            index -= 1
        }
        return nil
    }
}

extension SignedNote.Signature {
    /// Parses a line without its newline.
    init?(line: ArraySlice<UInt8>) {
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "\u{2014}",
            VerifierKey.isAllowed(name: String(parts[1])),
            let bytes = Data(canonicalBase64: String(parts[2])), bytes.count > 4
        else { return nil }
        self.init(
            name: String(parts[1]),
            keyID: bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) },
            payload: Data(bytes.dropFirst(4))
        )
    }
}

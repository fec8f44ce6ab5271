// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The public key of a note signer in the text form of C2SP signed-note v1.0.0: name, key id and key
// in one line that people can copy. Two signature types are verified: Ed25519 over the text (1) and
// the time-stamped cosignature of tlog-cosignature v1 (4).

import Foundation

/// The public key of a note signer: name, signature type and Ed25519 key.
public struct VerifierKey: Hashable, Sendable {
    /// How the key signs.
    public enum Kind: UInt8, Hashable, Sendable {
        /// Ed25519 over the note's text.
        case ed25519 = 1
        /// Time-stamped Ed25519 cosignature (tlog-cosignature v1).
        case cosignature = 4
    }

    /// The key's name: no Unicode spaces, no plus sign, at most 255 bytes.
    public let name: String
    /// How the key signs.
    public let kind: Kind
    /// The Ed25519 key.
    public let publicKey: SigningPublicKey
    /// First four bytes, big-endian, of SHA-256(name, newline, type byte, key).
    public let id: UInt32

    /// Longest key name that is accepted, in bytes of UTF-8.
    public static let longestName = 255

    /// Makes a key; refuses a name that the format does not allow.
    public init(
        name: String,
        kind: Kind = .ed25519,
        publicKey: SigningPublicKey
    ) throws(NoteError) {
        guard Self.isAllowed(name: name) else { throw .malformedKeyName }
        self.name = name
        self.kind = kind
        self.publicKey = publicKey
        self.id = Self.id(name: name, kind: kind, publicKey: publicKey)
    }

    /// Parses `name+id+base64`: id is 8 hexadecimal digits, base64 holds the type byte and the key.
    public init(text: String) throws(NoteError) {
        let fields = try KeyTextFields(Substring(text))
        guard let kind = Kind(rawValue: fields.type) else {
            throw .unsupportedKeyType(fields.type)
        }
        guard let publicKey = SigningPublicKey(rawRepresentation: fields.material) else {
            throw .malformedKey
        }
        try self.init(name: fields.name, kind: kind, publicKey: publicKey)
        guard id == fields.id else { throw .malformedKey }
    }

    /// The text form, `name+id+base64`.
    public var text: String {
        let material = Data([kind.rawValue]) + publicKey.rawRepresentation
        return "\(name)+\(id.eightHexadecimalDigits)+\(material.base64EncodedString())"
    }

    /// Whether a key may bear this name.
    public static func isAllowed(name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= longestName
            && name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0 != "+" && $0.value >= 0x20 && $0.value != 0x7F
            }
    }

    private static func id(name: String, kind: Kind, publicKey: SigningPublicKey) -> UInt32 {
        let bytes = Data(name.utf8) + [0x0A, kind.rawValue] + publicKey.rawRepresentation
        return UInt32(truncatingIfNeeded: KeyID(publicKey: bytes).value >> 32)
    }

    /// The time in a signature's payload if it verifies, 0 for kind ed25519; `nil` if it does not.
    func verify(payload: Data, text: Data) -> UInt64? {
        switch kind {
        case .ed25519:
            guard payload.count == 64,
                publicKey.isValid(signature: payload, for: text)
            else { return nil }
            return 0
        case .cosignature:
            guard payload.count == 72 else { return nil }
            let time = payload.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard time <= UInt64(Int64.max),
                publicKey.isValid(
                    signature: payload.suffix(64),
                    for: cosignedMessage(time: time, text: text)
                )
            else { return nil }
            return time
        }
    }
}

extension VerifierKey: CustomStringConvertible {
    /// The text form.
    public var description: String { text }
}

extension VerifierKey: Codable {
    /// Decodes the text form.
    public init(from decoder: any Decoder) throws {
        try self.init(text: decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// The three fields of a key text, public or private, split but not yet judged.
struct KeyTextFields {
    let name: String
    let id: UInt32
    let type: UInt8
    let material: Data

    init(_ text: Substring) throws(NoteError) {
        guard text.utf8.count <= 1024 else { throw .malformedKey }
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].utf8.count == 8,
            let idBytes = Data(lowercaseHexadecimal: String(parts[1])),
            let bytes = Data(canonicalBase64: String(parts[2])), let type = bytes.first
        else { throw .malformedKey }
        self.name = String(parts[0])
        self.id = idBytes.reduce(0) { $0 << 8 | UInt32($1) }
        self.type = type
        self.material = Data(bytes.dropFirst())
    }
}

/// What a cosignature signs: a header line, a time line, the checkpoint's text.
func cosignedMessage(time: UInt64, text: Data) -> Data {
    Data("cosignature/v1\ntime \(time)\n".utf8) + text
}

extension UInt32 {
    var eightHexadecimalDigits: String {
        withUnsafeBytes(of: bigEndian) { Data($0) }.lowercaseHexadecimal
    }
}

extension Data {
    /// Decodes standard base64 (RFC 4648 section 4) in its one canonical form; `nil` otherwise.
    ///
    /// Spare bits and padding are checked by encoding again, so that no two texts give one value.
    init?(canonicalBase64 text: String) {
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else {
            return nil
        }
        self = data
    }
}

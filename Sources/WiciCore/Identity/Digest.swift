// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A SHA-256 digest as a value: four machine words, so that it hashes, compares and copies without
// touching the heap. Every digest of the protocol (header, body, record, tree node) is one of these.

public import Crypto
public import Foundation

/// A SHA-256 digest, 32 bytes (FIPS 180-4).
public struct Digest: Hashable, Sendable {
    @usableFromInline let words: (UInt64, UInt64, UInt64, UInt64)

    /// Number of bytes in a digest.
    public static let byteCount = 32

    /// The digest whose bytes are all zero; never the digest of anything known.
    public static let zero = Digest(words: (0, 0, 0, 0))

    @usableFromInline
    init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// Takes 32 bytes as they are; `nil` when there are not exactly 32.
    @inlinable
    public init?(bytes: some ContiguousBytes) {
        let words = bytes.withUnsafeBytes { raw -> (UInt64, UInt64, UInt64, UInt64)? in
            guard raw.count == Self.byteCount else { return nil }
            return raw.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
        }
        guard let words else { return nil }
        self.words = words
    }

    /// Takes a digest that the crypto library computed.
    public init(_ digest: SHA256Digest) {
        self.words = digest.withUnsafeBytes {
            $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
        }
    }

    /// Takes 64 hexadecimal digits, lower case; `nil` for anything else.
    public init?(hexadecimal text: String) {
        guard text.utf8.count == 64, let bytes = Data(lowercaseHexadecimal: text) else {
            return nil
        }
        self.init(bytes: bytes)
    }

    /// Lends the 32 bytes.
    @inlinable
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Swift.withUnsafeBytes(of: words, body)
    }

    /// The 32 bytes.
    public var data: Data { withUnsafeBytes { Data($0) } }

    /// 64 hexadecimal digits, lower case.
    public var hexadecimal: String { data.lowercaseHexadecimal }

    /// Compares the bytes.
    public static func == (left: Digest, right: Digest) -> Bool {
        left.words == right.words
    }

    /// Feeds one word; a digest is already uniformly distributed.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}

extension Digest: CustomStringConvertible {
    /// The first twelve hexadecimal digits, enough to recognise a digest in a log line.
    public var description: String { String(hexadecimal.prefix(12)) }
}

extension Digest {
    /// SHA-256 over a domain string, one zero byte, and the parts in order.
    ///
    /// Every signed or committed statement has a domain of its own, so that bytes made for one
    /// purpose never verify for another.
    public static func of(domain: StaticString, _ parts: any DataProtocol...) -> Digest {
        var hash = SHA256()
        domain.withUTF8Buffer { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        Swift.withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
        for part in parts {
            hash.update(data: part)
        }
        return Digest(hash.finalize())
    }
}

extension Data {
    /// Decodes lower-case hexadecimal text; `nil` for an odd count or any other character.
    public init?(lowercaseHexadecimal text: String) {
        var bytes = [UInt8]()
        bytes.reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for character in text.utf8 {
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { return nil }
        self.init(bytes)
    }

    /// Lower-case hexadecimal text, two digits a byte.
    public var lowercaseHexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}

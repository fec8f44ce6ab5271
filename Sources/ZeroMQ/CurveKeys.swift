// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// CURVE keys: 32-byte Curve25519 keys in raw, hexadecimal and Z85 form (ZeroMQ RFC 26 and 32). The
// secret half never becomes a Swift string of its own accord and is wiped when the pair goes.

import CZeroMQ
public import Foundation
import Glibc

/// The public half of a CURVE key pair: 32 bytes.
public struct CurvePublicKey: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes of the key.
    public let bytes: Data

    /// Takes exactly 32 bytes; anything else gives `nil`.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == CurveKeyPair.length else { return nil }
        self.bytes = Data(bytes)
    }

    /// Reads 64 hexadecimal digits.
    public init?(hexadecimal: String) {
        guard let bytes = CurveKeyText.bytes(hexadecimal: hexadecimal) else { return nil }
        self.init(bytes: bytes)
    }

    /// Reads the 40 characters of Z85 that ZeroMQ tools print.
    public init?(z85: String) {
        guard let bytes = CurveKeyText.bytes(z85: z85) else { return nil }
        self.init(bytes: bytes)
    }

    /// The key as 64 lower-case hexadecimal digits.
    public var hexadecimal: String { CurveKeyText.hexadecimal(bytes) }
    /// The key as 40 characters of Z85.
    public var z85: String { CurveKeyText.z85(bytes) }
    /// The hexadecimal form: a public key is no secret.
    public var description: String { hexadecimal }
}

/// A CURVE key pair.
///
/// The secret is wiped from memory when the last reference goes.
public final class CurveKeyPair: @unchecked Sendable {
    // Safety: the memory behind `secret` is written only while the object is made and freed only in
    // deinit, so concurrent readers see bytes that never change.
    private let secret: UnsafeMutableRawBufferPointer
    /// The public half.
    public let publicKey: CurvePublicKey

    /// Bytes in either half of a pair.
    public static let length = 32

    /// Takes the 32 bytes of a secret key and derives the public half.
    ///
    /// `nil` when the length is wrong or the library has no CURVE.
    public init?(secret bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.length, alignment: 8)
        memory.copyBytes(from: bytes)
        guard let publicKey = Self.publicKey(of: memory) else {
            Self.wipe(memory)
            memory.deallocate()
            return nil
        }
        self.secret = memory
        self.publicKey = publicKey
    }

    /// Reads the secret from 64 hexadecimal digits.
    public convenience init?(secretHexadecimal: String) {
        guard var bytes = CurveKeyText.bytes(hexadecimal: secretHexadecimal) else { return nil }
        defer { bytes.withUnsafeMutableBytes { Self.wipe($0) } }
        self.init(secret: bytes)
    }

    /// Reads the secret from 40 characters of Z85.
    public convenience init?(secretZ85: String) {
        guard var bytes = CurveKeyText.bytes(z85: secretZ85) else { return nil }
        defer { bytes.withUnsafeMutableBytes { Self.wipe($0) } }
        self.init(secret: bytes)
    }

    /// Makes a fresh pair from the operating system's randomness.
    public static func generate() throws(ZeroMQError) -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: CurveKeyText.z85Length + 1)
        var secretText = publicText
        defer { secretText.withUnsafeMutableBytes { wipe($0) } }
        try ZeroMQError.check("generate a key pair") {
            zmq_curve_keypair(&publicText, &secretText)
        }
        var bytes = [UInt8](repeating: 0, count: length)
        defer { bytes.withUnsafeMutableBytes { wipe($0) } }
        guard zmq_z85_decode(&bytes, secretText) != nil, let pair = CurveKeyPair(secret: bytes)
        else { throw ZeroMQError(code: EINVAL, operation: "generate a key pair") }
        return pair
    }

    deinit {
        Self.wipe(secret)
        secret.deallocate()
    }

    /// Lends the 32 secret bytes, for writing a key file; they must not outlive the closure.
    public func withSecretBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows
        -> Value
    {
        try body(UnsafeRawBufferPointer(secret))
    }

    var secretBuffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(secret) }

    private static func publicKey(of secret: UnsafeMutableRawBufferPointer) -> CurvePublicKey? {
        var secretText = [CChar](repeating: 0, count: CurveKeyText.z85Length + 1)
        defer { secretText.withUnsafeMutableBytes { wipe($0) } }
        let raw = secret.assumingMemoryBound(to: UInt8.self).baseAddress
        guard let raw, zmq_z85_encode(&secretText, raw, length) != nil else { return nil }
        var publicText = [CChar](repeating: 0, count: CurveKeyText.z85Length + 1)
        guard zmq_curve_public(&publicText, secretText) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: length)
        guard zmq_z85_decode(&bytes, publicText) != nil else { return nil }
        return CurvePublicKey(bytes: bytes)
    }

    private static func wipe(_ memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress else { return }
        explicit_bzero(start, memory.count)
    }
}

/// The text forms of 32-byte keys.
enum CurveKeyText {
    static let z85Length = 40

    static func hexadecimal(_ bytes: Data) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 2 * CurveKeyPair.length else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(CurveKeyPair.length)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    static func z85(_ bytes: Data) -> String {
        var text = [CChar](repeating: 0, count: z85Length + 1)
        let raw = Array(bytes)
        guard raw.count == CurveKeyPair.length, zmq_z85_encode(&text, raw, raw.count) != nil else {
            return ""
        }
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func bytes(z85 text: String) -> [UInt8]? {
        let characters = text.utf8
        guard characters.count == z85Length, characters.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: CurveKeyPair.length)
        guard zmq_z85_decode(&bytes, text) != nil else { return nil }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The secret that a program shows to the local API: 32 random bytes in a file that only the node's
// owner may read.

import Crypto
public import Foundation
import PrivateFiles
import WiciCore

/// The bearer token of the local API.
public struct APIToken: Sendable {
    private let digest: SHA256Digest
    private let text: String

    /// The file's name in the node's folder.
    public static let fileName = "api.token"

    /// Takes 64 hexadecimal digits, lower case; `nil` for anything else.
    public init?(hexadecimal text: String) {
        guard let bytes = Data(lowercaseHexadecimal: text), bytes.count == 32 else { return nil }
        self.init(bytes: bytes)
    }

    private init(bytes: Data) {
        text = bytes.lowercaseHexadecimal
        digest = SHA256.hash(data: Data(text.utf8))
    }

    /// Makes a token from the system's randomness.
    public static func generate() -> APIToken {
        var generator = SystemRandomNumberGenerator()
        return APIToken(
            bytes: Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        )
    }

    /// Reads a token's file and refuses one that others may read.
    public static func load(from file: URL) throws(NodeError) -> APIToken {
        APIToken(bytes: try PrivateFile.readKey(file))
    }

    /// Reads a token's file, or makes it with mode 0600 when there is none.
    public static func loadOrCreate(at file: URL) throws(NodeError) -> APIToken {
        if FileManager.default.fileExists(atPath: file.path) { return try load(from: file) }
        let token = generate()
        try PrivateFile.write(Data((token.text + "\n").utf8), to: file)
        return token
    }

    /// The value of the `Authorization` header that shows this token.
    public var authorization: String { "Bearer \(text)" }

    /// Whether a header's value shows this token.
    ///
    /// Digests are compared and every byte of them counts, so the time tells nothing of how much
    /// of a guess was right.
    func matches(authorization: String?) -> Bool {
        let prefix = "bearer "
        guard let authorization, authorization.prefix(prefix.count).lowercased() == prefix else {
            return false
        }
        let given = SHA256.hash(data: Data(authorization.dropFirst(prefix.count).utf8))
        return zip(given, digest).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
    }
}

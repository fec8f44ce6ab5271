// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// CURVE keys in their three forms. The fixed pair was computed with another implementation of
// X25519 (RFC 7748).

import Foundation
import Testing

@testable import ZeroMQ

struct CurveKeyTests {
    @Test func `the public half is derived from the secret`() throws {
        let pair = try CurveKeyPair.generate()
        let copy = pair.withSecretBytes { CurveKeyPair(secret: $0) }
        #expect(copy?.publicKey == pair.publicKey)
        #expect(try CurveKeyPair.generate().publicKey != pair.publicKey)
    }

    @Test func `the public half agrees with another implementation`() {
        let pair = CurveKeyPair(secret: 1...32)
        let expected = "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"
        #expect(pair?.publicKey.hexadecimal == expected)
    }

    @Test func `a public key survives hexadecimal and Z85`() throws {
        let key = try CurveKeyPair.generate().publicKey
        #expect(CurvePublicKey(hexadecimal: key.hexadecimal) == key)
        #expect(CurvePublicKey(hexadecimal: key.hexadecimal.uppercased()) == key)
        #expect(CurvePublicKey(z85: key.z85) == key)
        #expect(key.z85.utf8.count == 40 && key.bytes.count == 32)
    }

    @Test func `a secret is read from hexadecimal and Z85`() throws {
        let pair = try CurveKeyPair.generate()
        let bytes = pair.withSecretBytes { Data($0) }
        #expect(
            CurveKeyPair(secretHexadecimal: CurveKeyText.hexadecimal(bytes))?.publicKey
                == pair.publicKey
        )
        #expect(CurveKeyPair(secretZ85: CurveKeyText.z85(bytes))?.publicKey == pair.publicKey)
    }

    @Test(arguments: [
        "", "00", String(repeating: "0", count: 63), String(repeating: "g", count: 64),
        String(repeating: "é", count: 32), String(repeating: "0", count: 66),
    ])
    func `what is not 64 hexadecimal digits is no key`(text: String) {
        #expect(CurvePublicKey(hexadecimal: text) == nil)
        #expect(CurveKeyPair(secretHexadecimal: text) == nil)
    }

    @Test(arguments: [
        "", String(repeating: "0", count: 39), String(repeating: "0", count: 41),
        String(repeating: "\"", count: 40), String(repeating: "#", count: 40),
        String(repeating: "\u{7f}", count: 40),
    ])
    func `what is not 40 characters of Z85 is no key`(text: String) {
        #expect(CurvePublicKey(z85: text) == nil)
        #expect(CurveKeyPair(secretZ85: text) == nil)
    }

    @Test func `keys of another length are refused`() {
        #expect(CurvePublicKey(bytes: Data(count: 31)) == nil)
        #expect(CurveKeyPair(secret: Data(count: 33)) == nil)
    }
}

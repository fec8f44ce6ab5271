// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The text of a key file: any damage shows.

import Foundation
import Testing
import WiciCore

struct KeyTextTests {
    private let secret = Data((0..<32).map { UInt8($0) })

    @Test func `a key file gives its secret back, with or without the check`() {
        let text = KeyText.text(of: secret)
        #expect(text.hasPrefix(secret.lowercaseHexadecimal + "-"))
        #expect(KeyText.secret(in: text) == secret)
        #expect(KeyText.secret(in: secret.lowercaseHexadecimal) == secret)
    }

    @Test func `no flipped bit of a key file gives another key`() {
        let bytes = Array(KeyText.text(of: secret).utf8)
        for place in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[place] ^= 1 << bit
                #expect(KeyText.secret(in: String(decoding: flipped, as: UTF8.self)) == nil)
            }
        }
    }

    @Test(arguments: ["", "-", "00", "00-00000000", String(repeating: "0", count: 66)])
    func `another form is no key`(text: String) {
        #expect(KeyText.secret(in: text) == nil)
    }
}

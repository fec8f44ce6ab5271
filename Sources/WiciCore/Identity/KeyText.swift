// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Secrets as text for key files. Every 32 bytes are some key, so a damaged file would give another one
// and nobody would notice: a node could no longer open what is sealed for it. A check is kept with it.

public import Foundation

/// A secret of 32 bytes as text: 64 lower-case hexadecimal digits, a hyphen and 8 digits of check.
public enum KeyText {
    /// The text of a secret.
    public static func text(of secret: Data) -> String {
        "\(secret.lowercaseHexadecimal)-\(check(of: secret))"
    }

    /// The secret in a text; nil for another form or a wrong check.
    ///
    /// The 64 digits alone are taken too, for keys that somebody brings from elsewhere.
    public static func secret(in text: String) -> Data? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let digits = parts.first, let secret = Data(lowercaseHexadecimal: String(digits)),
            secret.count == 32
        else { return nil }
        switch parts.count {
        case 1: return secret
        case 2: return parts[1] == check(of: secret) ? secret : nil
        default: return nil
        }
    }

    private static func check(of secret: Data) -> String {
        Digest.of(domain: "wici/v1/key-file", secret).data.prefix(4).lowercaseHexadecimal
    }
}

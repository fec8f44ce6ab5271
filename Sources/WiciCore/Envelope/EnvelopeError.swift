// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What can be wrong with the bytes of an envelope, and the refusal that each answers.

/// Why an envelope was refused before anything in it was believed.
public enum EnvelopeError: Error, Hashable, Sendable {
    /// The bytes are not an envelope in its one canonical encoding.
    case malformedEnvelope
    /// The header is not a header, has unknown fields, or names no valid id or sender.
    case malformedHeader
    /// The header is over 8 KiB.
    case headerTooLarge
    /// The body is over 256 KiB (and the tag, when sealed).
    case bodyTooLarge
    /// The seal's suite is not 1.
    case unknownSuite
    /// Wraps are missing, too many, unsorted, repeated or misshapen.
    case malformedWraps
    /// A sealed body's length is not a padding step and a tag.
    case wrongPadding
    /// The signature does not match header, body, wraps or key.
    case badSignature

    /// The refusal to answer with.
    public var refusal: Refusal {
        switch self {
        case .malformedEnvelope: Refusal(.malformedEnvelope)
        case .malformedHeader: Refusal(.malformedHeader)
        case .headerTooLarge: Refusal(.headerTooLarge)
        case .bodyTooLarge: Refusal(.bodyTooLarge)
        case .unknownSuite: Refusal(.suiteUnknown, field: "seal.suite")
        case .malformedWraps: Refusal(.wrapsMalformed, field: "wraps")
        case .wrongPadding: Refusal(.sealPaddingWrong, field: "body")
        case .badSignature: Refusal(.badSignature)
        }
    }
}

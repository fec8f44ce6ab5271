// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What can go wrong when sealing or opening, and the refusal that each answers. None of them says
// anything about the content.

/// Why a seal could not be made or opened.
public enum SealError: Error, Hashable, Sendable {
    /// The message is not sealed.
    case notSealed
    /// The header cannot be read, or its seal info is not this content key's.
    case headerMismatch
    /// The content with its frame does not fit 256 KiB.
    case bodyTooLarge
    /// No recipients, or more than 4,097.
    case recipientCount
    /// A recipient is named twice.
    case repeatedRecipient(NodeID)
    /// A recipient's public key cannot be used.
    case unusableKey(NodeID)
    /// There is no wrap for this node.
    case noWrap
    /// The wrap is for a key that this node no longer or not yet has.
    case noPrivateKey(KeyID)
    /// The wrap or the body does not decrypt.
    case cannotOpen
    /// The content key is not the one that the header commits to.
    case wrongCommitment
    /// The opened content is not in its canonical encoding.
    case malformedContent
    /// Sender or message id inside differ from the header's.
    case otherMessageInside
    /// The padding is not zeros up to the next step.
    case wrongPadding

    /// The refusal to answer with.
    public var refusal: Refusal {
        switch self {
        case .notSealed: Refusal(.sealRequired)
        case .headerMismatch, .wrongCommitment:
            Refusal(.keyCommitmentWrong, field: "seal.key_commitment")
        case .bodyTooLarge: Refusal(.bodyTooLarge)
        case .recipientCount: Refusal(.audienceTooLarge)
        case .repeatedRecipient: Refusal(.wrapsMalformed, field: "wraps")
        case .unusableKey: Refusal(.sealKeyUnusable)
        case .noWrap: Refusal(.wrapMissing)
        case .noPrivateKey, .cannotOpen: Refusal(.sealUnopenable)
        case .malformedContent: Refusal(.sealedContentMalformed)
        case .otherMessageInside: Refusal(.sealedSenderMismatch)
        case .wrongPadding: Refusal(.sealPaddingWrong)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What can be wrong with a signed note, a verifier key or a checkpoint.

/// Why a note, a key text or a checkpoint was refused.
public enum NoteError: Error, Hashable, Sendable {
    /// The note is over its byte limit.
    case tooLarge(limit: Int)
    /// Not valid UTF-8.
    case notUTF8
    /// A control character other than newline.
    case controlCharacter
    /// No empty line, or no signature line after the last one.
    case noSignatures
    /// The text is empty or does not end in a newline, so that it cannot be signed.
    case textWithoutFinalNewline
    /// A signature line is not `— name base64`; the first is line 1.
    case malformedSignatureLine(Int)
    /// More signature lines than the limit.
    case tooManySignatures(limit: Int)
    /// A key name is empty, too long, or holds a space or a plus sign.
    case malformedKeyName
    /// A key text is not `name+id+base64`, its id is wrong, or its key is of the wrong size.
    case malformedKey
    /// A key of a signature type that this library does not verify.
    case unsupportedKeyType(UInt8)
    /// A signature by a known key does not verify: the whole note is refused.
    case badSignature(keyName: String)
    /// No signature by any of the known keys.
    case noKnownSignature
    /// The text is not origin, size and root hash in the form of tlog-checkpoint.
    case malformedCheckpoint
    /// The checkpoint is of another log.
    case otherOrigin
    /// The crypto library could not sign.
    case signingFailed
}

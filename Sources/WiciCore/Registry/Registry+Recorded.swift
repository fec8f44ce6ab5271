// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A registry that was in force, from the note that a ledger keeps of it.

import Crypto
public import Foundation

extension Registry {
    /// Takes a registry that was in force from the note that was recorded then.
    ///
    /// Neither signatures nor dates nor the chain are asked again: the caller must know by its digest
    /// that this is the note that was accepted.
    public static func recorded(note bytes: Data) throws(RegistryError) -> Registry {
        let text: String
        do {
            text = try SignedNote(bytes: bytes).text
        } catch {
            throw DocumentError(.noteUnreadable)
        }
        return Registry(
            contents: try RegistryContents(text: text),
            digest: Digest(SHA256.hash(data: bytes))
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Words of the protocol as a person at the terminal reads them. JSON keeps the words themselves.

import WiciCore
import WiciNode

/// Names of codes in the language of the terminal; a word that no list knows stays as it is.
enum Words {
    /// How a node stands with its hub.
    static func connection(_ status: ConnectionStatus) -> String {
        switch status {
        case .stopped: say("zatrzymany", "stopped")
        case .connecting: say("łączy się", "connecting")
        case .connected: say("połączony", "connected")
        case .refused: say("odrzucony", "refused")
        }
    }

    /// Whether a message is meant in earnest.
    static func status(_ word: String) -> String { polish(word, "status") }

    /// What the content may be used for.
    static func purpose(_ word: String) -> String { polish(word, "purpose") }

    /// In English the words of the protocol are plain enough, and what drafts are written with.
    private static func polish(_ word: String, _ list: String) -> String {
        say(Vocabulary.current.entry(word, in: list)?.name.polish ?? word, word)
    }
}

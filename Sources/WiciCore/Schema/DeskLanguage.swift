// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The two languages in which people are spoken to.

/// A language of the desk, the templates and the documentation.
public enum DeskLanguage: String, Hashable, Sendable, CaseIterable {
    /// Polish, the default.
    case polish = "pl"
    /// English, in full.
    case english = "en"
}

extension Bilingual {
    /// The text in a language.
    public subscript(language: DeskLanguage) -> String {
        switch language {
        case .polish: polish
        case .english: english
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Why a registry, a policy or an enrolment request was refused: one error type for everything that
// the network authority signs, so that hub, node and command line print it alike.

/// Why a signed document was refused: the code, and where in the document.
public struct DocumentError: Error, Hashable, Sendable {
    /// What is wrong.
    public let code: RefusalCode
    /// Path of the value at fault, for example `nodes[3].exchange-key`; empty for the whole.
    public let path: String
    /// Line in the document's text, from 1; `nil` where no line can be named.
    public let line: Int?
    /// What was found or expected; never a key or a secret.
    public let detail: Bilingual?

    /// Makes an error.
    public init(
        _ code: RefusalCode,
        path: String = "",
        line: Int? = nil,
        detail: Bilingual? = nil
    ) {
        self.code = code
        self.path = path
        self.line = line
        self.detail = detail
    }

    /// Path, line, what is wrong and what was found, in both languages.
    public var sentence: Bilingual {
        func place(_ line: String) -> String {
            switch (path.isEmpty, self.line) {
            case (true, nil): ""
            case (false, nil): "\(path): "
            case (true, let number?): "\(line) \(number): "
            case (false, let number?): "\(path), \(line) \(number): "
            }
        }
        let polish = detail.map { " \($0.polish)" } ?? ""
        let english = detail.map { " \($0.english)" } ?? ""
        return Bilingual(
            polish: place("wiersz") + code.sentence.polish + polish,
            english: place("line") + code.sentence.english + english
        )
    }
}

extension DocumentError: CustomStringConvertible {
    /// The code's name and the English sentence.
    public var description: String { "\(code.name): \(sentence.english)" }
}

/// Why a registry was refused.
public typealias RegistryError = DocumentError
/// Why a policy was refused.
public typealias PolicyError = DocumentError

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Why a hub could not be made, started or reloaded: what, in which file, what to do next.

package import Foundation
import PrivateFiles
public import WiciCore

/// An error of the hub's surroundings.
public struct HubError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public let code: RefusalCode
    /// The file it is about.
    public let file: String
    /// What was found there.
    public let detail: Bilingual?

    init(_ code: RefusalCode, file: URL? = nil, detail: Bilingual? = nil) {
        self.code = code
        self.file = file?.path ?? ""
        self.detail = detail
    }

    /// File, what happened and what to do, in both languages.
    public var sentence: Bilingual {
        let place = file.isEmpty ? "" : "\(file): "
        return Bilingual(
            polish: place + code.sentence.polish + (detail.map { " \($0.polish)" } ?? ""),
            english: place + code.sentence.english + (detail.map { " \($0.english)" } ?? "")
        )
    }

    /// The code's name and the English sentence.
    public var description: String { "\(code.name): \(sentence.english)" }
}

extension HubError: FileFailure {
    /// Takes the refusal of a file.
    package init(_ code: RefusalCode, at file: URL, detail: Bilingual?) {
        self.init(code, file: file, detail: detail)
    }
}

typealias PrivateFile = PrivateFiles.PrivateFile<HubError>
typealias PrivateFolder = PrivateFiles.PrivateFolder<HubError>

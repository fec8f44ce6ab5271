// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Files that the command line reads and writes: drafts and signed notes of registry and policy, keys
// of the authority, messages from a file or from standard input.

import Foundation
import Glibc
import PrivateFiles
import WiciCore

/// Reading and writing whole files.
enum Files {
    /// Reads a file, or standard input for `-`; refuses what is over the limit.
    static func read(_ path: String, limit: Int = 4 << 20) throws -> Data {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            let file = URL(filePath: path)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder),
                !isFolder.boolValue
            else { throw CommandFailure.missing(file) }
            handle = try FileHandle(forReadingFrom: file)
        }
        let bytes = try handle.read(upToCount: limit + 1) ?? Data()
        guard bytes.count <= limit else {
            throw CommandFailure(
                .failed,
                "file-too-large",
                "\(path): plik jest za duży.",
                "\(path): the file is too large."
            )
        }
        return bytes
    }

    /// Reads a file as UTF-8 text.
    static func text(_ path: String) throws -> String {
        guard let text = String(validating: try read(path), as: UTF8.self) else {
            throw CommandFailure(
                .failed,
                "not-text",
                "\(path): plik nie jest tekstem UTF-8.",
                "\(path): the file is not UTF-8 text."
            )
        }
        return text
    }

    /// Replaces a file at once: readers see the old bytes or the new, never a part.
    static func write(_ bytes: Data, to file: URL, mode: mode_t = 0o644) throws {
        try PrivateFile<CommandFailure>.write(bytes, to: file, mode: mode)
    }

    /// Makes a new secret file, readable by its owner alone; never replaces one, and refuses a
    /// folder in which others could.
    static func writeSecret(_ text: String, to file: URL) throws {
        try PrivateFolder<CommandFailure>.check(file.deletingLastPathComponent(), .readable)
        try PrivateFile<CommandFailure>.create(Data((text + "\n").utf8), at: file)
    }

    /// Reads a secret; refuses a file that is not this user's own or that others may read.
    static func secret(_ path: String) throws -> String {
        let file = URL(filePath: path)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw CommandFailure.missing(file)
        }
        return try PrivateFile<CommandFailure>.readSecret(file)
    }

    /// The signer in an authority's key file.
    static func signer(_ path: String) throws -> NoteSigner {
        do {
            return try NoteSigner(privateText: try secret(path))
        } catch is NoteError {
            throw CommandFailure(.keyUnreadable, at: URL(filePath: path), detail: nil)
        }
    }
}

extension CommandFailure: FileFailure {
    /// Takes the refusal of a file.
    init(_ code: RefusalCode, at file: URL, detail: Bilingual?) {
        self.init(
            code,
            field: file.path,
            Bilingual(
                polish: "\(file.path): \(code.sentence.polish)"
                    + (detail.map { " \($0.polish)" } ?? ""),
                english: "\(file.path): \(code.sentence.english)"
                    + (detail.map { " \($0.english)" } ?? "")
            )
        )
    }

    /// A file that cannot be written.
    static func unwritable(_ file: URL) -> CommandFailure {
        CommandFailure(.fileUnwritable, at: file, detail: nil)
    }
}

/// A registry or policy on disk: a draft that the authority still edits, or a signed note.
enum AuthorityDocument {
    /// Text without signatures.
    case draft(text: String)
    /// A signed note and its exact bytes.
    case note(SignedNote, bytes: Data)

    /// Reads either.
    init(path: String) throws {
        let bytes = try Files.read(path)
        if let note = try? SignedNote(bytes: bytes) {
            self = .note(note, bytes: bytes)
        } else if let text = String(validating: bytes, as: UTF8.self) {
            self = .draft(text: text)
        } else {
            throw CommandFailure(
                RefusalCode.noteUnreadable,
                field: path,
                RefusalCode.noteUnreadable.sentence
            )
        }
    }

    /// The text that people read.
    var text: String {
        switch self {
        case .draft(let text): text
        case .note(let note, _): note.text
        }
    }

    /// Signs a document and gives the note; signatures that a note has already stay.
    static func sign(_ path: String, keys: [String], output: String?) throws -> (URL, SignedNote) {
        let document = try AuthorityDocument(path: path)
        let file = URL(filePath: path)
        let target =
            output.map { URL(filePath: $0) }
            ?? (file.pathExtension == "note"
                ? file : file.deletingPathExtension().appendingPathExtension("note"))
        var note: SignedNote
        switch document {
        case .note(let signed, _): note = signed
        case .draft(let text):
            note = try SignedNote(text: text)
            // A second key holder signs the same draft: what is signed already stays.
            if let bytes = try? Files.read(target.path), let begun = try? SignedNote(bytes: bytes),
                begun.text == text
            {
                note = begun
            }
        }
        for key in keys { try Files.signer(key).sign(&note) }
        try Files.write(note.bytes, to: target)
        return (target, note)
    }
}

extension Moment {
    /// The clock of this machine.
    static func now() -> Moment {
        Moment(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
    }

    /// Date and time of day in Warsaw, for people.
    var inWarsaw: String {
        WarsawTime.text(of: self)
    }
}

extension CivilDate {
    /// Today in Warsaw.
    static func today() -> CivilDate { WarsawTime.date(at: .now()) }
}

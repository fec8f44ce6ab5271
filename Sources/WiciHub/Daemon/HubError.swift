// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Why a hub could not be made, started or reloaded: what, in which file, what to do next.

import Foundation
import Glibc
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

/// Files that only their owner may read.
enum PrivateFile {
    static func makeFolder(_ folder: URL) throws(HubError) {
        do {
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw HubError(.fileUnwritable, file: folder)
        }
    }

    /// Writes a new file with mode 0600, synced before it gets its name.
    static func write(_ bytes: Data, to file: URL) throws(HubError) {
        let temporary = file.appendingPathExtension("new")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HubError(.fileUnwritable, file: file) }
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0,
            rename(temporary.path, file.path) == 0
        else {
            unlink(temporary.path)
            throw HubError(.fileUnwritable, file: file)
        }
        try syncFolder(of: file)
    }

    /// Makes a file's name durable.
    private static func syncFolder(of file: URL) throws(HubError) {
        let descriptor = open(file.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HubError(.fileUnwritable, file: file) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw HubError(.fileUnwritable, file: file) }
    }

    static func read(_ file: URL, limit: Int) throws(HubError) -> Data {
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            throw HubError(.fileUnreadable, file: file)
        }
        defer { try? handle.close() }
        guard let bytes = try? handle.read(upToCount: limit + 1), bytes.count <= limit else {
            throw HubError(.fileUnreadable, file: file)
        }
        return bytes
    }

    /// Reads 32 secret bytes in the form of `KeyText`; refuses a file that others may read.
    static func readKey(_ file: URL) throws(HubError) -> Data {
        var status = stat()
        guard stat(file.path, &status) == 0 else { throw HubError(.fileUnreadable, file: file) }
        guard status.st_mode & 0o077 == 0 else { throw HubError(.keyFileOpen, file: file) }
        let text = String(decoding: try read(file, limit: 4096), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let secret = KeyText.secret(in: text) else {
            throw HubError(.keyUnreadable, file: file)
        }
        return secret
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Files and folders that only their owner may use.

import Foundation
import Glibc
import WiciCore

/// Files with mode 0600 in folders with mode 0700.
enum PrivateFile {
    static func makeFolder(_ folder: URL) throws(NodeError) {
        do {
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw NodeError(.fileUnwritable, file: folder)
        }
    }

    /// Writes a new file that is synced before it gets its name.
    static func write(_ bytes: Data, to file: URL) throws(NodeError) {
        let temporary = file.appendingPathExtension("new")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw NodeError(.fileUnwritable, file: file) }
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0,
            rename(temporary.path, file.path) == 0
        else {
            unlink(temporary.path)
            throw NodeError(.fileUnwritable, file: file)
        }
        try syncFolder(of: file)
    }

    /// Makes a file's name durable.
    private static func syncFolder(of file: URL) throws(NodeError) {
        let descriptor = open(file.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw NodeError(.fileUnwritable, file: file) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw NodeError(.fileUnwritable, file: file) }
    }

    static func read(_ file: URL, limit: Int) throws(NodeError) -> Data {
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            throw NodeError(.fileUnreadable, file: file)
        }
        defer { try? handle.close() }
        guard let bytes = try? handle.read(upToCount: limit + 1), bytes.count <= limit else {
            throw NodeError(.fileUnreadable, file: file)
        }
        return bytes
    }

    /// Reads 32 secret bytes in the form of `KeyText`; refuses a file that others may read.
    static func readKey(_ file: URL) throws(NodeError) -> Data {
        try checkMode(of: file, .keyFileOpen)
        let text = String(decoding: try read(file, limit: 256), as: UTF8.self)
            .trimmingCharacters(in: .newlines)
        guard let bytes = KeyText.secret(in: text) else {
            throw NodeError(.keyUnreadable, file: file)
        }
        return bytes
    }

    /// Refuses a file or folder in which others have any right.
    static func checkMode(of file: URL, _ code: RefusalCode) throws(NodeError) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        guard let mode = attributes?[.posixPermissions] as? NSNumber else {
            throw NodeError(.fileUnreadable, file: file)
        }
        guard mode.intValue & 0o077 == 0 else { throw NodeError(code, file: file) }
    }
}

/// Says to other processes that this one serves a folder, for as long as it lives.
final class ProcessLock: Sendable {
    private let descriptor: Int32

    init(_ file: URL) throws(NodeError) {
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw NodeError(.fileUnwritable, file: file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw NodeError(.alreadyRunning, file: file)
        }
    }

    deinit { close(descriptor) }
}

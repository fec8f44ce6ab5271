// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Files that hold a secret: made new, for their owner alone, and never through a file, link or folder
// that somebody else put there beforehand. Hub, node and command line write theirs here.

package import Foundation
import Glibc
package import WiciCore

/// An error in which the refusal of a file can be told: each program has its own.
package protocol FileFailure: Error {
    /// Makes an error about a file; the detail is what was found there and what to do about it.
    init(_ code: RefusalCode, at file: URL, detail: Bilingual?)
}

/// Files of one owner, written whole or not at all.
package enum PrivateFile<Failure: FileFailure> {
    /// Replaces a file at once: readers see the old bytes or the new, and those are synced.
    ///
    /// - Parameter mode: Rights of the file; those of a secret unless the caller asks for others.
    package static func write(
        _ bytes: Data,
        to file: URL,
        mode: mode_t = 0o600
    ) throws(Failure) {
        let unnamed = try writeUnnamed(bytes, for: file, mode: mode)
        guard rename(unnamed.path, file.path) == 0 else {
            unlink(unnamed.path)
            throw Failure(.fileUnwritable, at: file, detail: nil)
        }
        try syncFolder(of: file)
    }

    /// Makes a new secret file; never replaces one.
    package static func create(_ bytes: Data, at file: URL) throws(Failure) {
        let unnamed = try writeUnnamed(bytes, for: file, mode: 0o600)
        // Unlike rename(2), link(2) refuses a name that is taken, dangling links included.
        let isNamed = link(unnamed.path, file.path) == 0
        let code: RefusalCode = errno == EEXIST ? .alreadyInitialised : .fileUnwritable
        unlink(unnamed.path)
        guard isNamed else { throw Failure(code, at: file, detail: nil) }
        try syncFolder(of: file)
    }

    /// Reads a file whole; refuses one over the limit in bytes.
    package static func read(_ file: URL, limit: Int) throws(Failure) -> Data {
        try read(opened(file), of: file, limit: limit)
    }

    /// Reads 32 secret bytes in the form of `KeyText`.
    package static func readKey(_ file: URL) throws(Failure) -> Data {
        guard let secret = KeyText.secret(in: try readSecret(file)) else {
            throw Failure(.keyUnreadable, at: file, detail: nil)
        }
        return secret
    }

    /// Reads the text of a secret, without blanks around it; refuses a file that is not this user's
    /// own or that others may read.
    package static func readSecret(_ file: URL) throws(Failure) -> String {
        let handle = try opened(file)
        // The file that is read is asked, not its name: that may lead elsewhere a moment later.
        guard let status = FileStatus(of: handle.fileDescriptor) else {
            throw Failure(.fileUnreadable, at: file, detail: nil)
        }
        guard status.isOwn else { throw Failure(.fileForeign, at: file, detail: nil) }
        guard status.rights & 0o077 == 0 else {
            throw Failure(.keyFileOpen, at: file, detail: nil)
        }
        return String(decoding: try read(handle, of: file, limit: 4096), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: Steps

    /// Writes bytes to a new file beside the one that they are for, and syncs them.
    private static func writeUnnamed(
        _ bytes: Data,
        for file: URL,
        mode: mode_t
    ) throws(Failure) -> URL {
        let unnamed = file.appendingPathExtension("new")
        try removeLeftOver(unnamed, of: file)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = open(unnamed.path, flags, mode)
        guard descriptor >= 0 else { throw Failure(.fileUnwritable, at: file, detail: nil) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: bytes)
            try handle.synchronize()
            try handle.close()
        } catch {
            unlink(unnamed.path)
            throw Failure(.fileUnwritable, at: file, detail: nil)
        }
        return unnamed
    }

    /// Removes what an interrupted run of this user left; refuses anything else at that name.
    private static func removeLeftOver(_ unnamed: URL, of file: URL) throws(Failure) {
        guard let status = FileStatus(at: unnamed.path) else { return }
        guard status.isRegular, status.isOwn, unlink(unnamed.path) == 0 else {
            let place = unnamed.path
            throw Failure(
                .fileUnwritable,
                at: file,
                detail: Bilingual(
                    polish: "Na drodze stoi \(place): to nie jest własny plik po przerwanej "
                        + "próbie. Sprawdź, kto go tam umieścił, i usuń go.",
                    english: "\(place) is in the way: it is no file of your own from an attempt "
                        + "that was broken off. See who put it there, and remove it."
                )
            )
        }
    }

    /// Makes a file's name durable.
    private static func syncFolder(of file: URL) throws(Failure) {
        let folder = file.deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(.fileUnwritable, at: file, detail: nil) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(.fileUnwritable, at: file, detail: nil) }
    }

    private static func opened(_ file: URL) throws(Failure) -> FileHandle {
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            throw Failure(.fileUnreadable, at: file, detail: nil)
        }
        return handle
    }

    private static func read(
        _ handle: FileHandle,
        of file: URL,
        limit: Int
    ) throws(Failure) -> Data {
        defer { try? handle.close() }
        guard let bytes = try? handle.read(upToCount: limit + 1), bytes.count <= limit else {
            throw Failure(.fileUnreadable, at: file, detail: nil)
        }
        return bytes
    }
}

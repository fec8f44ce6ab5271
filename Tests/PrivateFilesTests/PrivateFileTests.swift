// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Secrets on disk beside somebody who was there first: files, links and folders prepared beforehand.

import Foundation
import Glibc
import PrivateFiles
import Testing
import WiciCore

/// A refusal as these tests read it.
private struct Refused: FileFailure, Equatable {
    let code: RefusalCode
    let file: String
    let detail: String?

    init(_ code: RefusalCode, at file: URL, detail: Bilingual?) {
        self.code = code
        self.file = file.path
        self.detail = detail?.english
    }
}

private typealias Secrets = PrivateFile<Refused>

final class PrivateFileTests {
    /// Only the administrator can leave a file of somebody else.
    static let isAdministrator = geteuid() == 0
    /// Some user that is not this one.
    static let stranger: uid_t = 65_534

    let folder: URL
    let file: URL
    let unnamed: URL
    let secret = Data("secret".utf8)

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "wici-private-\(UUID())")
        file = folder.appending(path: "signing.key")
        unnamed = folder.appending(path: "signing.key.new")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func mode(_ file: URL) -> UInt32 {
        FileStatus(at: file.path)?.rights ?? 0
    }

    // MARK: Files

    @Test func `what an interrupted run left is not written to, but removed`() throws {
        try Data("half a secret".utf8).write(to: unnamed)
        chmod(unnamed.path, 0o666)
        // Whoever opened it while it was there must not see what comes.
        let watcher = try FileHandle(forReadingFrom: unnamed)
        try Secrets.write(secret, to: file)
        #expect(try watcher.readToEnd() == Data("half a secret".utf8))
        #expect(try Data(contentsOf: file) == secret)
        #expect(mode(file) == 0o600)
        #expect(!FileManager.default.fileExists(atPath: unnamed.path))
    }

    @Test func `a link in the way is refused by name, and nothing is written through it`() throws {
        let loot = folder.appending(path: "loot")
        try Data().write(to: loot)
        try FileManager.default.createSymbolicLink(at: unnamed, withDestinationURL: loot)
        let refused = #expect(throws: Refused.self) { try Secrets.write(secret, to: file) }
        #expect(refused?.code == .fileUnwritable)
        #expect(refused?.detail?.contains(unnamed.path) == true)
        #expect(try Data(contentsOf: loot).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test(.enabled(if: isAdministrator))
    func `a file that somebody else left in the way is refused and stays`() throws {
        try Data().write(to: unnamed)
        chown(unnamed.path, Self.stranger, 0)
        let refused = #expect(throws: Refused.self) { try Secrets.create(secret, at: file) }
        #expect(refused?.code == .fileUnwritable)
        #expect(try Data(contentsOf: unnamed).isEmpty)
    }

    @Test func `a new secret replaces neither a file nor a link that leads nowhere`() throws {
        try Secrets.create(secret, at: file)
        #expect(mode(file) == 0o600)
        let link = folder.appending(path: "link.key")
        try FileManager.default.createSymbolicLink(
            at: link,
            withDestinationURL: folder.appending(path: "nowhere")
        )
        for taken in [file, link] {
            let refused = #expect(throws: Refused.self) {
                try Secrets.create(Data("other".utf8), at: taken)
            }
            #expect(refused?.code == .alreadyInitialised)
        }
        #expect(try Data(contentsOf: file) == secret)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.sorted() == ["link.key", "signing.key"])
    }

    @Test(.enabled(if: isAdministrator))
    func `a key that belongs to somebody else is not used`() throws {
        try Secrets.write(Data(KeyText.text(of: Data(repeating: 7, count: 32)).utf8), to: file)
        #expect(try Secrets.readKey(file) == Data(repeating: 7, count: 32))
        chown(file.path, Self.stranger, 0)
        let refused = #expect(throws: Refused.self) { try Secrets.readKey(file) }
        #expect(refused?.code == .fileForeign)
    }

    // MARK: Folders

    @Test(arguments: [
        (0o700, true, true), (0o750, false, true), (0o755, false, true), (0o770, false, false),
        (0o1777, false, false),
    ])
    func `a folder is taken when others can do no more in it than they may`(
        _ mode: Int,
        _ mayHoldKeys: Bool,
        _ mayBeReadable: Bool
    ) throws {
        chmod(folder.path, mode_t(mode))
        for (openness, isTaken) in [
            (PrivateFolder<Refused>.Openness.closed, mayHoldKeys), (.readable, mayBeReadable),
        ] {
            if isTaken {
                try PrivateFolder<Refused>.make(folder, openness)
            } else {
                let refused = #expect(throws: Refused.self) {
                    try PrivateFolder<Refused>.make(folder, openness)
                }
                #expect(refused?.code == .keyFolderOpen)
            }
        }
    }

    @Test(.enabled(if: isAdministrator))
    func `a folder that somebody else prepared is refused`() throws {
        chown(folder.path, Self.stranger, 0)
        let refused = #expect(throws: Refused.self) {
            try PrivateFolder<Refused>.make(folder, .readable)
        }
        #expect(refused == Refused(.fileForeign, at: folder, detail: nil))
    }
}

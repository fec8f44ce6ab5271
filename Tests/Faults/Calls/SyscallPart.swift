// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The parts of hub and node whose calls on files are made to fail. Each plays a short scene, and plays
// it again once the fault has passed.

import ArgumentParser
import Foundation
import Logging
import NetworkRig
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// What is done while a call fails.
enum SyscallPart: String, CaseIterable, ExpressibleByArgument {
    /// Ledger: opening, submissions, checkpoints, opening again.
    case ledger
    /// Node: opening, sending, storing, opening again.
    case node
    /// A hub's folder and a node's folder are made and their keys read.
    case folders
    /// A hub starts, takes another registry and policy, and ends.
    case reload

    /// Prepares what the scene needs, before calls fail.
    func scene(in folder: ScratchFolder, seed: UInt64, isDeaf: Bool) async throws -> any Scene {
        switch self {
        case .ledger:
            let signer = try NoteSigner(name: "ledger.example/calls", key: SigningKey())
            let path = folder.url.appending(path: "ledger.sqlite").path
            return StoreScene(LedgerBook(path: path, signer: signer), seed, isDeaf: isDeaf)
        case .node:
            let path = folder.url.appending(path: "node.sqlite").path
            return StoreScene(NodeBook(path: path, key: StorageKey()), seed, isDeaf: isDeaf)
        case .folders: return FolderScene(folder)
        case .reload: return try ReloadScene(folder)
        }
    }
}

/// Something that is done with files.
protocol Scene {
    /// Does it while a call fails; throws what a user would hear.
    func play() async throws
    /// Does it when nothing fails any more, and checks that nothing was lost.
    func playAgain() async throws
}

/// A store is used for a while, closed and opened again.
final class StoreScene<Store: FaultyStore>: Scene {
    private var book: Store
    private let seed: UInt64
    private let isDeaf: Bool

    init(_ book: Store, _ seed: UInt64, isDeaf: Bool) {
        self.book = book
        self.seed = seed
        self.isDeaf = isDeaf
    }

    func play() throws {
        var generator = SeededGenerator(seed: seed)
        var heard: (any Error)?
        for _ in 0..<2 {
            try book.open()
            for _ in 0..<7 {
                do {
                    try book.act(&generator)
                } catch {
                    // After a refused write the program goes on, as the hub does.
                    if error is Violation { throw error }
                    heard = error
                    if isDeaf { book.forgive() }
                }
            }
            book.close()
        }
        if let heard { throw heard }
    }

    func playAgain() throws {
        book.close()
        try book.open()
        var generator = SeededGenerator(seed: seed &+ 1)
        for _ in 0..<5 { try book.act(&generator) }
        book.close()
        try book.open()
        book.close()
    }
}

/// The folders of a hub and of a node are made and read.
private struct FolderScene: Scene {
    private let folder: ScratchFolder
    init(_ folder: ScratchFolder) { self.folder = folder }

    private static let alreadyThere = RefusalCode.alreadyInitialised.number

    private var hub: HubFolder { HubFolder(folder.url.appending(path: "hub")) }
    private var node: NodeFolder { NodeFolder(folder.url.appending(path: "node")) }

    func play() throws {
        try make()
        try read()
    }

    /// What could not be made whole is made anew; what was made is there.
    func playAgain() throws {
        try make()
        try read()
    }

    private func make() throws {
        do {
            try NetworkFolders.makeHub(hub)
        } catch let error as HubError where error.code == .alreadyInitialised {}
        do {
            try NetworkFolders.makeNode(node)
        } catch let error as NodeError where error.report.code == Self.alreadyThere {}
    }

    private func read() throws {
        _ = try hub.configuration()
        _ = try hub.ledgerSigner()
        _ = try node.configuration()
        _ = try node.keys()
    }
}

/// A hub starts, reads another registry, and ends.
private final class ReloadScene: Scene {
    private let network: NetworkFolders

    private static let quiet = Logger(label: "faults") { _ in SwiftLogNoOpLogHandler() }

    init(_ folder: ScratchFolder) throws {
        network = try NetworkFolders(
            in: folder.url,
            institutions: ["oip-lublin"],
            exchange: "tcp://127.0.0.1:*",
            feed: "tcp://127.0.0.1:*",
            policy: NetworkFolders.openPolicy
        )
    }

    /// An operator puts a file in place, by calls that are not made to fail.
    private static func put(_ note: Data, _ file: URL) throws {
        let aside = FileManager.default.temporaryDirectory
            .appending(path: "wici-faults-note-\(UUID().uuidString)")
        try note.write(to: aside)
        guard renameat(AT_FDCWD, aside.path, AT_FDCWD, file.path) == 0 else {
            throw Violation("the note cannot be put in place: errno \(errno)")
        }
    }

    func play() async throws {
        let daemon = try await HubDaemon(folder: network.hubFolder, logger: Self.quiet)
        do {
            try network.release(writing: Self.put) { _ in }
            try daemon.reload()
        } catch {
            await daemon.stop()
            throw error
        }
        await daemon.stop()
    }

    func playAgain() async throws {
        try await play()
        try await play()
        let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
        let report = try AuditVerifier.verify(reader, ledgerKey: network.ledgerKey)
        guard report.isSound else { throw Violation("\(report.faults)") }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A hub that ends and starts again takes what was in force from its own ledger.

import Foundation
import Logging
import Synchronization
import Testing
import WiciCore

@testable import WiciHub

@Suite(.timeLimit(.minutes(8)))
final class HubRestartTests {
    private let folder: HubFolder
    private let old: NoteSigner
    private let new: NoteSigner
    private let today = WarsawTime.date(at: HubClock.system.now())
    private var contents: RegistryContents

    init() throws {
        folder = HubFolder(
            FileManager.default.temporaryDirectory
                .appending(path: "wici-hub-\(UUID().uuidString)")
        )
        old = try NoteSigner(name: "authority.example/old", key: SigningKey())
        new = try NoteSigner(name: "authority.example/new", key: SigningKey())
        let trust = AuthorityTrust(threshold: 1, keys: [old.verifierKey])
        _ = try folder.initialise(
            HubConfiguration(
                origin: "hub.example/test",
                exchange: "tcp://127.0.0.1:*",
                feed: "tcp://127.0.0.1:*",
                statusPort: 0,
                authority: trust
            )
        )
        let network = try HubNetwork.shared.get()
        contents = network.contents
        contents.authority = trust
        contents.issued = today
        contents.expires = today.adding(days: 365)
        contents.hub = try folder.identity()
        let policy = network.policyText.replacing(/issued: .*/, with: "issued: \(today)")
        try old.note(text: policy).bytes.write(to: folder.policyFile)
        try old.note(text: contents.text).bytes.write(to: folder.registryFile)
    }

    deinit { try? FileManager.default.removeItem(at: folder.location) }

    private func start(_ lines: LogLines = LogLines()) async throws -> HubDaemon {
        let hub = try await HubDaemon(
            folder: folder,
            logger: Logger(label: "test") { _ in LogRecorder(lines: lines) }
        )
        try await waitUntilReady(hub)
        return hub
    }

    /// Waits until the registry of the folder is in force and on record.
    private func waitUntilReady(_ hub: HubDaemon) async throws {
        let note = try SignedNote(bytes: Data(contentsOf: folder.registryFile))
        let release = try RegistryContents(text: note.text).release
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(20))
        func isReady() -> Bool { hub.board.isReady && hub.board.health.registryRelease == release }
        while clock.now < deadline, !isReady() { try await Task.sleep(for: .milliseconds(20)) }
        #expect(isReady())
    }

    private func next(signedBy signer: NoteSigner, authority: NoteSigner) throws -> Data {
        let last = try Data(contentsOf: folder.registryFile)
        var next = try RegistryContents.successor(of: last, issued: today)
        next.authority = AuthorityTrust(threshold: 1, keys: [authority.verifierKey])
        return try signer.note(text: next.text).bytes
    }

    @Test func `a hub starts again after the authority changed its keys and takes the next`()
        async throws
    {
        let first = try Data(contentsOf: folder.registryFile)
        var hub = try await start()
        try next(signedBy: old, authority: new).write(to: folder.registryFile)
        try hub.reload()
        try await waitUntilReady(hub)
        await hub.stop()
        // The same registry again; its signature is the old authority's, and so is the policy's.
        hub = try await start()
        await hub.stop()
        // One that came while the hub was away, signed by the new authority.
        try next(signedBy: new, authority: new).write(to: folder.registryFile)
        hub = try await start()
        await hub.stop()
        // The old authority has no say any more, and nothing goes back.
        let inForce = try Data(contentsOf: folder.registryFile)
        try next(signedBy: old, authority: old).write(to: folder.registryFile)
        await #expect(throws: HubError.self) { try await self.start() }
        try first.write(to: folder.registryFile)
        let error = await #expect(throws: HubError.self) { try await self.start() }
        #expect(error?.code == .registryRefused)
        // A start that failed leaves the ledger free.
        try inForce.write(to: folder.registryFile)
        hub = try await start()
        await hub.stop()
    }

    @Test func `a hub that stops logs no error`() async throws {
        let lines = LogLines()
        let hub = try await start(lines)
        await hub.stop()
        #expect(lines.errors.isEmpty)
    }
}

/// Lines of a log, gathered from any thread.
final class LogLines: Sendable {
    private let gathered = Mutex<[String]>([])
    var errors: [String] { gathered.withLock { $0 } }
    func add(_ line: String) { gathered.withLock { $0.append(line) } }
}

/// Keeps warnings and worse.
struct LogRecorder: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.add("\(event.message)") }
}

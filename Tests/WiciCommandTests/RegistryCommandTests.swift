// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The authority's work by command: keys, a draft, enrolment, signatures two of three, verification.

import ArgumentParser
import Foundation
import Testing
import WiciCore
import WiciHub
import WiciNode

@testable import wici

struct RegistryCommandTests {
    /// A network's files in a folder of its own, removed at the end.
    final class Rig {
        let folder: URL
        static let repository = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(
                path: "wici-command-\(UUID().uuidString)"
            )
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true
            )
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func path(_ name: String) -> String { folder.appending(path: name).path }

        var authority: [String] {
            (1...3).flatMap { ["--authority", path("authority-\($0).pub")] } + ["--threshold", "2"]
        }

        func run(_ words: String...) async throws { try await run(words) }

        func run(_ words: [String]) async throws {
            var command = try Wici.parseAsRoot(words)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        }

        /// Begins the release after a note's, in which the node is revoked.
        func revokeNode(of note: String) async throws {
            try await run(
                "registry",
                "revoke",
                "kwp-lublin.main",
                "--reason",
                "key-lost",
                "--registry",
                note
            )
        }

        /// Keys, hub, one node with its request, and a draft that enrols it.
        func makeDraft() async throws {
            for number in 1...3 {
                try await run("registry", "key", "authority-\(number)", "--folder", folder.path)
            }
            let hub = HubFolder(folder.appending(path: "hub"))
            try await run(["hub", "init", hub.location.path, "--origin", "hub.test"] + authority)
            let identity = try hubIdentity()
            try await run(
                [
                    "registry", "init",
                    Self.repository.appending(path: "Deploy/network/institutions.yaml").path,
                    "--network", "test", "--origin", "hub.test", "--hub-key", identity.exchange,
                    "--ledger-key", identity.ledger, "--output", path("registry-1.yaml"),
                ] + authority
            )
            try await run(
                [
                    "node", "init", path("node"), "--id", "kwp-lublin.main", "--institution",
                    "kwp-lublin", "--hub", "tcp://127.0.0.1:5570", "--hub-key",
                    identity.exchange,
                ] + authority
            )
            try await run(
                "registry",
                "add",
                path("node/enrolment.request"),
                "--registry",
                path("registry-1.yaml")
            )
        }

        /// Any two keys of the right form: what they belong to does not matter here.
        private func hubIdentity() throws -> (exchange: String, ledger: String) {
            let ledger = try NoteSigner(name: "hub.test", key: SigningKey())
            let exchange = SigningKey().publicKey.rawRepresentation.lowercaseHexadecimal
            return (exchange, ledger.verifierKey.text)
        }

        func status(_ body: () async throws -> Void) async -> wici.ExitStatus? {
            do {
                try await body()
                return .ok
            } catch {
                return CommandFailure(error)?.status
            }
        }
    }

    @Test
    func `a registry is accepted once two of three keys have signed and not before`() async throws {
        let rig = try Rig()
        try await rig.makeDraft()
        let draft = rig.path("registry-1.yaml")
        let note = rig.path("registry-1.note")
        try await rig.run("registry", "sign", draft, "--key", rig.path("authority-1.key"))
        let early = await rig.status {
            try await rig.run(["registry", "verify", note] + rig.authority)
        }
        #expect(early == .authentication)
        try await rig.run("registry", "sign", note, "--key", rig.path("authority-3.key"))
        let late = await rig.status {
            try await rig.run(["registry", "verify", note] + rig.authority)
        }
        #expect(late == .ok)
    }

    @Test
    func `the release before is no way around the authority that a registry is verified with`()
        async throws
    {
        let (real, evil) = (try Rig(), try Rig())
        for rig in [real, evil] {
            try await rig.makeDraft()
            for number in [1, 2] {
                let key = rig.path("authority-\(number).key")
                try await rig.run("registry", "sign", rig.path("registry-1.yaml"), "--key", key)
            }
        }
        for (rig, expected) in [(real, wici.ExitStatus.ok), (evil, .authentication)] {
            let note = rig.path("registry-1.note")
            let next = rig.path("registry-2.note")
            try await rig.revokeNode(of: note)
            for number in [1, 2] {
                let key = rig.path("authority-\(number).key")
                try await rig.run("registry", "sign", rig.path("registry-2.yaml"), "--key", key)
            }
            for file in [note, next] {
                let words = ["registry", "verify", file, "--after", note] + real.authority
                let status = await rig.status { try await rig.run(words) }
                #expect(status == expected, "\(file)")
            }
        }
    }

    @Test
    func `two holders who sign the same draft in turn make one note with both signatures`()
        async throws
    {
        let rig = try Rig()
        try await rig.makeDraft()
        let draft = rig.path("registry-1.yaml")
        for number in [1, 2] {
            try await rig.run(
                "registry",
                "sign",
                draft,
                "--key",
                rig.path("authority-\(number).key")
            )
        }
        let note = try SignedNote(bytes: try Files.read(rig.path("registry-1.note")))
        #expect(note.signatures.map(\.name) == ["authority-1", "authority-2"])
    }

    @Test
    func `revoking in a signed release begins the next release and leaves the signed one alone`()
        async throws
    {
        let rig = try Rig()
        try await rig.makeDraft()
        let note = rig.path("registry-1.note")
        try await rig.run(
            "registry",
            "sign",
            rig.path("registry-1.yaml"),
            "--key",
            rig.path("authority-1.key"),
            "--key",
            rig.path("authority-2.key")
        )
        let before = try Files.read(note)
        try await rig.revokeNode(of: note)
        #expect(try Files.read(note) == before)
        let next = try RegistryContents(text: try Files.text(rig.path("registry-2.yaml")))
        #expect(next.release == 2)
        #expect(next.previous != nil)
        #expect(next.nodes.first?.revocation?.reason == .keyLost)
    }

    @Test
    func `a key file that others may read is not used`() async throws {
        let rig = try Rig()
        try await rig.makeDraft()
        let key = rig.path("authority-1.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let status = await rig.status {
            try await rig.run("registry", "sign", rig.path("registry-1.yaml"), "--key", key)
        }
        #expect(status == .failed)
        #expect(!FileManager.default.fileExists(atPath: rig.path("registry-1.note")))
    }

    @Test
    func `a second key of the same name never replaces the first`() async throws {
        let rig = try Rig()
        try await rig.run("registry", "key", "authority-1", "--folder", rig.folder.path)
        let before = try Files.read(rig.path("authority-1.key"))
        let status = await rig.status {
            try await rig.run("registry", "key", "authority-1", "--folder", rig.folder.path)
        }
        #expect(status == .failed)
        #expect(try Files.read(rig.path("authority-1.key")) == before)
    }

    @Test
    func `a request whose bytes were changed is refused as not authentic`() async throws {
        let rig = try Rig()
        try await rig.makeDraft()
        let request = rig.path("node/enrolment.request")
        let text = try Files.text(request).replacing("kwp-lublin.main", with: "kwp-lublin.evil")
        let forged = rig.folder.appending(path: "forged.request")
        try Files.write(Data(text.utf8), to: forged)
        let status = await rig.status {
            try await rig.run(
                "registry",
                "add",
                forged.path,
                "--registry",
                rig.path("registry-1.yaml")
            )
        }
        #expect(status == .authentication)
    }
}

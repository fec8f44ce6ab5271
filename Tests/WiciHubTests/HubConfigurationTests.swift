// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// hub.yaml: read strictly, and read as it was written.

import Foundation
import Testing
import WiciCore
import WiciHub

struct HubConfigurationTests {
    let configuration: HubConfiguration

    init() throws {
        let signer = try NoteSigner(name: "test-authority", key: SigningKey())
        configuration = HubConfiguration(
            origin: "test: \"ledger\" \\ &one",
            exchange: "tcp://*:5570",
            feed: "tcp://0.0.0.0:5571",
            statusPort: 0,
            authority: AuthorityTrust(threshold: 1, keys: [signer.verifierKey])
        )
    }

    @Test func `a configuration reads back as it was written, whatever signs it holds`() throws {
        #expect(try HubConfiguration(text: configuration.text) == configuration)
    }

    @Test func `a threshold that the keys cannot reach is refused`() throws {
        var unreachable = configuration
        unreachable.authority.threshold = 2
        #expect(throws: DocumentError.self) { try HubConfiguration(text: unreachable.text) }
        unreachable.authority = AuthorityTrust(threshold: 1, keys: [])
        #expect(throws: DocumentError.self) { try HubConfiguration(text: unreachable.text) }
    }

    @Test func `a folder that could not be made whole leaves no keys and can be made again`() throws
    {
        let location = FileManager.default.temporaryDirectory.appending(path: "wici-hub-\(UUID())")
        defer { try? FileManager.default.removeItem(at: location) }
        let inTheWay = location.appending(path: "hub.yaml.new")
        try FileManager.default.createDirectory(at: inTheWay, withIntermediateDirectories: true)
        var plain = configuration
        plain.origin = "hub.example/test"
        let folder = HubFolder(location)
        let error = #expect(throws: HubError.self) { try folder.initialise(plain) }
        #expect(error?.code == .fileUnwritable)
        let keys = location.appending(path: "keys").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: keys).isEmpty)
        try FileManager.default.removeItem(at: inTheWay)
        _ = try folder.initialise(plain)
        #expect(try folder.ledgerSigner().verifierKey.name == plain.origin)
    }

    /// A hub's folder in which nothing but a folder for keys is, and that folder.
    private func keyFolder(mode: Int) throws -> (URL, URL) {
        let location = FileManager.default.temporaryDirectory.appending(path: "wici-hub-\(UUID())")
        let keys = location.appending(path: "keys")
        try FileManager.default.createDirectory(
            at: keys,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: mode]
        )
        return (location, keys)
    }

    @Test func `keys are neither made nor read in a folder that others may enter`() throws {
        let (location, keys) = try keyFolder(mode: 0o755)
        defer { try? FileManager.default.removeItem(at: location) }
        var plain = configuration
        plain.origin = "hub.example/test"
        let folder = HubFolder(location)
        let making = #expect(throws: HubError.self) { try folder.initialise(plain) }
        #expect(making?.code == .keyFolderOpen)
        #expect(making?.file == keys.path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: keys.path).isEmpty)

        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: keys.path)
        _ = try folder.initialise(plain)
        try FileManager.default.setAttributes([.posixPermissions: 0o710], ofItemAtPath: keys.path)
        let reading = #expect(throws: HubError.self) { try folder.ledgerSigner() }
        #expect(reading?.code == .keyFolderOpen)
    }

    @Test func `a key is not written through a link that waits for it`() throws {
        let (location, keys) = try keyFolder(mode: 0o700)
        defer { try? FileManager.default.removeItem(at: location) }
        let loot = location.appending(path: "loot")
        try Data().write(to: loot)
        let trap = keys.appending(path: "exchange.key.new")
        try FileManager.default.createSymbolicLink(at: trap, withDestinationURL: loot)
        var plain = configuration
        plain.origin = "hub.example/test"
        let error = #expect(throws: HubError.self) { try HubFolder(location).initialise(plain) }
        #expect(error?.code == .fileUnwritable)
        #expect(error?.sentence.english.contains(trap.path) == true)
        #expect(try Data(contentsOf: loot).isEmpty)
    }
}

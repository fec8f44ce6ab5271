// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The node's folder: keys that only their owner may read, configuration read strictly, the request
// that goes to the authority.

import Foundation
import Testing
import WiciCore
import ZeroMQ

@testable import WiciNode

final class NodeFolderTests {
    let folder: NodeFolder
    let configuration: NodeConfiguration

    init() throws {
        folder = NodeFolder(
            FileManager.default.temporaryDirectory.appending(path: "wici-node-\(UUID())")
        )
        configuration = NodeConfiguration(
            node: NetworkFixture.node("kwp-lublin"),
            hubEndpoint: "tcp://127.0.0.1:5570",
            hubKey: try CurveKeyPair.generate().publicKey,
            authority: AuthorityTrust(
                threshold: 1,
                keys: [try NoteSigner(name: "authority", key: SigningKey()).verifierKey]
            )
        )
    }

    deinit { try? FileManager.default.removeItem(at: folder.location) }

    func mode(_ file: URL) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func `a folder that could not be made whole leaves no keys and can be made again`() throws
    {
        try FileManager.default.createDirectory(
            at: folder.location.appending(path: "node.yaml.new"),
            withIntermediateDirectories: true
        )
        let institution = try #require(InstitutionID("kwp-lublin"))
        let error = #expect(throws: NodeError.self) {
            try folder.initialise(configuration, institution: institution)
        }
        #expect(error?.report.name == "file-unwritable")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.keyFolder.path)
        #expect(left.isEmpty)
        try FileManager.default.removeItem(at: folder.location.appending(path: "node.yaml.new"))
        _ = try folder.initialise(configuration, institution: institution)
        _ = try folder.keys()
    }

    @Test(arguments: [
        ("tcp://hub.example:5570", true), ("tcp://127.0.0.1:1", true), ("tcp://[::1]:65535", true),
        ("127.0.0.1:5570", false), ("tcp://hub.example", false), ("tcp://:5570", false),
        ("tcp://hub.example:0", false), ("tcp://hub.example:65536", false), ("tcp://*:1", false),
        ("tcp://hub example:1", false), ("https://hub.example:1", false), ("tcp://h:+1", false),
    ])
    func `only an address that can be connected to is taken for the hub's`(
        endpoint: String,
        isTaken: Bool
    ) throws {
        var wanted = configuration
        wanted.hubEndpoint = endpoint
        let text = wanted.text
        guard !isTaken else {
            #expect(try NodeConfiguration(text: text) == wanted)
            return
        }
        let error = #expect(throws: NodeError.self) { try NodeConfiguration(text: text) }
        #expect(error?.report.field == "hub.endpoint")
        #expect(error?.report.help.en.contains("tcp://HOST:PORT") == true)
    }

    @Test func `a new folder has keys for their owner alone and a request that proves them`()
        throws
    {
        let institution = InstitutionID("kwp-lublin").unsafelyKnown
        let request = try folder.initialise(configuration, institution: institution)
        #expect(try mode(folder.keyFolder) == 0o700)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.keyFolder.path) {
            #expect(try mode(folder.keyFolder.appending(path: name)) == 0o600, "\(name)")
        }
        #expect(try mode(folder.tokenFile) == 0o600)
        let note = try Data(contentsOf: folder.requestFile)
        #expect(try EnrolmentRequest(note: note) == request)
        let keys = try folder.keys()
        #expect(keys.signing.publicKey.rawRepresentation == request.signingKey.data)
        #expect(keys.exchange.publicKey.bytes == request.exchangeKey.data)
        #expect(try folder.configuration() == configuration)
    }

    @Test func `keys are not made in a folder that others may enter`() throws {
        try FileManager.default.createDirectory(
            at: folder.keyFolder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let institution = try #require(InstitutionID("kwp-lublin"))
        let error = #expect(throws: NodeError.self) {
            try folder.initialise(configuration, institution: institution)
        }
        #expect(error?.report.name == "key-folder-open")
        #expect(error?.report.field == folder.keyFolder.path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.keyFolder.path).isEmpty)
    }

    @Test func `a folder in use is not touched`() throws {
        let institution = InstitutionID("kwp-lublin").unsafelyKnown
        _ = try folder.initialise(configuration, institution: institution)
        #expect(throws: NodeError.self) {
            try folder.initialise(configuration, institution: institution)
        }
    }

    @Test(arguments: ["exchange.key", "signing.key", "sealing.key", "storage.key", ""])
    func `a key that others may read is refused by name`(_ name: String) throws {
        _ = try NodeKeys.create(in: folder.keyFolder)
        let file = name.isEmpty ? folder.keyFolder : folder.keyFolder.appending(path: name)
        try FileManager.default.setAttributes(
            [.posixPermissions: name.isEmpty ? 0o750 : 0o640],
            ofItemAtPath: file.path
        )
        do throws(NodeError) {
            _ = try folder.keys()
            Issue.record("loaded")
        } catch {
            let code: RefusalCode = name.isEmpty ? .keyFolderOpen : .keyFileOpen
            #expect(error.report.code == code.number)
            #expect(error.report.field == file.path)
        }
    }

    @Test func `a second node that reaches the store by a link is refused`() throws {
        let institution = try #require(InstitutionID("kwp-lublin"))
        _ = try folder.initialise(configuration, institution: institution)
        let copy = NodeFolder(folder.location.appending(path: "copy"))
        try FileManager.default.createDirectory(
            at: copy.location,
            withIntermediateDirectories: true
        )
        for name in ["node.yaml", "keys"] {
            try FileManager.default.copyItem(
                at: folder.location.appending(path: name),
                to: copy.location.appending(path: name)
            )
        }
        try FileManager.default.createSymbolicLink(
            at: copy.location.appending(path: "node.sqlite"),
            withDestinationURL: folder.location.appending(path: "node.sqlite")
        )
        try withExtendedLifetime(Node(folder: folder)) {
            let error = #expect(throws: NodeError.self) { try Node(folder: copy) }
            #expect(error?.report.name == "already-running")
            #expect(error?.report.help.en.contains("node.sqlite") == true)
        }
        _ = try Node(folder: copy)
    }

    @Test func `a retired sealing key still opens`() throws {
        _ = try NodeKeys.create(in: folder.keyFolder)
        let retired = SealingPrivateKey()
        let file = folder.keyFolder.appending(path: "sealing-retired-1.key")
        try Data(retired.rawRepresentation.lowercaseHexadecimal.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        #expect(try folder.keys().sealing.map(\.publicKey).last == retired.publicKey)
    }

    @Test(arguments: [
        ("operator: \"op-1\"\n", ""), ("operator:", "operater:"),
        ("store: \"node.sqlite\"", "store: \"node.sqlite\"\nsurprise: 1"),
        ("threshold: 1", "threshold: 0"), ("threshold: 1", "threshold: 2"),
        ("node: \"kwp-lublin.main\"", "node: \"Kwp Lublin\""),
        ("socket: \"api.sock\"", "port: 70000"),
    ])
    func `a configuration with a wrong, missing or unknown key is refused`(
        _ right: String,
        _ wrong: String
    ) throws {
        let text = configuration.text
        #expect(text.contains(right))
        #expect(throws: NodeError.self) {
            try NodeConfiguration(text: text.replacing(right, with: wrong))
        }
    }

    @Test func `a configuration reads back as it was written`() throws {
        var other = configuration
        other.api = .loopback(port: 0)
        var odd = configuration
        odd.api = .unixSocket(path: "C:\\a \"b\"\u{85}")
        odd.store = "&a *b"
        for one in [configuration, other, odd] {
            #expect(try NodeConfiguration(text: one.text) == one)
        }
    }
}

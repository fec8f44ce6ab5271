// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A change of a node's keys on its own disk: the new ones wait, take their places in one go or in as
// many as power cuts allow, and leave the old sealing key behind for old mail.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import ZeroMQ

@testable import WiciNode

final class NodeRotationTests {
    private let folder: NodeFolder
    private let institution = InstitutionID("kwp-lublin").unsafelyKnown

    init() throws {
        folder = NodeFolder(
            FileManager.default.temporaryDirectory.appending(path: "wici-node-\(UUID())")
        )
        let configuration = NodeConfiguration(
            node: NetworkFixture.node("kwp-lublin"),
            hubEndpoint: "tcp://127.0.0.1:5570",
            hubKey: try CurveKeyPair.generate().publicKey,
            authority: AuthorityTrust(
                threshold: 1,
                keys: [try NoteSigner(name: "authority", key: SigningKey()).verifierKey]
            )
        )
        _ = try folder.initialise(configuration, institution: institution)
    }

    deinit { try? FileManager.default.removeItem(at: folder.location) }

    private func request(_ keys: NodeKeys) throws -> EnrolmentRequest {
        try keys.enrolmentRequest(
            institution: institution,
            node: NetworkFixture.node("kwp-lublin")
        )
    }

    private func file(_ name: String) -> URL { folder.keyFolder.appending(path: name) }

    @Test func `new keys wait beside the old ones, and asking again names the same`() throws {
        let old = try request(folder.keys())
        let made = try folder.rotate()
        #expect(made.institution == institution)
        #expect(made.exchangeKey != old.exchangeKey)
        #expect(made.signingKey != old.signingKey)
        #expect(made.sealingKey != old.sealingKey)
        #expect(try request(folder.keys()) == old)
        #expect(folder.isRotating)
        #expect(try folder.rotate() == made)
        #expect(try EnrolmentRequest(note: Data(contentsOf: folder.rotationFile)) == made)
    }

    @Test func `without the enrolment request the institution must be named`() throws {
        try FileManager.default.removeItem(at: folder.requestFile)
        #expect(throws: NodeError.self) { try folder.rotate() }
        #expect(!folder.isRotating)
        #expect(try folder.rotate(institution: institution).institution == institution)
    }

    @Test func `a registry names the new keys only when it names all three`() throws {
        let old = try request(folder.keys())
        let new = try folder.rotate()
        let waiting = try #require(try NodeKeys.rotated(in: folder.keyFolder))
        var entry = RegistryNode(
            id: new.node,
            institution: institution,
            exchangeKey: new.exchangeKey,
            signingKey: new.signingKey,
            sealingKey: new.sealingKey,
            validity: Validity(from: WarsawTime.date(at: Node.systemTime()))
        )
        #expect(waiting.areNamed(by: entry))
        entry.sealingKey = old.sealingKey
        #expect(!waiting.areNamed(by: entry))
        entry.sealingKey = new.sealingKey
        entry.exchangeKey = old.exchangeKey
        #expect(!waiting.areNamed(by: entry))
    }

    @Test func `once in place the new keys are the node's, and the old sealing key still opens`()
        throws
    {
        let old = try folder.keys()
        let new = try folder.rotate()
        try NodeKeys.finishRotation(in: folder.keyFolder)
        let keys = try folder.keys()
        #expect(try request(keys) == new)
        #expect(keys.sealing.map(\.publicKey).contains(try #require(old.sealing.first).publicKey))
        #expect(keys.storage.bytes == old.storage.bytes)
        #expect(!folder.isRotating)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.keyFolder.path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: file(name).path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
        }
        // And once more, with two retired keys then.
        _ = try folder.rotate()
        try NodeKeys.finishRotation(in: folder.keyFolder)
        #expect(try folder.keys().sealing.count == 3)
    }

    @Test(arguments: 0...3)
    func `a power cut between two moves costs nothing`(moves: Int) throws {
        let old = try folder.keys()
        let new = try folder.rotate()
        // What finishRotation does first, as far as it came.
        let retired = file("sealing-retired-\(try #require(old.sealing.first).publicKey.keyID).key")
        try FileManager.default.linkItem(at: file("sealing.key"), to: retired)
        for name in ["sealing.key", "signing.key", "exchange.key"].prefix(moves) {
            try FileManager.default.removeItem(at: file(name))
            try FileManager.default.moveItem(at: file("next/\(name)"), to: file(name))
        }
        // The node starts, and is again told which keys it will have.
        _ = try folder.keys()
        #expect(try request(#require(try NodeKeys.rotated(in: folder.keyFolder))) == new)
        #expect(try folder.rotate() == new)
        try NodeKeys.finishRotation(in: folder.keyFolder)
        let keys = try folder.keys()
        #expect(try request(keys) == new)
        #expect(keys.sealing.map(\.publicKey).last == old.sealing.first?.publicKey)
        #expect(!folder.isRotating)
    }

    // MARK: The session

    @Test func `what is in flight when the keys change is asked of the outbox again`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        _ = session.handle(.outboxReady([SessionFixture.envelope(1)]))
        _ = session.handle(.outboxReady([]))
        #expect(session.machine.window.flying.count == 1)
        let effects = session.handle(.keysChanged)
        #expect(effects.map(SessionFixture.name) == ["requestOutbox"])
        #expect(session.machine.window.isEmpty)
        let again = session.handle(.outboxReady([SessionFixture.envelope(1)]))
        #expect(SessionFixture.submitted(again) == [1])
    }

    @Test func `a welcome with a registry lets nothing leave before the node has looked at it`()
        throws
    {
        var session = SessionFixture()
        session.bring(to: .ready)
        _ = session.handle(.outboxReady([SessionFixture.envelope(1)]))
        _ = session.handle(.connectionClosed)
        session.now = session.now.adding(milliseconds: 30_000)
        _ = session.handle(.tick)
        let packet = SessionFixture.welcome(head: 0, registry: Data("a newer registry".utf8))
        let effects = session.handle(.packet(packet))
        #expect(SessionFixture.submitted(effects) == [])
        #expect(SessionFixture.submitted(session.handle(.trusts(session.trust))) == [])
        #expect(SessionFixture.submitted(session.handle(.newestEntries([]))) == [1])
    }
}

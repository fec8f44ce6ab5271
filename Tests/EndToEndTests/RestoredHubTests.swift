// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A hub that was started from an older copy of its ledger would give numbers and places away again, and
// mail under them would be lost. Its nodes know better, and wait for the right one.

import Foundation
import NetworkRig
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(4)))
struct RestoredHubTests {
    private static let institutions = ["oip-lublin", "kwp-lublin"]

    @Test func `nodes leave a hub with an older ledger, and go on with the right one`() async throws
    {
        let network = try TestNetwork(institutions: Self.institutions)
        let (older, newer) = (
            network.folder.appending(path: "a"), network.folder.appending(path: "b")
        )
        var waiting: MessageID?
        try await network.startHub()
        try await network.withNodes(Self.institutions) { nodes in
            let inspection = try #require(nodes["oip-lublin"])
            try await RevocationTests.expectAlertGoesThrough(nodes)
            await network.stopHub()
            try Self.copyLedger(network.hubFolder.location, older)
            try await network.startHub()
            try await Self.eventuallyReady(nodes)
            try await RevocationTests.expectAlertGoesThrough(nodes)
            try await RevocationTests.expectAlertGoesThrough(nodes)
            await network.stopHub()
            try Self.copyLedger(network.hubFolder.location, newer)

            try Self.copyLedger(older, network.hubFolder.location)
            try await network.startHub()
            for node in nodes.values {
                try await eventually("\(node.configuration.node) is in doubt") {
                    await node.status().refusal?.code == RefusalCode.hubContradictsItself.number
                }
                #expect(await node.status().connection == .refused)
            }
            let id = try await inspection.send(draft: DeliveryTests.sample("01"))
            let entry = try await inspection.outcome(of: id, wait: .milliseconds(500))
            #expect(entry.receipt == nil && entry.refusal == nil)
            waiting = id
            await network.stopHub()
        }
        try Self.copyLedger(newer, network.hubFolder.location)
        try await network.startHub()
        // Started anew they still are in doubt, until the hub proves what they know.
        try await network.withNodes(Self.institutions) { nodes in
            let inspection = try #require(nodes["oip-lublin"])
            let id = try #require(waiting)
            let entry = try await inspection.outcome(of: id, wait: .seconds(10))
            #expect(entry.receipt?.audience.map(\.node) == ["kwp-lublin.main"])
            let police = try #require(nodes["kwp-lublin"])
            try await eventually("all four alerts came") {
                await police.status().storedThrough.value == 4
            }
            #expect(await police.status().suspect == 0)
        }
        await network.stopHub()
    }

    /// All that it sent and received is in the older copy too: only its checkpoint knows better.
    @Test func `a node that was away leaves a hub that has grown past it from an older ledger`()
        async throws
    {
        let network = try TestNetwork(institutions: Self.institutions)
        let older = network.folder.appending(path: "a")
        try await network.startHub()
        try await network.withNodes(Self.institutions) { nodes in
            try await RevocationTests.expectAlertGoesThrough(nodes)
            await network.stopHub()
        }
        try Self.copyLedger(network.hubFolder.location, older)
        let copied = try Self.size(of: older, network)
        var known: UInt64 = 0
        try await network.startHub()
        try await network.withNodes(["kwp-lublin"]) { nodes in
            let police = try #require(nodes["kwp-lublin"])
            try await eventually("a checkpoint beyond the copy") {
                await police.status().ledgerSize > copied
            }
            known = await police.status().ledgerSize
        }
        await network.stopHub()

        try Self.copyLedger(older, network.hubFolder.location)
        try await network.startHub()
        try await network.withNodes(["oip-lublin"]) { nodes in
            let inspection = try #require(nodes["oip-lublin"])
            for _ in 0..<8 {
                let id = try await inspection.send(draft: DeliveryTests.sample("01"))
                #expect(try await inspection.outcome(of: id, wait: .seconds(10)).receipt != nil)
            }
        }
        try await eventually("the hub has a checkpoint beyond the node's") {
            try Self.size(of: network.hubFolder.location, network) > known
        }
        let police = try network.folders.node("kwp-lublin")
        let run = Task { try await police.run() }
        try await eventually("the police leave the hub") {
            await police.status().refusal?.code == RefusalCode.hubContradictsItself.number
        }
        #expect(await police.status().storedThrough.value == 1)
        run.cancel()
        try await run.value
        await network.stopHub()
    }

    private static func size(of copy: URL, _ network: TestNetwork) throws -> UInt64 {
        let reader = try LedgerReader(path: copy.appending(path: "ledger.sqlite").path)
        let note = try #require(try reader.lastCheckpoint())
        return try Checkpoint(note: note, ledgerKey: network.ledgerKey).size
    }

    /// Whatever else a ledger's folder holds stays.
    private static func copyLedger(_ from: URL, _ to: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: to, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: to.path)
        where name.hasPrefix("ledger.sqlite") {
            try files.removeItem(at: to.appending(path: name))
        }
        for name in try files.contentsOfDirectory(atPath: from.path)
        where name.hasPrefix("ledger.sqlite") {
            try files.copyItem(at: from.appending(path: name), to: to.appending(path: name))
        }
    }

    private static func eventuallyReady(_ nodes: [String: Node]) async throws {
        for node in nodes.values {
            try await eventually("\(node.configuration.node) is back") {
                await node.status().isReady
            }
        }
    }
}

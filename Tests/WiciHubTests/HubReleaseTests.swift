// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Registry and policy come into force between two messages, bite at once for those they mean and
// leave everybody else alone.

import Foundation
import Testing
import WiciCore

@testable import WiciHub

struct HubReleaseTests {
    private let police = HubNetwork.police
    private let office = HubNetwork.office
    private let charity = HubNetwork.charity

    private func connected() throws -> HubSimulation {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2)
        try hub.hello(charity, on: 3)
        hub.forgetSent()
        return hub
    }

    @Test func `packets wait while a release waits for its entry and are decided under it`() throws
    {
        var hub = try connected()
        let next = try hub.network.release(policy: HubNetwork.withoutCharities)
        hub.handle(.released(next))
        #expect(hub.machine.releaseInForce?.policyDigest != next.policy.digest)
        try hub.submit(1...1, to: [charity])
        #expect(hub.appends.count == 1)
        #expect(hub.sent.isEmpty)
        hub.commitNext()
        #expect(hub.machine.releaseInForce?.policyDigest == next.policy.digest)
        hub.settle()
        #expect(hub.receipts(to: 1).map(\.refusal.name) == ["not-granted"])
        #expect(hub.deliveries(to: 3).isEmpty)
    }

    @Test func `a revoked node is cut at once and what it is owed becomes a tombstone`() throws {
        var hub = try connected()
        try hub.acknowledge(office, on: 2, through: 0, window: 1_000)
        try hub.submit(1...2, to: [office, charity])
        let next = try hub.network.release(registry: HubNetwork.revoke(charity))
        hub.handle(.released(next))
        #expect(hub.cuts == [charity])
        hub.settle()
        #expect(hub.numbers(to: 2) == [1, 2])
        #expect(hub.deliveries(to: 3).isEmpty)
        #expect(hub.receipts(to: 1).count == 2)
        try hub.hello(charity, on: 5)
        hub.settle()
        #expect(hub.refusals(to: 5).map(\.name) == ["revoked"])
        #expect(hub.machine.connectedNodes == [police, office].sorted())
        // Taken back, it finds what was decided meanwhile: here its mail again, unread by others.
        try hub.bring(try hub.network.release())
        try hub.hello(charity, on: 6)
        hub.settle()
        #expect(hub.numbers(to: 6) == [1, 2])
    }

    @Test func `a node whose exchange key is replaced is cut, comes back, and misses nothing`()
        throws
    {
        var hub = try connected()
        let key = try #require(RawPublicKey(hexadecimal: String(repeating: "ab", count: 32)))
        let next = try hub.network.release(registry: { contents in
            for place in contents.nodes.indices where contents.nodes[place].id == charity {
                contents.nodes[place].exchangeKey = key
            }
        })
        hub.handle(.released(next))
        #expect(hub.cuts == [charity])
        try hub.submit(1...2, to: [charity])
        hub.settle()
        #expect(hub.machine.connectedNodes == [police, office].sorted())
        try hub.hello(charity, on: 5)
        hub.settle()
        #expect(hub.numbers(to: 5) == [1, 2])
    }

    @Test func `mail whose recipient lost the grant is withheld from that one alone`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.submit(1...3, to: [office, charity])
        hub.settle()
        try hub.bring(try hub.network.release(policy: HubNetwork.withoutCharities))
        try hub.hello(office, on: 2)
        try hub.hello(charity, on: 3)
        hub.commitNext()
        hub.readNext()
        hub.readNext()
        #expect(hub.deliveries(to: 3).isEmpty)
        hub.settle()
        #expect(hub.deliveries(to: 2).map(\.envelope.isEmpty) == [false, false, false])
        #expect(hub.numbers(to: 3) == [1, 2, 3])
        #expect(
            hub.deliveries(to: 3).map(\.tombstone.reason) == Array(repeating: "withheld", count: 3)
        )
        #expect(hub.recordedTombstones.map(\.node) == Array(repeating: charity.text, count: 3))
        #expect(Set(hub.recordedTombstones.map(\.code)) == [RefusalCode.notGranted.number])
    }

    @Test func `mail of a sender that was revoked later is delivered all the same`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.submit(1...2, to: [office])
        hub.settle()
        try hub.bring(try hub.network.release(registry: HubNetwork.revoke(police)))
        try hub.hello(office, on: 2)
        hub.settle()
        #expect(hub.numbers(to: 2) == [1, 2])
        #expect(hub.deliveries(to: 2).allSatisfy { !$0.envelope.isEmpty })
        #expect(hub.recordedTombstones.isEmpty)
    }

    @Test func `mail of a sender that the registry no longer lists is withheld`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.submit(1...1, to: [office])
        hub.settle()
        let gone = try hub.network.release(registry: {
            $0.nodes.removeAll { $0.id == HubNetwork.police }
        })
        try hub.bring(gone)
        try hub.hello(office, on: 2)
        hub.settle()
        #expect(hub.deliveries(to: 2).map(\.tombstone.reason) == ["withheld"])
        #expect(hub.recordedTombstones.map(\.code) == [RefusalCode.unknownKey.number])
    }

    @Test func `a release tells those who are connected and leaves their sessions alone`() throws {
        var hub = try connected()
        try hub.bring(try hub.network.release(registry: HubNetwork.revoke(charity)))
        let updated = hub.sent.filter { one in
            guard case .update(let update) = one.content else { return false }
            return !update.registry.isEmpty && update.policy.isEmpty
        }
        #expect(Set(updated.map(\.connection.value)) == [1, 2])
        try hub.submit(1...1, to: [office])
        hub.settle()
        #expect(hub.numbers(to: 2) == [1])
    }
}

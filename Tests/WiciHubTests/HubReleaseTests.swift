// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Registry and policy come into force between two messages, bite at once for those they mean and
// leave everybody else alone.

import Foundation
import Testing
import WiciCore
import WiciLedger

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

    @Test func `what two releases share is recorded once and named by what is decided under them`()
        throws
    {
        var hub = try connected()
        let first = try hub.network.release(policy: HubNetwork.withoutCharities)
        let second = try hub.network.release(
            policy: HubNetwork.withoutCharities,
            registry: HubNetwork.revoke(charity)
        )
        hub.handle(.released(first))
        hub.handle(.released(second))
        hub.settle()
        let recorded = hub.records.compactMap(\.releaseKind)
        #expect(recorded.suffix(2) == [.policy, .registry])
        #expect(recorded.count == 4)
        #expect(hub.machine.releaseInForce?.registryDigest == second.registry.digest)
        try hub.submit(1...1, to: [office])
        hub.settle()
        let kinds = hub.records.map(\.releaseKind)
        let policy = try #require(kinds.lastIndex(of: .policy))
        #expect(hub.messages.values.map(\.policy) == [LedgerIndex(UInt64(policy))])
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

    @Test func `a message that was accepted gets its receipt again whatever the rules say by now`()
        throws
    {
        var hub = try connected()
        try hub.submit(1...1, to: [charity])
        hub.settle()
        let first = hub.receipts(to: 1)
        let fresh = try hub.network.envelope(from: police, to: [charity], number: 2)
        try hub.bring(try hub.network.release(policy: HubNetwork.withoutCharities))
        hub.forgetSent()
        try hub.submit(1...1, to: [charity])
        try hub.submit([fresh], from: police, on: 1)
        hub.settle()
        let second = hub.receipts(to: 1)
        #expect(second.map(\.accepted.repeated) == [true, false])
        #expect(second.first?.accepted.index == first.first?.accepted.index)
        #expect(second.first?.accepted.acceptedAt == first.first?.accepted.acceptedAt)
        #expect(second.last?.refusal.name == "not-granted")
        #expect(hub.recordedRefusals == [RefusalCode.notGranted.number])
        #expect(hub.machine.counters.repeated == 1)
        // Somebody else's copy of the message learns nothing of its audience.
        let copy = try hub.network.envelope(from: police, to: [charity], number: 1)
        hub.forgetSent()
        try hub.submit([copy], from: office, on: 2)
        hub.settle()
        #expect(hub.receipts(to: 2).map(\.refusal.name) == ["sender-mismatch"])
    }

    @Test func `mail that waited past the last day of a membership is withheld`() throws {
        var hub = try HubSimulation.started()
        let lastDay = WarsawTime.date(at: HubNetwork.now)
        try hub.bring(
            try hub.network.release(registry: { contents in
                for place in contents.institutions.indices
                where contents.institutions[place].id.text == "fundacja-przyklad" {
                    contents.institutions[place].validity.through = lastDay
                }
            })
        )
        try hub.hello(police, on: 1)
        try hub.hello(charity, on: 3, window: 1)
        try hub.submit(1...2, to: [office, charity])
        hub.settle()
        #expect(hub.deliveries(to: 3).map(\.envelope.isEmpty) == [false])
        hub.now = hub.now.adding(milliseconds: 86_400_000)
        try hub.receive(.ping(WirePing()), from: police, on: 1)
        try hub.hello(office, on: 2)
        hub.settle()
        #expect(hub.deliveries(to: 2).map(\.envelope.isEmpty) == [false, false])
        // The member itself is no longer one, so it has to ask in vain.
        try hub.acknowledge(charity, on: 3, through: 1, window: 9)
        hub.settle()
        #expect(hub.refusals(to: 3).map(\.name) == ["revoked"])
        #expect(hub.numbers(to: 3) == [1])
        #expect(hub.cuts == [charity])
    }

    @Test func `under an expired release mail waits and goes on under the next one`() throws {
        var hub = try connected()
        try hub.submit(1...1, to: [office])
        hub.settle()
        try hub.hello(office, on: 2, window: 0)
        try hub.submit(2...2, to: [office])
        hub.settle()
        hub.now = Moment(milliseconds: HubNetwork.now.milliseconds + 400 * 86_400_000)
        hub.forgetSent()
        try hub.acknowledge(office, on: 2, through: 0, window: 9)
        var fetch = WireFetch()
        fetch.mailbox = office.text
        fetch.from = 1
        fetch.limit = 9
        try hub.receive(.fetch(fetch), from: office, on: 2)
        hub.settle()
        #expect(hub.deliveries(to: 2).isEmpty)
        #expect(hub.refusals(to: 2).map(\.name) == ["registry-expired"])
        #expect(hub.recordedTombstones.isEmpty)
        let later = WarsawTime.date(at: hub.now).adding(days: 30)
        try hub.bring(
            try hub.network.release(
                policy: { $0.replacing(/expires: .*/, with: "expires: \(later)") },
                registry: { $0.expires = later }
            )
        )
        #expect(hub.numbers(to: 2) == [1, 2])
        #expect(hub.deliveries(to: 2).allSatisfy { !$0.envelope.isEmpty })
    }

    @Test func `whoever is revoked hears the feed no more, from the moment of the release`() throws
    {
        var hub = try connected()
        #expect(hub.machine.mayListen(charity, now: hub.now))
        hub.handle(.released(try hub.network.release(registry: HubNetwork.revoke(charity))))
        #expect(!hub.machine.mayListen(charity, now: hub.now))
        #expect(hub.machine.mayListen(office, now: hub.now))
        hub.settle()
        #expect(!hub.machine.mayListen(charity, now: hub.now))
    }

    @Test func `a message in one transaction with a release is asked again first`() throws {
        var hub = try connected()
        try hub.submit(1...1, to: [charity])
        hub.handle(.released(try hub.network.release(policy: HubNetwork.withoutCharities)))
        hub.forgetSent()
        hub.commitTogether()
        #expect(hub.sent.allSatisfy { if case .deliveries = $0.content { false } else { true } })
        hub.settle()
        #expect(hub.recordedTombstones.count == 1)
    }
}

extension NewEntry {
    fileprivate var releaseKind: ReleaseKind? {
        guard case .release(let kind, _, _) = self else { return nil }
        return kind
    }
}

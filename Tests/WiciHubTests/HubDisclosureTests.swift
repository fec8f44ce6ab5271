// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What members and auditors ask for about mail of the past: a release in between decides anew, and
// nothing is called withheld before the ledger says so.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct HubDisclosureTests {
    private let police = HubNetwork.police
    private let office = HubNetwork.office
    private let charity = HubNetwork.charity

    /// Two messages from the police (1) to the office (2) and the charity (3), all delivered.
    private func delivered() throws -> HubSimulation {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2)
        try hub.hello(charity, on: 3)
        try hub.submit(1...2, to: [office, charity])
        hub.settle()
        #expect(hub.deliveries(to: 3).map(\.envelope.isEmpty) == [false, false])
        hub.forgetSent()
        return hub
    }

    private func loseGrant(_ hub: inout HubSimulation) throws {
        try hub.bring(try hub.network.release(policy: HubNetwork.withoutCharities))
        hub.forgetSent()
    }

    private func fetch(_ hub: inout HubSimulation, request: UInt64) throws {
        let packet = WireFetch.with {
            $0.request = request
            $0.mailbox = charity.text
            $0.from = 1
            $0.limit = 9
        }
        try hub.receive(.fetch(packet), from: charity, on: 3)
    }

    private func prove(
        _ number: UInt64,
        _ hub: inout HubSimulation,
        from node: NodeID,
        on connection: UInt64
    ) throws {
        let packet = WireProve.with { $0.messageID = HubNetwork.messageID(number).data }
        try hub.receive(.prove(packet), from: node, on: connection)
    }

    private func proofs(_ hub: HubSimulation, to connection: UInt64) -> [UInt64] {
        hub.sent.compactMap { one in
            guard one.connection.value == connection, case .proof(let proof) = one.content
            else { return nil }
            return proof.entry.index
        }
    }

    private func fetched(_ hub: HubSimulation) -> [(request: UInt64, tombstones: [String])] {
        hub.sent.compactMap { one in
            guard one.connection.value == 3, case .deliveries(let packet) = one.content
            else { return nil }
            return (packet.request, packet.deliveries.map(\.tombstone.reason))
        }
    }

    // MARK: Proofs

    @Test func `sender and recipients get the proof of a message and nobody else does`() throws {
        var hub = try delivered()
        try hub.hello(HubNetwork.auditor, on: 4)
        for (node, connection) in [(police, 1), (charity, 3), (HubNetwork.auditor, 4)] {
            try prove(1, &hub, from: node, on: UInt64(connection))
            hub.proveNext()
        }
        hub.settle()
        #expect(proofs(hub, to: 1) == [2])
        #expect(proofs(hub, to: 3) == [2])
        #expect(proofs(hub, to: 4).isEmpty)
        #expect(hub.refusals(to: 4).map(\.name) == ["opening-not-yours"])
    }

    @Test func `whoever lost the grant gets no proof any more and the others do`() throws {
        var hub = try delivered()
        try loseGrant(&hub)
        for (node, connection) in [(police, 1), (office, 2), (charity, 3)] {
            try prove(1, &hub, from: node, on: UInt64(connection))
            hub.proveNext()
        }
        hub.settle()
        #expect(proofs(hub, to: 1) == [2])
        #expect(proofs(hub, to: 2) == [2])
        #expect(proofs(hub, to: 3).isEmpty)
        #expect(hub.refusals(to: 3).map(\.name) == ["opening-not-yours"])
        #expect(hub.recordedRefusals == [RefusalCode.openingNotYours.number])
    }

    @Test func `what has a tombstone is not proved though it were granted again`() throws {
        var hub = try delivered()
        try loseGrant(&hub)
        try fetch(&hub, request: 7)
        hub.settle()
        try hub.bring(try hub.network.release())
        try prove(1, &hub, from: charity, on: 3)
        hub.proveNext()
        hub.settle()
        #expect(proofs(hub, to: 3).isEmpty)
        #expect(hub.refusals(to: 3).map(\.name) == ["opening-not-yours"])
    }

    @Test func `a proof that needs a checkpoint waits for a disk that takes one`() throws {
        var hub = try delivered()
        try prove(1, &hub, from: police, on: 1)
        hub.handle(.proofUnavailable(try #require(hub.proofs.first)))
        #expect(hub.refusals(to: 1).map(\.name) == ["ledger-unavailable"])
        #expect(hub.recordedRefusals.isEmpty)
    }

    // MARK: What was refused

    @Test
    func `what was refused stays refused under rules that would give it, for what came after it`()
        throws
    {
        var hub = try HubSimulation.started()
        try hub.bring(try hub.network.release(policy: HubNetwork.withoutCharities))
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2)
        try hub.hello(charity, on: 3)
        let letters = [
            try hub.network.envelope(from: police, to: [charity], number: 1),
            try hub.network.envelope(from: police, to: [office], number: 2),
        ]
        try hub.submit(letters, from: police, on: 1)
        hub.settle()
        let first = hub.receipts(to: 1)
        #expect(first.map(\.refusal.name) == ["not-granted", ""])
        // The receipts were lost, and the rules have changed since.
        try hub.bring(try hub.network.release())
        hub.forgetSent()
        try hub.submit(letters, from: police, on: 1)
        hub.settle()
        let second = hub.receipts(to: 1)
        #expect(second.map(\.refusal.code) == first.map(\.refusal.code))
        #expect(second.map(\.refusal.field) == first.map(\.refusal.field))
        #expect(second.map(\.accepted.repeated) == [false, true])
        #expect(hub.recordedRefusals.count == 1)
        #expect(hub.deliveries(to: 3).isEmpty)
    }

    // MARK: Growth

    private func growth(
        from size: UInt64,
        _ hub: inout HubSimulation,
        of node: NodeID,
        on connection: UInt64
    ) throws -> ConsistencyRequest {
        let packet = WireProveConsistency.with { ($0.request, $0.size) = (8, size) }
        try hub.receive(.proveConsistency(packet), from: node, on: connection)
        return try #require(hub.growths.last)
    }

    @Test func `every member may have it proved that the ledger grew`() throws {
        var hub = try delivered()
        let material = ConsistencyMaterial(path: [.zero], checkpoint: Data("a note".utf8))
        for (node, connection) in [(charity, UInt64(3)), (office, 2)] {
            let request = try growth(from: 2, &hub, of: node, on: connection)
            #expect(request.size == 2)
            hub.handle(.consistencyRead(request, material))
            let answers = hub.sent.filter { $0.connection.value == connection }
            guard case .consistency(let proof)? = answers.last?.content else {
                Issue.record("no proof")
                continue
            }
            #expect(proof.request == 8 && proof.checkpoint == material.checkpoint)
            #expect(proof.path == [Digest.zero.data])
        }
    }

    @Test func `a ledger that is smaller than asked for says so`() throws {
        var hub = try delivered()
        let request = try growth(from: 1 << 40, &hub, of: charity, on: 3)
        hub.handle(.consistencyRead(request, nil))
        hub.settle()
        #expect(hub.refusals(to: 3).map(\.name) == ["entry-unknown"])
        #expect(hub.refusals(to: 3).map(\.field) == ["size"])
    }

    @Test func `the growth that a connection asked for is not sent to the next one`() throws {
        var hub = try delivered()
        let request = try growth(from: 2, &hub, of: charity, on: 3)
        try hub.hello(charity, on: 5)
        hub.forgetSent()
        hub.handle(
            .consistencyRead(request, ConsistencyMaterial(path: [], checkpoint: Data()))
        )
        #expect(hub.sent.isEmpty)
    }

    @Test func `a proof or page that was read for a node revoked meanwhile is not sent`() throws {
        var hub = try delivered()
        try hub.hello(HubNetwork.auditor, on: 4)
        let read = WireReadLedger.with {
            $0.limit = 1
            $0.purpose = "review"
        }
        try hub.receive(.readLedger(read), from: HubNetwork.auditor, on: 4)
        hub.settle()
        try prove(1, &hub, from: police, on: 1)
        let revoked = try hub.network.release(registry: { contents in
            try HubNetwork.revoke(HubNetwork.police)(&contents)
            try HubNetwork.revoke(HubNetwork.auditor)(&contents)
        })
        hub.handle(.released(revoked))
        hub.forgetSent()
        hub.proveNext()
        hub.readPageNext()
        hub.settle()
        #expect(hub.sent.allSatisfy { $0.connection.value == 2 || $0.connection.value == 3 })
    }

    @Test func `a page is not sent to an institution that is no auditor any more`() throws {
        var hub = try delivered()
        try hub.hello(HubNetwork.auditor, on: 4)
        let read = WireReadLedger.with {
            $0.limit = 1
            $0.purpose = "review"
        }
        try hub.receive(.readLedger(read), from: HubNetwork.auditor, on: 4)
        hub.settle()
        try hub.bring(
            try hub.network.release(registry: { contents in
                for place in contents.institutions.indices {
                    contents.institutions[place].isAuditor = false
                }
            })
        )
        hub.readPageNext()
        hub.settle()
        #expect(!hub.sent.contains { if case .ledgerPage = $0.content { true } else { false } })
        #expect(hub.refusals(to: 4).map(\.name) == ["not-an-auditor"])
    }

    // MARK: Fetches

    @Test func `a fetch shows mail as withheld only once that is on record`() throws {
        var hub = try delivered()
        try loseGrant(&hub)
        try fetch(&hub, request: 7)
        hub.readNext()
        #expect(fetched(hub).isEmpty)
        #expect(hub.recordedTombstones.isEmpty)
        hub.commitNext()
        #expect(fetched(hub).isEmpty)
        #expect(hub.recordedTombstones.map(\.number) == [1, 2])
        #expect(hub.recordedTombstones.map(\.node) == [charity.text, charity.text])
        hub.readNext()
        #expect(fetched(hub).map(\.request) == [7])
        #expect(fetched(hub).first?.tombstones == ["withheld", "withheld"])
    }

    @Test func `a number gets one tombstone however often it is fetched`() throws {
        var hub = try delivered()
        try loseGrant(&hub)
        try fetch(&hub, request: 7)
        try fetch(&hub, request: 8)
        hub.readNext()
        hub.readNext()
        hub.settle()
        try fetch(&hub, request: 9)
        hub.settle()
        #expect(fetched(hub).map(\.request).sorted() == [7, 8, 9])
        #expect(fetched(hub).allSatisfy { $0.tombstones == ["withheld", "withheld"] })
        #expect(hub.recordedTombstones.map(\.number) == [1, 2])
    }

    @Test func `what a node had before it was withheld is recorded as delivered first`() throws {
        var hub = try delivered()
        try hub.acknowledge(charity, on: 3, through: 2, window: 1_000)
        try loseGrant(&hub)
        try fetch(&hub, request: 7)
        hub.settle()
        let events = hub.records.compactMap { record -> String? in
            switch record {
            case .event(.delivered(let delivered)): "\(delivered.node) \(delivered.through)"
            case .event(.withheld(let withheld)): "withheld \(withheld.number)"
            default: nil
            }
        }
        #expect(events == ["\(charity.text) 2", "withheld 1", "withheld 2"])
    }

    @Test func `a fetch whose tombstones the disk does not take is refused and can be repeated`()
        throws
    {
        var hub = try delivered()
        try loseGrant(&hub)
        try fetch(&hub, request: 7)
        hub.readNext()
        hub.handle(.ledgerFailed(.ledgerDiskFull))
        #expect(hub.refusals(to: 3).map(\.name) == ["ledger-disk-full"])
        hub.handle(.ledgerRecovered)
        hub.settle()
        hub.forgetSent()
        try fetch(&hub, request: 8)
        hub.settle()
        #expect(fetched(hub).map(\.request) == [8])
        #expect(fetched(hub).first?.tombstones == ["withheld", "withheld"])
    }

    @Test func `a fetch that was read for a node revoked meanwhile records nothing`() throws {
        var hub = try delivered()
        try fetch(&hub, request: 7)
        hub.handle(.released(try hub.network.release(registry: HubNetwork.revoke(charity))))
        hub.settle()
        #expect(fetched(hub).isEmpty)
        #expect(hub.recordedTombstones.isEmpty)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The hub's decisions about packets and mail, played without sockets or disk.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct HubStateMachineTests {
    private let police = HubNetwork.police
    private let office = HubNetwork.office
    private let charity = HubNetwork.charity

    /// A hub with the police on connection 1, the office on 2 and the charity on 3.
    private func connected(window: UInt64 = 1_000) throws -> HubSimulation {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2, window: window)
        try hub.hello(charity, on: 3)
        #expect(hub.welcomed(on: 3))
        hub.forgetSent()
        return hub
    }

    @Test func `nothing is said of a message before it is on disk and everything after`() throws {
        var hub = try connected()
        try hub.submit(1...3, to: [office, charity])
        #expect(hub.sent.isEmpty && hub.receipts.isEmpty && hub.published.isEmpty)
        #expect(hub.appends.count == 1)
        hub.commitNext()
        let receipts = hub.receipts(to: 1)
        #expect(receipts.map(\.accepted.index) == [2, 3, 4])
        #expect(receipts.allSatisfy { !$0.accepted.repeated })
        #expect(hub.numbers(to: 2) == [1, 2, 3])
        #expect(hub.numbers(to: 3) == [1, 2, 3])
        #expect(hub.deliveries(to: 2).map(\.index) == [2, 3, 4])
    }

    @Test func `a message that comes again gets its first receipt and no second delivery`() throws {
        var hub = try connected()
        try hub.submit(1...1, to: [office])
        hub.settle()
        let first = hub.receipts(to: 1)
        hub.forgetSent()
        hub.now = hub.now.adding(milliseconds: 5_000)
        try hub.submit(1...1, to: [office])
        hub.settle()
        let second = hub.receipts(to: 1)
        #expect(second.map(\.accepted.index) == first.map(\.accepted.index))
        #expect(second.map(\.accepted.acceptedAt) == first.map(\.accepted.acceptedAt))
        #expect(second.map(\.accepted.repeated) == [true])
        #expect(hub.deliveries(to: 2).isEmpty)
    }

    @Test func `an id with other bytes is refused and the refusal is on record first`() throws {
        var hub = try connected()
        try hub.submit(1...1, to: [office])
        hub.settle()
        hub.forgetSent()
        let other = try hub.network.envelope(
            from: police,
            to: [office],
            number: 1,
            variant: true
        )
        try hub.submit([other], from: police, on: 1)
        hub.commitNext()
        #expect(hub.receipts.isEmpty)
        hub.commitNext()
        #expect(hub.receipts(to: 1).map(\.refusal.code) == [RefusalCode.idReused.number])
        #expect(hub.recordedRefusals == [RefusalCode.idReused.number])
        #expect(hub.deliveries(to: 2).isEmpty)
    }

    @Test func `mail stops at the end of the credit and goes on when it is renewed`() throws {
        var hub = try connected(window: 2)
        try hub.submit(1...5, to: [office, charity])
        hub.settle()
        #expect(hub.numbers(to: 2) == [1, 2])
        #expect(hub.numbers(to: 3) == [1, 2, 3, 4, 5])
        try hub.acknowledge(office, on: 2, through: 2, window: 4)
        hub.settle()
        #expect(hub.numbers(to: 2) == [1, 2, 3, 4])
        try hub.acknowledge(office, on: 2, through: 4, window: 1)
        hub.settle()
        #expect(hub.numbers(to: 2) == [1, 2, 3, 4])
        try hub.acknowledge(office, on: 2, through: 4, window: 9)
        hub.settle()
        #expect(hub.numbers(to: 2) == [1, 2, 3, 4, 5])
    }

    @Test func `a node that was away catches up and goes on live without gap or double`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.submit(1...150, to: [office])
        try hub.submit(151...300, to: [office])
        hub.settle()
        try hub.hello(office, on: 2)
        #expect(hub.reads.count == 1)
        // Live mail arrives while the first part of the old mail is being read.
        try hub.submit(301...303, to: [office])
        hub.commitNext()
        #expect(hub.deliveries(to: 2).isEmpty)
        hub.settle()
        try hub.submit(304...304, to: [office])
        hub.commitNext()
        #expect(hub.numbers(to: 2) == Array(1...304))
        #expect(hub.reads.isEmpty)
    }

    @Test func `a node on a new connection goes on from what it has on its disk`() throws {
        var hub = try connected()
        try hub.submit(1...4, to: [office])
        hub.settle()
        try hub.hello(office, on: 9, stored: 3)
        hub.settle()
        #expect(hub.numbers(to: 9) == [4])
        // The connection before has no say any more.
        try hub.acknowledge(office, on: 2, through: 4, window: 10)
        hub.settle()
        #expect(hub.refusals(to: 2).map(\.code) == [RefusalCode.helloExpected.number])
        hub.handle(.unreachable(ConnectionID(2)))
        #expect(hub.machine.connectedNodes.contains(office))
    }

    @Test func `what a node was handed before its second hello it may acknowledge after it`() throws
    {
        var hub = try connected()
        try hub.submit(1...4, to: [office])
        hub.settle()
        // Two are on its disk when it says hello again; the other two are still on their way.
        try hub.acknowledge(office, on: 2, through: 1, window: 1_000)
        try hub.hello(office, on: 2, stored: 2)
        try hub.acknowledge(office, on: 2, through: 4, window: 1_000)
        hub.settle()
        #expect(hub.refusals(to: 2).isEmpty)
        #expect(hub.numbers(to: 2) == [1, 2, 3, 4, 3, 4])
        hub.pass(milliseconds: 100)
        hub.settle()
        #expect(hub.recordedDeliveries(to: office) == [4])
    }

    @Test func `a second hello takes no acknowledgement back`() throws {
        var hub = try connected()
        try hub.submit(1...4, to: [office])
        hub.settle()
        try hub.acknowledge(office, on: 2, through: 3, window: 1_000)
        try hub.hello(office, on: 2, stored: 0)
        hub.settle()
        #expect(hub.numbers(to: 2) == [1, 2, 3, 4, 1, 2, 3, 4])
        hub.pass(milliseconds: 100)
        try hub.hello(office, on: 2, stored: 0)
        hub.pass(milliseconds: 100)
        hub.settle()
        #expect(hub.recordedDeliveries(to: office) == [3])
        // Nothing more than was handed to it, however often it says hello.
        try hub.acknowledge(office, on: 2, through: 5, window: 1_000)
        hub.settle()
        #expect(hub.refusals(to: 2).map(\.code) == [RefusalCode.numberUnknown.number])
    }

    @Test func `an acknowledgement beyond what was sent is refused`() throws {
        var hub = try connected()
        try hub.submit(1...2, to: [office])
        hub.settle()
        try hub.acknowledge(office, on: 2, through: 3, window: 10)
        #expect(hub.refusals(to: 2).isEmpty)
        hub.settle()
        #expect(hub.refusals(to: 2).map(\.code) == [RefusalCode.numberUnknown.number])
        #expect(hub.refusals(to: 2).map(\.field) == ["through"])
    }

    @Test func `after the ledger failed nobody is told of an acceptance and all of a refusal`()
        throws
    {
        var hub = try connected()
        try hub.submit(1...2, to: [office])
        hub.handle(.ledgerFailed(.ledgerUnavailable))
        let refused = hub.receipts(to: 1)
        #expect(refused.map(\.refusal.code) == [901, 901])
        #expect(refused.allSatisfy { $0.refusal.retryable && !$0.refusal.helpPl.isEmpty })
        #expect(hub.deliveries(to: 2).isEmpty)
        try hub.submit(3...3, to: [office])
        #expect(hub.refusals(to: 1).map(\.code) == [901])
        #expect(hub.appends.count == 1)
        #expect(!hub.machine.isReady)
        // What the ledger may still report of the failed batch changes nothing.
        hub.commitNext()
        #expect(hub.deliveries(to: 2).isEmpty)
        #expect(hub.receipts(to: 1).count == 2)
    }

    @Test func `what a node has is noted while a release waits, on a full disk too`() throws {
        var hub = try connected()
        try hub.submit(1...3, to: [office])
        hub.settle()
        hub.forgetSent()
        hub.handle(.released(try hub.network.release(registry: HubNetwork.revoke(charity))))
        try hub.acknowledge(office, on: 2, through: 1, window: 10)
        hub.handle(.ledgerFailed(.ledgerUnavailable))
        try hub.acknowledge(office, on: 2, through: 3, window: 10)
        #expect(hub.refusals(to: 2).isEmpty)
        hub.handle(.ledgerRecovered)
        hub.settle()
        hub.pass(milliseconds: 100)
        hub.settle()
        #expect(hub.machine.isReady)
        #expect(hub.machine.delivered[office] == MailboxNumber(3))
    }

    @Test func `what is refused while a release waits is refused by its number`() throws {
        var hub = try connected()
        hub.handle(.released(try hub.network.release(registry: HubNetwork.revoke(charity))))
        func numbers() -> [UInt64] {
            hub.sent.compactMap { one in
                if case .refused(let refused) = one.content { refused.request } else { nil }
            }
        }
        var submit = WireSubmit()
        submit.request = 8
        try hub.receive(.submit(submit), from: HubNetwork.police, on: 1)
        #expect(numbers().isEmpty)
        hub.handle(.ledgerFailed(.ledgerUnavailable))
        submit.request = 9
        try hub.receive(.submit(submit), from: HubNetwork.police, on: 1)
        #expect(numbers() == [8, 9])
    }

    @Test func `after a full disk has room again mail goes on and nothing is in between`() throws {
        var hub = try connected(window: 2)
        try hub.submit(1...3, to: [office, charity])
        hub.settle()
        try hub.acknowledge(charity, on: 3, through: 2, window: 1_000)
        hub.pass(milliseconds: 100)
        #expect(hub.appends.count == 1)
        hub.handle(.ledgerFailed(.ledgerUnavailable))
        // Nothing is asked of a ledger that takes nothing, and whoever asks is told so.
        hub.forgetSent()
        try hub.submit(4...4, to: [office])
        var subscribe = WireSubscribe()
        subscribe.request = 7
        try hub.receive(.subscribe(subscribe), from: office, on: 2)
        try hub.acknowledge(office, on: 2, through: 2, window: 1_000)
        hub.pass(milliseconds: 100)
        #expect(hub.appends.count == 1)
        #expect(hub.refusals(to: 1).map(\.code) + hub.refusals(to: 2).map(\.code) == [901, 901])
        let next = try hub.network.release(registry: HubNetwork.revoke(charity))
        hub.handle(.released(next))
        #expect(hub.cuts == [charity])
        hub.handle(.ledgerRecovered)
        hub.settle()
        #expect(hub.machine.isReady)
        #expect(hub.machine.releaseInForce?.registryDigest == next.registry.digest)
        #expect(hub.numbers(to: 2) == [3])
        try hub.submit(4...4, to: [office])
        hub.settle()
        #expect(hub.numbers(to: 2) == [3, 4])
        hub.pass(milliseconds: 100)
        hub.settle()
        #expect(hub.recordedDeliveries(to: office) == [2])
    }

    @Test func `a packet that is not one frame is refused by name`() throws {
        var hub = try connected()
        hub.handle(.packet(ConnectionID(2), office, Data()))
        hub.settle()
        #expect(hub.refusals(to: 2).map(\.name) == ["malformed-packet"])
        #expect(hub.recordedRefusals == [RefusalCode.malformedPacket.number])
    }

    @Test func `what waits for the ledger is bounded in bytes`() throws {
        var hub = try connected()
        hub.handle(.released(try hub.network.release(policy: HubNetwork.withoutCharities)))
        var submit = WireSubmit()
        submit.envelopes = [Data(repeating: 0x7A, count: (1 << 20) - 64)]
        for _ in 0..<20 {
            try hub.receive(.submit(submit), from: police, on: 1)
            try hub.receive(.submit(submit), from: office, on: 2)
        }
        let refusals = hub.refusals(to: 1) + hub.refusals(to: 2)
        #expect(refusals.map(\.name) == Array(repeating: "busy", count: 8))
        hub.settle()
    }

    @Test func `the hub's own acts are on record`() throws {
        var hub = try HubSimulation.started()
        hub.handle(.operation(.started))
        hub.handle(.operation(.reloadRefused(.noteSignaturesMissing)))
        hub.handle(.operation(.stopped))
        hub.settle()
        let acts = hub.records.compactMap { record -> WireOperation? in
            guard case .event(.operation(let act)) = record else { return nil }
            return act
        }
        #expect(acts.map(\.action) == ["started", "reload-refused", "stopped"])
        #expect(acts.map(\.code) == [0, RefusalCode.noteSignaturesMissing.number, 0])
    }

    @Test func `a node that is silent for a minute is forgotten and its mail waits`() throws {
        var hub = try connected()
        hub.pass(milliseconds: 30_000)
        try hub.receive(.ping(WirePing()), from: office, on: 2)
        hub.pass(milliseconds: 30_001)
        #expect(hub.machine.connectedNodes == [office])
        #expect(hub.machine.counters.silentSessions == 2)
        hub.forgetSent()
        try hub.hello(police, on: 7)
        let mail = try hub.network.envelope(from: police, to: [charity], number: 1)
        try hub.submit([mail], from: police, on: 7)
        hub.settle()
        #expect(hub.deliveries(to: 3).isEmpty)
        try hub.hello(charity, on: 8)
        hub.settle()
        #expect(hub.numbers(to: 8) == [1])
    }

    @Test func `strangers are all counted and recorded up to sixty a minute`() throws {
        var hub = try HubSimulation.started()
        for _ in 0..<100 { hub.handle(.strangerRefused(.unknownKey)) }
        hub.settle()
        #expect(hub.machine.counters.strangers == 100)
        #expect(hub.recordedRefusals.count == 60)
        hub.now = hub.now.adding(milliseconds: 60_000)
        hub.handle(.strangerRefused(.revoked))
        hub.settle()
        #expect(hub.recordedRefusals.count == 61)
        #expect(hub.sent.isEmpty)
    }

    @Test func `heartbeats come every five seconds and checkpoints once a second at most`() throws {
        var hub = try connected()
        for number in 0..<100 {
            hub.pass(milliseconds: 100)
            if number == 50 {
                hub.handle(.checkpointed(Data(), size: UInt64(hub.records.count)))
            }
        }
        let heartbeats = hub.published.count { $0 == "heartbeat/" }
        #expect((2...3).contains(heartbeats))
        // Only the first half had anything that no checkpoint covered.
        #expect((5...6).contains(hub.checkpointOrders))
    }

    @Test func `a clock that is set back stops neither checkpoints nor heartbeats`() throws {
        var hub = try HubSimulation.started()
        hub.pass(milliseconds: 6_000)
        let orders = hub.checkpointOrders
        hub.forgetSent()
        hub.pass(milliseconds: -3_600_000)
        #expect(hub.checkpointOrders == orders + 1)
        #expect(hub.published == ["heartbeat/"])
    }

    @Test func `the ledger is read for a purpose of the list and for no other`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(HubNetwork.auditor, on: 4)
        var read = WireReadLedger()
        read.limit = 10
        for purpose in ["", "curiosity"] {
            hub.forgetSent()
            read.purpose = purpose
            try hub.receive(.readLedger(read), from: HubNetwork.auditor, on: 4)
            hub.settle()
            #expect(hub.refusals(to: 4).map(\.name) == ["audit-purpose-unknown"])
            #expect(hub.refusals(to: 4).map(\.field) == ["purpose"])
        }
        #expect(hub.pages.isEmpty)
        read.purpose = "review"
        try hub.receive(.readLedger(read), from: HubNetwork.auditor, on: 4)
        #expect(hub.pages.isEmpty)
        hub.settle()
        #expect(hub.pages.count == 1)
    }
}

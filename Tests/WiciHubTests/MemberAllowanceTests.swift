// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One member that asks too much is told so by name, fills no disk, and leaves the others theirs.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct MemberAllowanceTests {
    private let police = HubNetwork.police
    private let office = HubNetwork.office

    @Test func `an allowance is spent, comes back steadily and never exceeds what it was`() {
        var allowance = Allowance(perSecond: 10, atOnce: 100)
        var now = HubNetwork.now
        func spent(_ amount: Int) -> Bool { allowance.spend(amount, now: now) }
        #expect(spent(99) && spent(50))
        #expect(!spent(1))
        now = now.adding(milliseconds: 4_900)
        #expect(!spent(1))
        now = now.adding(milliseconds: 200)
        #expect(spent(2))
        // A clock that goes back gives nothing.
        now = now.adding(milliseconds: -3_600_000)
        #expect(!spent(1))
        now = now.adding(milliseconds: 7_200_000)
        #expect(spent(100))
        #expect(!spent(1))
    }

    @Test func `a member that submits without end is refused and the next one is served`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2)
        let copy = try hub.network.envelope(from: police, to: [office], number: 1)
        var refused = 0
        for _ in 0..<120 {
            hub.forgetSent()
            try hub.submit(Array(repeating: copy, count: 250), from: police, on: 1)
            hub.settle()
            refused += hub.refusals(to: 1).count { $0.name == "rate-limited" && $0.retryable }
        }
        #expect(refused == 40)
        #expect(hub.recordedRefusals.isEmpty)
        let mail = try hub.network.envelope(from: office, to: [police], number: 2)
        try hub.submit([mail], from: office, on: 2)
        hub.settle()
        #expect(hub.receipts(to: 2).map(\.accepted.repeated) == [false])
        // Two seconds later it has two seconds' worth again.
        hub.now = hub.now.adding(milliseconds: 2_000)
        hub.forgetSent()
        try hub.submit(2...3, to: [office])
        hub.settle()
        #expect(hub.receipts(to: 1).count == 2)
    }

    @Test func `a member that names other recipients in every message is told to slow down`() throws
    {
        var hub = try HubSimulation.started()
        let towns = try (10..<22).map { try #require(NodeID("gm-\($0).main")) }
        try hub.bring(try hub.network.release(registry: Self.adding(towns)))
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2)
        hub.forgetSent()
        for start in stride(from: 1, through: 2_401, by: 200) {
            let batch = try (start..<start + 200).map { number in
                let named = towns.indices.filter { number >> $0 & 1 == 1 }.map { towns[$0] }
                return try hub.network.envelope(from: police, to: named, number: UInt64(number))
            }
            try hub.submit(batch, from: police, on: 1)
            hub.settle()
        }
        let refusals = hub.refusals(to: 1)
        #expect(refusals.map(\.name) == Array(repeating: "rate-limited", count: 3))
        #expect(refusals.allSatisfy { $0.field == "selector" && $0.retryable })
        #expect(hub.receipts(to: 1).count == 2_000)
        // The same recipients again cost nothing, and the others have their own.
        try hub.submit(
            (3_000..<3_100).map {
                try hub.network.envelope(from: office, to: [towns[0]], number: UInt64($0))
            },
            from: office,
            on: 2
        )
        hub.settle()
        #expect(hub.receipts(to: 2).count == 100)
        hub.now = hub.now.adding(milliseconds: 1_000)
        hub.forgetSent()
        try hub.submit(4_000...4_001, to: [towns[3], towns[4]])
        hub.settle()
        #expect(hub.receipts(to: 1).count == 2)
    }

    /// Voivodeship offices with these nodes, beside the members that are there.
    private static func adding(_ nodes: [NodeID]) -> (inout RegistryContents) throws -> Void {
        { contents in
            for (place, id) in nodes.enumerated() {
                let name = String(id.text.dropLast(".main".count))
                let office = try #require(contents.institutions.first { $0.id.text == "uw-lublin" })
                let key = RawPublicKey(bytes: Data(repeating: UInt8(place + 40), count: 32))
                let validity = office.validity
                contents.institutions.append(
                    Institution(
                        id: try #require(InstitutionID(name)),
                        kind: office.kind,
                        name: office.name,
                        regions: office.regions,
                        roles: [],
                        isAuditor: false,
                        validity: validity
                    )
                )
                contents.nodes.append(
                    RegistryNode(
                        id: id,
                        institution: try #require(InstitutionID(name)),
                        exchangeKey: try #require(key),
                        signingKey: try #require(key),
                        sealingKey: try #require(key),
                        validity: validity
                    )
                )
            }
        }
    }

    @Test func `refusals beyond a number a minute are answered and recorded as a number`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        hub.pass(milliseconds: 100)
        hub.settle()
        hub.forgetSent()
        let garbage = Data([0xFF, 0xFF])
        for _ in 0..<1_000 { hub.handle(.packet(ConnectionID(1), police, garbage)) }
        hub.settle()
        #expect(hub.refusals(to: 1).count == 1_000)
        #expect(hub.recordedRefusals.count == RefusalTally.recordedPerMinute)
        for _ in 0..<650 {
            hub.handle(.packet(ConnectionID(1), police, garbage))
            hub.pass(milliseconds: 100)
        }
        hub.settle()
        let counts = hub.records.compactMap { record -> UInt32? in
            guard case .event(.refused(let one)) = record, one.request == "several" else {
                return nil
            }
            #expect(one.node == police.text && one.code == RefusalCode.malformedPacket.number)
            return one.count
        }
        let single = hub.recordedRefusals.count - counts.count
        #expect(counts.count == 1)
        #expect(single + Int(counts.reduce(0, +)) == 1_650)
    }

    @Test func `a message refused too often for a record still gets its earlier receipt`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        let charity = HubNetwork.charity
        let known = try hub.network.envelope(from: police, to: [charity], number: 1)
        try hub.submit([known], from: police, on: 1)
        hub.settle()
        try hub.bring(try hub.network.release(policy: HubNetwork.withoutCharities))
        let fresh = try (2...800).map {
            try hub.network.envelope(from: police, to: [charity], number: UInt64($0))
        }
        for start in stride(from: 0, to: fresh.count, by: 200) {
            let batch = Array(fresh[start..<min(start + 200, fresh.count)])
            try hub.submit(batch, from: police, on: 1)
        }
        hub.settle()
        hub.forgetSent()
        try hub.submit([known, fresh[0]], from: police, on: 1)
        hub.settle()
        #expect(hub.recordedRefusals.count == RefusalTally.recordedPerMinute)
        let receipts = hub.receipts(to: 1)
        #expect(receipts.map(\.accepted.repeated) == [true, false])
        #expect(receipts.last?.refusal.name == "not-granted")
    }

    @Test func `whoever may send more messages may send their bytes`() {
        #expect(MemberLimits.standard.packetBytesPerSecond == 16 << 20)
        #expect(MemberLimits(envelopesPerSecond: 1).packetBytesPerSecond == 16 << 20)
        var bytes = MemberAllowance(MemberLimits(envelopesPerSecond: 4_096)).packetBytes
        var now = HubNetwork.now
        func sendsMebibytes() -> Int {
            var count = 0
            while bytes.spend(1 << 20, now: now) { count += 1 }
            return count
        }
        #expect(sendsMebibytes() == 64)
        now = now.adding(milliseconds: 1_000)
        #expect(sendsMebibytes() == 32)
    }

    @Test func `requests that cost a reading are limited for each member apart`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2)
        hub.forgetSent()
        var prove = WireProve()
        prove.messageID = HubNetwork.messageID(9).data
        for number in 0..<1_100 as Range<UInt64> {
            prove.request = number
            try hub.receive(.prove(prove), from: police, on: 1)
        }
        let limited = hub.refusals(to: 1).filter { $0.name == "rate-limited" }
        #expect(limited.count == 100)
        try hub.receive(.ping(WirePing()), from: police, on: 1)
        #expect(hub.sent.contains { if case .pong = $0.content { true } else { false } })
        try hub.receive(.prove(prove), from: office, on: 2)
        #expect(hub.refusals(to: 2).isEmpty)
    }

    @Test func `subscriptions are charged by what is in them`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        try hub.hello(office, on: 2)
        var large = WireSubscription()
        large.types = ["good-practice"]
        large.topics = Array(repeating: "EX-LAB", count: 64)
        var subscribe = WireSubscribe()
        subscribe.subscriptions = Array(repeating: large, count: 32)
        hub.forgetSent()
        for _ in 0..<20 { try hub.receive(.subscribe(subscribe), from: police, on: 1) }
        hub.settle()
        let refusals = hub.refusals(to: 1)
        #expect(refusals.count == 15)
        #expect(refusals.allSatisfy { $0.name == "rate-limited" && $0.field == "subscriptions" })
        try hub.receive(.subscribe(subscribe), from: office, on: 2)
        #expect(hub.refusals(to: 2).isEmpty)
        hub.now = hub.now.adding(milliseconds: 10_000)
        hub.forgetSent()
        subscribe.subscriptions = []
        try hub.receive(.subscribe(subscribe), from: police, on: 1)
        #expect(hub.refusals(to: 1).isEmpty)
    }

    @Test func `of a subscription only what is known is stored`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        hub.forgetSent()
        // Field 1011, of a megabyte, beside one that is known.
        let field = FieldWriter.data(byteCount: 5 + 1_000_000) { memory in
            var writer = FieldWriter(memory)
            writer.data(1_011, Data(repeating: 7, count: 1_000_000))
        }
        var known = WireSubscription()
        known.types = ["warning"]
        let padded = try WireSubscription(serializedBytes: known.serializedData() + field)
        #expect(padded != known)
        var subscribe = WireSubscribe()
        subscribe.subscriptions = [padded]
        try hub.receive(.subscribe(subscribe), from: police, on: 1)
        hub.settle()
        let stored = hub.records.compactMap { record -> [WireSubscription]? in
            guard case .event(.subscriptions(let change)) = record else { return nil }
            return change.subscriptions
        }
        #expect(stored == [[known]])
    }

    @Test func `hello costs an allowance of its own`() throws {
        var hub = try HubSimulation.started()
        for _ in 0..<100 { try hub.hello(office, on: 2) }
        hub.settle()
        #expect(hub.refusals(to: 2).map(\.name) == Array(repeating: "rate-limited", count: 40))
        hub.now = hub.now.adding(milliseconds: 2_000)
        hub.forgetSent()
        try hub.hello(office, on: 2)
        #expect(hub.refusals(to: 2).isEmpty)
    }

    @Test func `another hello on a connection takes nothing off the way to it`() throws {
        func session() -> Session {
            Session(
                node: office,
                connection: ConnectionID(1),
                sent: .none,
                recorded: .none,
                windowEnd: MailboxNumber(100),
                lastHeard: HubNetwork.now
            )
        }
        var first = session()
        for number in 1...5 as ClosedRange<UInt64> {
            first.handedOver(MailboxNumber(number), bytes: 1 << 20)
        }
        #expect(!first.hasRoom)
        var second = session()
        #expect(second.hasRoom)
        second.goOn(from: first)
        #expect(!second.hasRoom && second.inFlightBytes == 5 << 20)
        second.acknowledge(through: MailboxNumber(5), windowEnd: MailboxNumber(200))
        #expect(second.hasRoom && second.inFlightBytes == 0)
    }

    @Test func `bytes are counted before anything is read in them`() throws {
        var hub = try HubSimulation.started()
        try hub.hello(police, on: 1)
        hub.forgetSent()
        let padding = Data(repeating: 0x0A, count: 1 << 20)
        for _ in 0..<40 { hub.handle(.packet(ConnectionID(1), police, padding)) }
        hub.settle()
        let names = hub.refusals(to: 1).map(\.name)
        #expect(names.count == 40)
        #expect(names.count { $0 == "rate-limited" } == 8)
    }

    @Test func `what is read for a fetch is paid before, and what it was less comes back`() {
        var allowance = Allowance(perSecond: 1, atOnce: 1_000)
        let now = HubNetwork.now
        func spent(_ amount: Int) -> Bool { allowance.spend(amount, now: now) }
        #expect(spent(600))
        #expect(spent(600))
        #expect(!spent(1))
        allowance.settle(estimate: 600, actual: 100)
        #expect(spent(250))
        allowance.settle(estimate: 5_000, actual: 0)
        #expect(spent(999))
        #expect(spent(1))
        #expect(!spent(1))
    }

    @Test func `the ledger writes at once and reads for one at a time, mail beside requests`() {
        func mail(_ number: UInt64, fetch: UInt64) -> LedgerOrder {
            let request = MailRequest(
                node: office,
                connection: ConnectionID(number),
                numbers: [],
                fetch: fetch
            )
            return .readMessages(request, [])
        }
        func names(_ orders: [LedgerOrder]) -> [String] {
            orders.map { order in
                switch order {
                case .append(let commit, _): "append \(commit.value)"
                case .readMessages(let request, _):
                    "\(request.fetch == 0 ? "mail" : "fetch") \(request.connection.value)"
                default: "other"
                }
            }
        }
        var agenda = LedgerAgenda()
        let first = agenda.next(with: [
            mail(1, fetch: 7), mail(2, fetch: 8), mail(3, fetch: 0), .append(CommitID(1), []),
            mail(4, fetch: 0), .append(CommitID(2), []),
        ])
        #expect(names(first) == ["append 1", "append 2", "mail 3", "fetch 1"])
        let second = agenda.next(with: [.append(CommitID(3), [])])
        #expect(names(second) == ["append 3", "mail 4", "fetch 2"])
        #expect(agenda.isEmpty)
        #expect(agenda.next(with: []).isEmpty)
    }
}

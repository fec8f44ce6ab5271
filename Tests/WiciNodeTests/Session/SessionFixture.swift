// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A session in a known state, packets of a hub, and the table of every state and event.

import Foundation
import SwiftProtobuf
import WiciCore

@testable import WiciNode

struct SessionFixture {
    enum StateName: CaseIterable, Sendable { case stopped, waiting, greeting, ready }
    enum EventName: CaseIterable, Sendable {
        case started, garbage, welcome, refused, deliveries, tick, late, outboxChanged, outboxReady
        case stored, storingFailed, trusts, keysChanged, asked, newestEntries, closed
        case authenticationFailed, stopping
    }

    let hubKey: SigningKey
    /// Signs checkpoints with the same key.
    let hub: NoteSigner
    let trust: NodeTrust
    var machine: NodeSessionStateMachine
    var now = Moment(milliseconds: 1_000_000)

    init(stored: UInt64 = 0, trusting: Bool = true, checkpoint: Checkpoint? = nil) {
        hubKey = SigningKey()
        hub = (try? NoteSigner(name: "test-ledger", key: hubKey)).unsafelyKnown
        trust = NodeTrust(
            registry: Digest.of(domain: "registry"),
            policy: Digest.of(domain: "policy"),
            ledgerKey: hub.verifierKey
        )
        machine = NodeSessionStateMachine(
            node: Self.node,
            stored: MailboxNumber(stored),
            trust: trusting ? trust : nil,
            checkpoint: checkpoint,
            program: "wici test"
        )
    }

    static let node = NodeID("kwp-lublin.main").unsafelyKnown

    mutating func handle(_ event: NodeSessionEvent) -> [NodeSessionEffect] {
        machine.handle(event, now: now, randomness: 0)
    }

    mutating func bring(to state: StateName) {
        switch state {
        case .stopped: break
        case .waiting:
            _ = handle(.started)
            _ = handle(.connectionClosed)
        case .greeting: _ = handle(.started)
        case .ready:
            _ = handle(.started)
            welcome(head: 0)
        }
    }

    /// Welcomes a node that knows of no entry, so that nothing has to be proved.
    @discardableResult
    mutating func welcome(head: UInt64) -> [NodeSessionEffect] {
        handle(.packet(Self.welcome(head: head))) + handle(.newestEntries([]))
    }

    var stateName: StateName {
        switch machine.state {
        case .stopped: .stopped
        case .waiting: .waiting
        case .greeting: .greeting
        case .ready: .ready
        }
    }

    mutating func event(_ name: EventName) -> NodeSessionEvent {
        switch name {
        case .started: return .started
        case .garbage: return .packet(Data([0xFF, 0xFF]))
        case .welcome: return .packet(Self.welcome(head: 0))
        case .refused: return .packet(Self.refused(.helloExpected))
        case .deliveries: return .packet(Self.deliveries([1]))
        case .tick: return .tick
        case .late:
            now = now.adding(milliseconds: 30_000)
            return .tick
        case .outboxChanged: return .outboxChanged
        case .outboxReady: return .outboxReady([Self.envelope(1)])
        case .stored: return .stored(through: MailboxNumber(1))
        case .storingFailed: return .storingFailed
        case .trusts: return .trusts(trust)
        case .keysChanged: return .keysChanged
        case .asked: return .asked(NodeRequest(number: 1, question: .subscribe([])))
        case .newestEntries:
            let id = Self.envelope(1).messageID
            return .newestEntries([KnownEntry(messageID: id, index: LedgerIndex(7))])
        case .closed: return .connectionClosed
        case .authenticationFailed: return .authenticationFailed
        case .stopping: return .stopping
        }
    }

    typealias Row = (effects: [String], next: StateName)

    static let table: [StateName: [EventName: Row]] = {
        let lost = (["close", "report"], StateName.waiting)
        var stopped = [EventName: Row](
            uniqueKeysWithValues: EventName.allCases.map { ($0, ([], .stopped)) }
        )
        stopped[.started] = (["open", "hello", "report"], .greeting)
        stopped[.asked] = (["answer"], .stopped)
        var waiting = [EventName: Row](
            uniqueKeysWithValues: EventName.allCases.map { ($0, ([], .waiting)) }
        )
        waiting[.late] = (["open", "hello", "report"], .greeting)
        waiting[.asked] = (["answer"], .waiting)
        waiting[.stopping] = (["report"], .stopped)
        var greeting = [EventName: Row](
            uniqueKeysWithValues: EventName.allCases.map { ($0, ([], .greeting)) }
        )
        greeting[.welcome] = (["rememberSubscriptions", "requestNewestEntries"], .ready)
        greeting[.asked] = (["answer"], .greeting)
        greeting[.stopping] = (["close", "report"], .stopped)
        for name in [EventName.garbage, .refused, .late, .storingFailed, .closed] {
            greeting[name] = lost
        }
        greeting[.authenticationFailed] = lost
        var ready = [EventName: Row](
            uniqueKeysWithValues: EventName.allCases.map { ($0, ([], .ready)) }
        )
        ready[.deliveries] = (["storeDeliveries"], .ready)
        ready[.newestEntries] = (["prove"], .ready)
        ready[.outboxReady] = (["submit", "requestOutbox"], .ready)
        ready[.asked] = (["subscribe"], .ready)
        ready[.stopping] = (["bye", "close", "report"], .stopped)
        for name in [EventName.garbage, .refused, .late, .storingFailed, .closed] {
            ready[name] = lost
        }
        ready[.authenticationFailed] = lost
        return [.stopped: stopped, .waiting: waiting, .greeting: greeting, .ready: ready]
    }()

    // MARK: Reading effects

    static func name(_ effect: NodeSessionEffect) -> String {
        switch effect {
        case .openConnection: "open"
        case .closeConnection: "close"
        case .send(let bytes): packetName(bytes)
        case .storeDeliveries: "storeDeliveries"
        case .storeReceipts: "storeReceipts"
        case .adopt: "adopt"
        case .keepCheckpoint: "keepCheckpoint"
        case .requestNewestEntries: "requestNewestEntries"
        case .requestOutbox: "requestOutbox"
        case .reseal: "reseal"
        case .rememberSubscriptions: "rememberSubscriptions"
        case .answer: "answer"
        case .report: "report"
        }
    }

    private static func packetName(_ bytes: Data) -> String {
        switch (try? WirePacket(serializedBytes: bytes))?.content {
        case .hello: "hello"
        case .submit: "submit"
        case .acknowledge: "acknowledge"
        case .subscribe: "subscribe"
        case .fetch: "fetch"
        case .prove: "prove"
        case .proveConsistency: "proveConsistency"
        case .ping: "ping"
        case .bye: "bye"
        default: "other"
        }
    }

    static func hello(_ effects: [NodeSessionEffect]) -> WireHello? {
        effects.lazy.compactMap { effect -> WireHello? in
            guard case .send(let bytes) = effect,
                case .hello(let hello) = (try? WirePacket(serializedBytes: bytes))?.content
            else { return nil }
            return hello
        }.first
    }

    static func stored(_ effects: [NodeSessionEffect]) -> [UInt64] {
        effects.flatMap { effect -> [UInt64] in
            guard case .storeDeliveries(let deliveries) = effect else { return [] }
            return deliveries.map(\.number.value)
        }
    }

    static func submitted(_ effects: [NodeSessionEffect]) -> [Int] {
        submits(effects).map(\.envelopes.count)
    }

    static func envelopes(_ effects: [NodeSessionEffect]) -> [Data] {
        submits(effects).flatMap(\.envelopes)
    }

    private static func submits(_ effects: [NodeSessionEffect]) -> [WireSubmit] {
        effects.compactMap { effect in
            guard case .send(let bytes) = effect,
                case .submit(let submit)? = (try? WirePacket(serializedBytes: bytes))?.content
            else { return nil }
            return submit
        }
    }

    // MARK: Packets

    static func welcome(head: UInt64, registry: Data = Data(), checkpoint: Data = Data()) -> Data {
        var welcome = WireWelcome()
        welcome.version = 1
        welcome.mailboxHead = head
        welcome.registry = registry
        welcome.checkpoint = checkpoint
        return .packet(.welcome(welcome))
    }

    static func refused(_ code: RefusalCode) -> Data {
        var refused = WireRefused()
        refused.refusal = refusal(code)
        return .packet(.refused(refused))
    }

    static func refusal(_ code: RefusalCode) -> WireRefusal {
        var refusal = WireRefusal()
        refusal.code = code.number
        refusal.name = code.name
        refusal.retryable = code.retryable
        return refusal
    }

    static func delivery(_ number: UInt64) -> WireDelivery {
        var delivery = WireDelivery()
        delivery.number = number
        delivery.index = number + 100
        delivery.envelope = Data("envelope \(number)".utf8)
        return delivery
    }

    static func deliveries(_ numbers: [UInt64]) -> Data {
        var deliveries = WireDeliveries()
        deliveries.deliveries = numbers.map(delivery)
        return .packet(.deliveries(deliveries))
    }

    static func envelope(_ number: Int) -> OutgoingEnvelope { envelope(number, size: 16) }

    static func envelope(
        _ number: Int,
        size: Int,
        isSealed: Bool = false
    ) -> OutgoingEnvelope {
        let id = MessageID(milliseconds: Int64(number), random: (1, 2))
        let text = Data("\(number)".utf8)
        return OutgoingEnvelope(
            messageID: id,
            digest: Digest.of(domain: "test", text),
            bytes: text + Data(count: size - text.count),
            isSealed: isSealed
        )
    }

    func receipts(
        _ envelopes: [(OutgoingEnvelope, RefusalCode?)],
        key: SigningKey? = nil,
        withDigest: Bool = true
    ) -> Data {
        var receipts = WireReceipts()
        receipts.sets = [WireRecipientSet()]
        receipts.receipts = envelopes.map { envelope, code in
            var receipt = WireReceipt()
            receipt.messageID = envelope.messageID.data
            if withDigest { receipt.envelopeDigest = envelope.digest.data }
            if let code {
                receipt.refusal = Self.refusal(code)
            } else {
                receipt.accepted = WireReceipt.Accepted()
            }
            return receipt
        }
        var signed = WireSignedReceipts()
        signed.receipts = (try? receipts.serializedData()) ?? Data()
        let statement = Data("wici/v1/receipts\0".utf8) + signed.receipts
        signed.signature = (key ?? hubKey).signature(for: statement) ?? Data()
        return .packet(.receipts(signed))
    }
}

extension Optional {
    /// The value of a constant that the test itself wrote.
    var unsafelyKnown: Wrapped {
        guard let self else { preconditionFailure("a constant of the test is malformed") }
        return self
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The session's decisions: every state meets every event, then the conversations that matter.
// Each test looks at the effects and at the next state.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore

@testable import WiciNode

struct NodeSessionStateMachineTests {
    // MARK: Every state, every event

    @Test(arguments: SessionFixture.StateName.allCases, SessionFixture.EventName.allCases)
    func `every state answers every event as the table says`(
        state: SessionFixture.StateName,
        event: SessionFixture.EventName
    ) {
        var session = SessionFixture()
        session.bring(to: state)
        let effects = session.handle(session.event(event))
        let row = SessionFixture.table[state]?[event]
        #expect(effects.map(SessionFixture.name) == row?.effects)
        #expect(session.stateName == row?.next)
    }

    // MARK: Connecting

    @Test func `the hello says what is on disk and gives no credit yet`() throws {
        var session = SessionFixture(stored: 40)
        let effects = session.handle(.started)
        guard case .send(let bytes) = effects[1] else {
            Issue.record("no hello")
            return
        }
        let hello = try WirePacket(serializedBytes: bytes).hello
        #expect(hello.versionMin == 1 && hello.versionMax == 1)
        #expect(hello.storedThrough == 40)
        #expect(hello.windowEnd == 40)
        #expect(hello.registryDigest == session.trust.registry.data)
        #expect(session.stateName == .greeting)
    }

    @Test func `waiting times double up to half a minute and a proved connection resets them`() {
        var session = SessionFixture()
        _ = session.handle(.started)
        var waits: [Int64] = []
        for _ in 0..<10 {
            _ = session.handle(.connectionClosed)
            let until = session.machine.nextDeadline ?? session.now
            waits.append(until.milliseconds - session.now.milliseconds)
            session.now = until
            _ = session.handle(.tick)
        }
        #expect(waits == [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000])
        session.welcome(head: 0)
        _ = session.handle(.connectionClosed)
        let until = session.machine.nextDeadline ?? session.now
        #expect(until.milliseconds - session.now.milliseconds == 200)
    }

    @Test func `randomness shortens a wait by at most half`() {
        for randomness in [UInt64(1), 77, 100, 101, .max] {
            var backoff = ReconnectBackoff()
            let wait = backoff.next(randomness: randomness)
            #expect((100...200).contains(wait))
        }
    }

    @Test func `a hub that is silent for half a minute is dead`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        session.now = session.now.adding(milliseconds: 29_999)
        #expect(session.handle(.tick).map(SessionFixture.name) == ["ping"])
        #expect(session.stateName == .ready)
        session.now = session.now.adding(milliseconds: 1)
        #expect(session.handle(.tick).map(SessionFixture.name) == ["close", "report"])
        #expect(session.stateName == .waiting)
    }

    // MARK: Deliveries

    @Test func `deliveries are handed to the disk once and in order`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let first = session.handle(.packet(SessionFixture.deliveries([1, 2, 2, 1, 3])))
        #expect(SessionFixture.stored(first) == [1, 2, 3])
        let again = session.handle(.packet(SessionFixture.deliveries([2, 3, 4])))
        #expect(SessionFixture.stored(again) == [4])
        #expect(session.machine.mailbox.received == MailboxNumber(4))
    }

    @Test func `a gap is fetched once and what follows it is not taken`() throws {
        var session = SessionFixture()
        session.bring(to: .ready)
        let effects = session.handle(.packet(SessionFixture.deliveries([1, 3])))
        #expect(SessionFixture.stored(effects) == [1])
        #expect(effects.map(SessionFixture.name) == ["storeDeliveries", "fetch"])
        guard case .send(let bytes)? = effects.last else { return }
        let fetch = try WirePacket(serializedBytes: bytes).fetch
        #expect(fetch.from == 2)
        #expect(fetch.mailbox == "kwp-lublin.main")
        #expect(session.handle(.packet(SessionFixture.deliveries([4]))) == [])
        let filled = session.handle(.packet(SessionFixture.deliveries([2, 3, 4])))
        #expect(SessionFixture.stored(filled) == [2, 3, 4])
        #expect(session.machine.mailbox.fetching == nil)
    }

    @Test func `only what is on disk is acknowledged`() throws {
        var session = SessionFixture()
        session.bring(to: .ready)
        #expect(session.handle(.stored(through: MailboxNumber(5))) == [])
        _ = session.handle(.packet(SessionFixture.deliveries([1, 2, 3])))
        let effects = session.handle(.stored(through: MailboxNumber(2)))
        guard case .send(let bytes)? = effects.first else {
            Issue.record("no acknowledgement")
            return
        }
        let acknowledge = try WirePacket(serializedBytes: bytes).acknowledge
        #expect(acknowledge.through == 2)
        #expect(acknowledge.windowEnd == 512)
        #expect(session.handle(.stored(through: MailboxNumber(1))) == [])
        #expect(session.machine.mailbox.stored == MailboxNumber(2))
    }

    @Test func `what comes again and is on disk is acknowledged again`() throws {
        var session = SessionFixture()
        session.bring(to: .ready)
        _ = session.handle(.packet(SessionFixture.deliveries([1, 2])))
        // Not on disk yet: the disk's answer will be its acknowledgement.
        #expect(session.handle(.packet(SessionFixture.deliveries([1, 2]))) == [])
        let first = session.handle(.stored(through: MailboxNumber(2)))
        #expect(session.handle(.packet(SessionFixture.deliveries([1, 2]))) == first)
        let effects = session.handle(.packet(SessionFixture.deliveries([2, 3])))
        #expect(effects.map(SessionFixture.name) == ["storeDeliveries"])
        let gap = session.handle(.packet(SessionFixture.deliveries([2, 5])))
        #expect(gap.map(SessionFixture.name) == ["fetch", "acknowledge"])
    }

    @Test func `credit is renewed when half of it is used`() {
        var receiver = MailboxReceiver(stored: .none)
        #expect(receiver.take((1...300).map(SessionFixture.delivery)).taken.count == 300)
        receiver.store(through: MailboxNumber(256))
        #expect(receiver.windowEnd == MailboxNumber(512))
        receiver.store(through: MailboxNumber(257))
        #expect(receiver.windowEnd == MailboxNumber(769))
    }

    @Test func `what the disk refused is asked for again on a new connection`() throws {
        var session = SessionFixture()
        session.bring(to: .ready)
        _ = session.handle(.packet(SessionFixture.deliveries([1, 2])))
        _ = session.handle(.stored(through: MailboxNumber(1)))
        let effects = session.handle(.storingFailed)
        #expect(effects.map(SessionFixture.name) == ["close", "report"])
        #expect(session.machine.mailbox.received == MailboxNumber(1))
        session.now = session.now.adding(milliseconds: 60_000)
        guard case .send(let bytes) = session.handle(.tick)[1] else { return }
        #expect(try WirePacket(serializedBytes: bytes).hello.storedThrough == 1)
    }

    @Test func `a disk that takes no mail is tried less and less often, whatever the hub says`() {
        var session = SessionFixture()
        _ = session.handle(.started)
        func wait() -> Int64 {
            session.welcome(head: 2)
            _ = session.handle(.packet(SessionFixture.deliveries([1, 2])))
            _ = session.handle(.storingFailed)
            let until = session.machine.nextDeadline ?? session.now
            defer {
                session.now = until
                _ = session.handle(.tick)
            }
            return until.milliseconds - session.now.milliseconds
        }
        let waits = (0..<9).map { _ in wait() }
        #expect(waits == [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000])
        session.welcome(head: 2)
        _ = session.handle(.packet(SessionFixture.deliveries([1, 2])))
        _ = session.handle(.stored(through: MailboxNumber(1)))
        _ = session.handle(.connectionClosed)
        session.now = session.machine.nextDeadline ?? session.now
        _ = session.handle(.tick)
        #expect(wait() == 200)
    }

    // MARK: Submitting

    @Test func `the next batch leaves when the last one has all its receipts`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let many = (0..<600).map(SessionFixture.envelope)
        #expect(SessionFixture.submitted(session.handle(.outboxReady(many))) == [256])
        let some = session.receipts(many.prefix(255).map { ($0, nil) })
        #expect(SessionFixture.submitted(session.handle(.packet(some))) == [])
        let last = session.receipts([(many[255], nil)])
        #expect(SessionFixture.submitted(session.handle(.packet(last))) == [256])
        #expect(session.machine.window.flying.count == 1)
        #expect(session.machine.window.waiting.count == 88)
    }

    @Test func `a refusal that could not be digested settles the message`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let envelope = SessionFixture.envelope(1)
        _ = session.handle(.outboxReady([envelope]))
        let answer = session.receipts([(envelope, RefusalCode.headerTooLarge)], withDigest: false)
        #expect(session.handle(.packet(answer)).map(SessionFixture.name).first == "storeReceipts")
        #expect(session.machine.window.isEmpty)
    }

    @Test func `an acceptance without a digest settles nothing`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let envelope = SessionFixture.envelope(1)
        _ = session.handle(.outboxReady([envelope]))
        let answer = session.receipts([(envelope, nil)], withDigest: false)
        #expect(session.handle(.packet(answer)).map(SessionFixture.name) == ["report"])
        #expect(session.machine.window.flying.count == 1)
    }

    @Test func `a batch is bounded by bytes, but one envelope always goes`() {
        var window = SubmissionWindow()
        let big = SessionFixture.envelope(1, size: 600 * 1024)
        window.add([big] + (2..<10).map { SessionFixture.envelope($0, size: 200 * 1024) })
        #expect(window.takeBatch(now: Moment(milliseconds: 0))?.envelopes == [big])
        window.settle(big.messageID)
        #expect(window.takeBatch(now: Moment(milliseconds: 0))?.envelopes.count == 2)
    }

    @Test func `after a lost connection the same bytes leave in the same order`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let many = (0..<600).map(SessionFixture.envelope)
        _ = session.handle(.outboxReady(many))
        let answer = session.receipts(many.prefix(200).map { ($0, nil) })
        _ = session.handle(.packet(answer))
        _ = session.handle(.connectionClosed)
        #expect(session.machine.window.waiting == Array(many.dropFirst(200)))
        session.now = session.now.adding(milliseconds: 60_000)
        _ = session.handle(.tick)
        let effects = session.welcome(head: 0)
        #expect(SessionFixture.envelopes(effects) == many[200..<456].map(\.bytes))
    }

    @Test func `a receipt with a wrong signature settles nothing`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let envelope = SessionFixture.envelope(1)
        _ = session.handle(.outboxReady([envelope]))
        let forged = session.receipts([(envelope, nil)], key: SigningKey())
        let effects = session.handle(.packet(forged))
        #expect(effects == [.report(.contradiction(.badReceiptSignature))])
        #expect(session.machine.window.flying.count == 1)
    }

    @Test func `a receipt for other bytes settles nothing`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let envelope = SessionFixture.envelope(1)
        _ = session.handle(.outboxReady([envelope]))
        let other = OutgoingEnvelope(
            messageID: envelope.messageID,
            digest: .zero,
            bytes: envelope.bytes,
            isSealed: false
        )
        let effects = session.handle(.packet(session.receipts([(other, nil)])))
        #expect(
            effects
                == [.report(.contradiction(.receiptForOtherBytes(envelope.messageID)))]
        )
        #expect(session.machine.window.flying.count == 1)
    }

    @Test func `a refusal of bytes that were sealed anew since means nothing`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let first = SessionFixture.envelope(1)
        _ = session.handle(.outboxReady([first]))
        let refusal = session.receipts([(first, RefusalCode.wrapsNotEligible)])
        #expect(session.handle(.packet(refusal)).first == .reseal(first.messageID))
        let second = OutgoingEnvelope(
            messageID: first.messageID,
            digest: Digest.of(domain: "test", Data("sealed anew".utf8)),
            bytes: first.bytes,
            isSealed: true
        )
        _ = session.handle(.outboxReady([]))
        _ = session.handle(.outboxChanged)
        _ = session.handle(.outboxReady([second]))
        #expect(session.handle(.packet(refusal)) == [])
        #expect(session.machine.window.inFlight(second.messageID) == second)
        let effects = session.handle(.packet(session.receipts([(second, nil)])))
        #expect(effects.map(SessionFixture.name).first == "storeReceipts")
    }

    @Test func `nothing overtakes a letter that has to be sealed again`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let letters = [1, 2, 3].map { SessionFixture.envelope($0, size: 16, isSealed: $0 == 2) }
        let sent = session.handle(.outboxReady(letters))
        #expect(SessionFixture.envelopes(sent) == letters[..<2].map(\.bytes))
        _ = session.handle(.outboxReady([]))
        let answer = session.receipts([
            (letters[0], nil), (letters[1], RefusalCode.wrapsNotEligible),
        ])
        let effects = session.handle(.packet(answer))
        #expect(effects.map(SessionFixture.name) == ["storeReceipts", "reseal"])
        #expect(session.machine.window.isEmpty)
        // The outbox hands out both again, in the order of writing.
        #expect(session.handle(.outboxChanged).map(SessionFixture.name) == ["requestOutbox"])
        let again = session.handle(.outboxReady(Array(letters[1...])))
        #expect(SessionFixture.envelopes(again) == [letters[1].bytes])
        let receipt = session.handle(.packet(session.receipts([(letters[1], nil)])))
        #expect(SessionFixture.envelopes(receipt) == [letters[2].bytes])
    }

    @Test func `a busy hub gets the same batch again after a second`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let envelope = SessionFixture.envelope(1)
        _ = session.handle(.outboxReady([envelope]))
        let answer = session.receipts([(envelope, RefusalCode.busy)])
        #expect(session.handle(.packet(answer)) == [])
        session.now = session.now.adding(milliseconds: 999)
        #expect(session.handle(.tick) == [])
        session.now = session.now.adding(milliseconds: 1)
        #expect(SessionFixture.envelopes(session.handle(.tick)) == [envelope.bytes])
    }

    @Test func `a refusal for good is an outcome`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        let envelope = SessionFixture.envelope(1)
        _ = session.handle(.outboxReady([envelope]))
        let effects = session.handle(
            .packet(session.receipts([(envelope, RefusalCode.notGranted)]))
        )
        guard case .storeReceipts(let batch)? = effects.first,
            case .refused(let refusal)? = batch.messages.first?.outcome
        else {
            Issue.record("no outcome")
            return
        }
        #expect(refusal.code == RefusalCode.notGranted.number)
        #expect(batch.signed != nil)
        #expect(session.machine.window.isEmpty)
    }

    @Test func `nothing is submitted before the node trusts a registry`() {
        var session = SessionFixture(trusting: false)
        _ = session.handle(.started)
        session.welcome(head: 0)
        #expect(session.handle(.outboxChanged) == [])
        let effects = session.handle(.trusts(session.trust))
        #expect(effects.map(SessionFixture.name) == ["report", "acknowledge", "requestOutbox"])
    }

    @Test func `an empty answer of the outbox does not hide a change that came meanwhile`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        _ = session.handle(.outboxReady([]))
        #expect(session.handle(.outboxChanged).map(SessionFixture.name) == ["requestOutbox"])
        #expect(session.handle(.outboxChanged) == [])
        #expect(session.handle(.outboxReady([])).map(SessionFixture.name) == ["requestOutbox"])
        #expect(session.handle(.outboxReady([])) == [])
    }

    // MARK: Requests

    @Test func `an answer goes to the one who asked, once`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        _ = session.handle(.asked(NodeRequest(number: 7, question: .subscribe([]))))
        var subscribed = WireSubscribed()
        subscribed.request = RequestNumber.asked(7)
        let packet = Data.packet(.subscribed(subscribed))
        #expect(
            session.handle(.packet(packet))
                == [.rememberSubscriptions([]), .answer(7, .subscribed([]))]
        )
        #expect(session.handle(.packet(packet)) == [.rememberSubscriptions([])])
    }

    @Test func `those who asked are told when the connection goes`() {
        var session = SessionFixture()
        session.bring(to: .ready)
        _ = session.handle(.asked(NodeRequest(number: 7, question: .subscribe([]))))
        #expect(session.handle(.connectionClosed).first == .answer(7, .disconnected))
        #expect(session.machine.asked == [])
    }
}

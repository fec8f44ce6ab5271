// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the node has the hub prove before it deals with it: that its ledger begins with the one whose
// checkpoint the node has, and that the entries that the node knows of stand in it.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore

@testable import WiciNode

/// A hub's ledger as its proofs show it.
private struct Ledger {
    let known = KnownEntry(
        messageID: MessageID(milliseconds: 5, random: (1, 2)),
        index: LedgerIndex(4)
    )
    let salt = Data(repeating: 9, count: LedgerLeaf.saltByteCount)
    var records: [Data]

    /// A ledger of seven entries; the fifth is the acceptance of the known message.
    init() throws {
        records = (0..<7).map { Data("record \($0)".utf8) }
        let header: Data = try WireHeader.with {
            $0.messageID =
                MessageID(
                    milliseconds: 5,
                    random: (1, 2)
                ).data
        }.serializedData()
        records[4] = try WireRecord.with { $0.accepted.header = header }.serializedData()
    }

    private var leaves: [Data] {
        records.map { LedgerLeaf.bytes(salt: salt, record: $0) ?? Data() }
    }

    private func tree(_ size: Int) -> MerkleTree {
        MerkleTree(leafHashes: leaves.prefix(size).map(TreeHash.leaf))
    }

    func checkpoint(_ size: Int, origin: String = "test-ledger") throws -> Checkpoint {
        try Checkpoint(origin: origin, size: UInt64(size), root: tree(size).root)
    }

    func note(_ size: Int, by signer: NoteSigner) throws -> Data {
        try checkpoint(size, origin: signer.verifierKey.name).signed(by: signer).bytes
    }

    func growth(
        from old: Int,
        to new: Int,
        request: UInt64,
        by signer: NoteSigner
    ) throws -> WireConsistency {
        let path = TreeReader.consistencyPath(from: UInt64(old), to: UInt64(new)) {
            level,
            index in
            let first = Int(index) << level
            return MerkleTree(
                leafHashes: leaves[first..<first + 1 << level].map(TreeHash.leaf)
            ).root
        }
        var proof = WireConsistency()
        proof.request = request
        proof.path = try #require(path).map(\.data)
        proof.checkpoint = try note(new, by: signer)
        return proof
    }

    func proof(
        at place: Int,
        size: Int,
        request: UInt64,
        by signer: NoteSigner
    ) throws -> WireProof {
        var proof = WireProof()
        proof.request = request
        (proof.entry.index, proof.entry.leaf) = (UInt64(place), leaves[place])
        (proof.entry.salt, proof.entry.record) = (salt, records[place])
        proof.size = UInt64(size)
        proof.path = try #require(tree(size).inclusionPath(of: place)).map(\.data)
        proof.checkpoint = try note(size, by: signer)
        return proof
    }
}

struct NodeSessionLedgerTests {
    private let ledger: Ledger
    private static let wrong = NodeSessionEffect.report(.contradiction(.checkpointWrong))

    init() throws { ledger = try Ledger() }

    /// A session that has been welcomed by a hub with a checkpoint, with what it asked for.
    private func welcomed(
        remembering size: Int?,
        by hub: Int?,
        knowing entries: [KnownEntry] = [],
        head: UInt64 = 0
    ) throws -> (session: SessionFixture, effects: [NodeSessionEffect]) {
        let kept = try size.map { try ledger.checkpoint($0) }
        var session = SessionFixture(checkpoint: kept)
        _ = session.handle(.started)
        let packet = try SessionFixture.welcome(
            head: head,
            checkpoint: hub.map { try ledger.note($0, by: session.hub) } ?? Data()
        )
        var effects = session.handle(.packet(packet))
        effects += session.handle(.newestEntries(entries))
        return (session, effects)
    }

    private func questions(_ effects: [NodeSessionEffect]) -> [WirePacket.OneOf_Content] {
        effects.compactMap { effect in
            guard case .send(let bytes) = effect else { return nil }
            return (try? WirePacket(serializedBytes: bytes))?.content
        }
    }

    private func growthRequest(_ effects: [NodeSessionEffect]) throws -> WireProveConsistency {
        for case .proveConsistency(let request) in questions(effects) { return request }
        throw Missing()
    }

    private func entryRequest(_ effects: [NodeSessionEffect]) throws -> WireProve {
        for case .prove(let request) in questions(effects) { return request }
        throw Missing()
    }

    private struct Missing: Error {}

    private func isLeft(_ effects: [NodeSessionEffect], _ session: SessionFixture) -> Bool {
        effects.contains(.closeConnection) && session.stateName == .waiting
    }

    // MARK: Before anything is proved

    @Test func `nothing is taken, given or asked before the hub has proved what is known`() throws {
        var (session, effects) = try welcomed(remembering: 3, by: 5, head: 12)
        #expect(!effects.contains { if case .report = $0 { true } else { false } })
        #expect(session.handle(.outboxChanged).isEmpty)
        let mail = SessionFixture.deliveries([1])
        #expect(session.handle(.packet(mail)).isEmpty)
        let question = NodeRequest(number: 1, question: .subscribe([]))
        #expect(session.handle(.asked(question)) == [.answer(1, .disconnected)])
        let request = try growthRequest(effects)
        #expect(request.size == 3)
        let proof = try ledger.growth(from: 3, to: 5, request: request.request, by: session.hub)
        let proved = session.handle(.packet(.packet(.consistency(proof))))
        #expect(
            proved.map(SessionFixture.name)
                == ["keepCheckpoint", "report", "acknowledge", "requestOutbox"]
        )
        #expect(SessionFixture.stored(session.handle(.packet(mail))) == [1])
    }

    @Test func `a hub that never proves anything is left after half a minute`() throws {
        var (session, _) = try welcomed(remembering: 3, by: 5)
        for second in stride(from: Int64(10), to: 30, by: 10) {
            session.now = Moment(milliseconds: 1_000_000 + second * 1_000)
            let pong = WirePong.with { $0.nonce = UInt64(second) }
            #expect(session.handle(.packet(.packet(.pong(pong)))).isEmpty)
            #expect(session.handle(.tick).map(SessionFixture.name) == ["ping"])
        }
        session.now = Moment(milliseconds: 1_030_000)
        let effects = session.handle(.tick)
        #expect(isLeft(effects, session))
    }

    @Test func `waits grow while nothing is proved, however often the hub says welcome`() throws {
        var session = SessionFixture(checkpoint: try ledger.checkpoint(3))
        _ = session.handle(.started)
        let waits = (0..<4).map { _ in
            _ = session.handle(.packet(SessionFixture.welcome(head: 0)))
            _ = session.handle(.newestEntries(nil))
            let until = session.machine.nextDeadline ?? session.now
            defer {
                session.now = until
                _ = session.handle(.tick)
            }
            return until.milliseconds - session.now.milliseconds
        }
        #expect(waits == [200, 400, 800, 1600])
    }

    // MARK: The last checkpoint

    @Test func `the first checkpoint is taken on trust, and the next is proved from it`() throws {
        var (session, effects) = try welcomed(remembering: nil, by: 3)
        #expect(effects.contains(.keepCheckpoint(try ledger.note(3, by: session.hub))))
        #expect(effects.map(SessionFixture.name).contains("acknowledge"))
        let update = WireUpdate.with {
            $0.checkpoint = (try? ledger.note(5, by: session.hub)) ?? Data()
        }
        let asked = session.handle(.packet(.packet(.update(update))))
        let request = try growthRequest(asked)
        #expect(request.size == 3 && asked.count == 1)
        // Mail goes on meanwhile, and nothing is asked twice.
        #expect(
            SessionFixture.stored(session.handle(.packet(SessionFixture.deliveries([1])))) == [1]
        )
        #expect(session.handle(.packet(.packet(.update(update)))).isEmpty)
        let proof = try ledger.growth(from: 3, to: 7, request: request.request, by: session.hub)
        let kept = session.handle(.packet(.packet(.consistency(proof))))
        #expect(kept == [.keepCheckpoint(try ledger.note(7, by: session.hub))])
        #expect(try session.machine.ledger.kept == ledger.checkpoint(7))
        // An answer that nobody waits for changes nothing.
        #expect(session.handle(.packet(.packet(.consistency(proof)))).isEmpty)
    }

    @Test func `the same checkpoint again has nothing to prove`() throws {
        let (_, effects) = try welcomed(remembering: 5, by: 5)
        #expect(
            effects.filter { if case .send = $0 { true } else { false } }.map(SessionFixture.name)
                == ["acknowledge"]
        )
    }

    @Test(arguments: [3, 5])
    func `a checkpoint behind the last one, or another of its size, is a contradiction`(
        size: Int
    ) throws {
        var other = ledger
        other.records[1] = Data("another".utf8)
        var session = SessionFixture(checkpoint: try ledger.checkpoint(5))
        _ = session.handle(.started)
        let packet = try SessionFixture.welcome(
            head: 0,
            checkpoint: other.note(size, by: session.hub)
        )
        let effects = session.handle(.packet(packet))
        #expect(effects.contains(Self.wrong) && isLeft(effects, session))
        #expect(!effects.contains(.requestNewestEntries))
    }

    @Test func `a checkpoint that another key signed is a contradiction`() throws {
        var session = SessionFixture()
        _ = session.handle(.started)
        let stranger = try NoteSigner(name: "test-ledger", key: SigningKey())
        let packet = try SessionFixture.welcome(head: 0, checkpoint: ledger.note(3, by: stranger))
        let effects = session.handle(.packet(packet))
        #expect(effects.contains(Self.wrong) && isLeft(effects, session))
    }

    @Test(arguments: ["another past", "a hash too few", "half a hash", "behind"])
    func `growth that is not proved is a contradiction`(how: String) throws {
        var (session, effects) = try welcomed(remembering: 5, by: 7)
        let request = try growthRequest(effects).request
        var other = ledger
        if how == "another past" { other.records[1] = Data("another".utf8) }
        var proof = try other.growth(from: 5, to: 7, request: request, by: session.hub)
        switch how {
        case "a hash too few": proof.path.removeLast()
        case "half a hash": proof.path[0].removeLast(16)
        case "behind": proof.checkpoint = try ledger.note(3, by: session.hub)
        default: break
        }
        let answer = session.handle(.packet(.packet(.consistency(proof))))
        #expect(answer.contains(Self.wrong) && isLeft(answer, session))
        #expect(try session.machine.ledger.kept == ledger.checkpoint(5))
    }

    @Test func `a hub without a checkpoint has lost what the node remembers`() throws {
        var (session, effects) = try welcomed(remembering: 5, by: nil)
        var refused = WireRefused()
        refused.request = try growthRequest(effects).request
        refused.refusal = SessionFixture.refusal(.entryUnknown)
        let answer = session.handle(.packet(.packet(.refused(refused))))
        #expect(answer.contains(Self.wrong) && isLeft(answer, session))
    }

    @Test func `a checkpoint beside a new registry waits until that is adopted`() throws {
        var session = SessionFixture(trusting: false)
        _ = session.handle(.started)
        let packet = try SessionFixture.welcome(
            head: 0,
            registry: Data("a registry".utf8),
            checkpoint: ledger.note(3, by: session.hub)
        )
        var effects = session.handle(.packet(packet))
        effects += session.handle(.newestEntries([]))
        #expect(
            effects.map(SessionFixture.name) == [
                "rememberSubscriptions", "adopt", "requestNewestEntries",
            ]
        )
        let trusted = session.handle(.trusts(session.trust))
        #expect(trusted.map(SessionFixture.name).prefix(2) == ["keepCheckpoint", "report"])
    }

    // MARK: The newest entries

    @Test func `a known entry that stands where it was said lets the session go on`() throws {
        var (session, effects) = try welcomed(remembering: 7, by: 7, knowing: [ledger.known])
        let request = try entryRequest(effects)
        #expect(request.messageID == ledger.known.messageID.data)
        let proof = try ledger.proof(at: 4, size: 7, request: request.request, by: session.hub)
        let proved = session.handle(.packet(.packet(.proof(proof))))
        #expect(proved.map(SessionFixture.name) == ["report", "acknowledge", "requestOutbox"])
    }

    @Test func `a known entry that stands elsewhere, or is another, is a contradiction`() throws {
        for place in [3, 5] {
            var (session, effects) = try welcomed(remembering: 7, by: 7, knowing: [ledger.known])
            let request = try entryRequest(effects).request
            let proof = try ledger.proof(at: place, size: 7, request: request, by: session.hub)
            let answer = session.handle(.packet(.packet(.proof(proof))))
            let missing = ConnectionState.Contradiction.entryMissing(ledger.known.messageID)
            #expect(answer.contains(.report(.contradiction(missing))) && isLeft(answer, session))
        }
    }

    @Test func `a refusal says that the entry is missing, that it is there, or neither`() throws {
        for (code, next) in [
            (RefusalCode.entryUnknown, SessionFixture.StateName.waiting),
            (.openingNotYours, .ready), (.ledgerUnavailable, .waiting),
        ] {
            var (session, effects) = try welcomed(remembering: 7, by: 7, knowing: [ledger.known])
            var refused = WireRefused()
            refused.request = try entryRequest(effects).request
            refused.refusal = SessionFixture.refusal(code)
            let answer = session.handle(.packet(.packet(.refused(refused))))
            #expect(session.stateName == next)
            let missing = ConnectionState.Contradiction.entryMissing(ledger.known.messageID)
            #expect(answer.contains(.report(.contradiction(missing))) == (code == .entryUnknown))
        }
    }

    @Test(arguments: [true, false])
    func `an entry that was settled is asked for again only where no checkpoint covers it`(
        isProved: Bool
    ) throws {
        for (covering, again) in [(7, 0), (3, 1)] {
            var (session, effects) = try welcomed(
                remembering: covering,
                by: covering,
                knowing: [ledger.known]
            )
            let request = try entryRequest(effects).request
            var answer = WireRefused()
            answer.request = request
            answer.refusal = SessionFixture.refusal(.openingNotYours)
            var packet = Data.packet(.refused(answer))
            if isProved {
                let proof = try ledger.proof(at: 4, size: 7, request: request, by: session.hub)
                packet = .packet(.proof(proof))
            }
            #expect(session.handle(.packet(packet)).map(SessionFixture.name).first == "report")
            _ = session.handle(.connectionClosed)
            session.now = try #require(session.machine.nextDeadline)
            _ = session.handle(.tick)
            let welcome = try SessionFixture.welcome(
                head: 0,
                checkpoint: ledger.note(covering, by: session.hub)
            )
            effects = session.handle(.packet(welcome))
            effects += session.handle(.newestEntries([ledger.known]))
            #expect(effects.map(SessionFixture.name).count { $0 == "prove" } == again)
            #expect(effects.map(SessionFixture.name).contains("report") == (again == 0))
        }
    }

    @Test func `a checkpoint is kept only when the newest entries are proved too`() throws {
        // The hub's ledger has left the way after the kept checkpoint, and lacks the known entry.
        var (session, effects) = try welcomed(remembering: 3, by: 7, knowing: [ledger.known])
        let growth = try ledger.growth(
            from: 3,
            to: 7,
            request: try growthRequest(effects).request,
            by: session.hub
        )
        #expect(session.handle(.packet(.packet(.consistency(growth)))).isEmpty)
        var refused = WireRefused()
        refused.request = try entryRequest(effects).request
        refused.refusal = SessionFixture.refusal(.entryUnknown)
        effects = session.handle(.packet(.packet(.refused(refused))))
        #expect(isLeft(effects, session))
        #expect(!effects.map(SessionFixture.name).contains("keepCheckpoint"))
        #expect(try session.machine.ledger.kept == ledger.checkpoint(3))
        // The next hub is asked from there.
        session.now = try #require(session.machine.nextDeadline)
        _ = session.handle(.tick)
        let welcome = try SessionFixture.welcome(
            head: 0,
            checkpoint: ledger.note(5, by: session.hub)
        )
        effects = session.handle(.packet(welcome))
        #expect(try growthRequest(effects).size == 3)
    }

    @Test func `both have to be proved`() throws {
        var (session, effects) = try welcomed(remembering: 5, by: 7, knowing: [ledger.known])
        let growth = try growthRequest(effects).request
        let entry = try entryRequest(effects).request
        let first = try ledger.proof(at: 4, size: 7, request: entry, by: session.hub)
        #expect(session.handle(.packet(.packet(.proof(first)))).isEmpty)
        let second = try ledger.growth(from: 5, to: 7, request: growth, by: session.hub)
        let proved = session.handle(.packet(.packet(.consistency(second))))
        #expect(proved.map(SessionFixture.name).contains("report"))
    }

    // MARK: The mailbox

    private static let shrank = ConnectionState.Contradiction.mailboxShrank(
        stored: MailboxNumber(9)
    )

    @Test(arguments: [false, true])
    func `a hub whose mailbox ends before what is on disk is left, and told so`(
        refuses: Bool
    ) throws {
        var session = SessionFixture(stored: 9)
        _ = session.handle(.started)
        let answer =
            refuses
            ? SessionFixture.refused(.numberUnknown) : SessionFixture.welcome(head: 5)
        let effects = session.handle(.packet(answer))
        #expect(effects.contains(.report(.contradiction(Self.shrank))))
        #expect(isLeft(effects, session))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What people do, and how faults strike.

import FaultDisk
import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciNode

extension World {
    // MARK: People

    func act(_ action: Action) {
        switch action {
        case .send(let letter): write(letter)
        case .subscribe(let node, let choice):
            ask(node, .subscribe(Self.subscriptions[choice]))
        case .audit:
            let from = LedgerIndex(UInt64(random.below(max(1, Int(checker.book.size)))))
            ask(
                country.auditor,
                .readLedger(from: from, limit: random.within(1...60), purpose: "review")
            )
        case .prove(let letter):
            ask(stage.letters.all[letter].sender, .prove(stage.letters.all[letter].id))
        case .proveReceived(let node):
            let had = Int(checker.durable[node] ?? 0)
            guard had > 0, had <= checker.book.mail[node].count,
                let place = checker.book.messageAt[checker.book.mail[node][had - 1]]
            else { return }
            ask(node, .prove(checker.book.messages[place].id))
        case .fetch(let node): fetchAgain(node)
        }
    }

    /// Asks for mail that the node has on its disk; its session drops what it gets twice.
    private func fetchAgain(_ node: Int) {
        let had = Int(checker.durable[node] ?? 0)
        guard had > 0, nodes[node].session?.isReady == true else { return }
        let first = max(1, had - random.below(4))
        var packet = WirePacket()
        packet.fetch = WireFetch.with {
            $0.request = 1 << 42
            $0.mailbox = country.members[node].node.text
            $0.from = UInt64(first)
            $0.limit = UInt32(had - first + 1)
        }
        guard let bytes: Data = try? packet.serializedData() else { return }
        trace.note("fetches again", now, [node])
        sendUp(node, bytes)
    }

    private static let subscriptions: [[WireSubscription]] = [
        [WireSubscription()],
        [
            WireSubscription.with { $0.types = ["good-practice"] },
            WireSubscription.with { $0.types = ["warning"] },
        ],
        [WireSubscription.with { $0.regions = ["PL-06"] }],
        [],
    ]

    /// Somebody writes a letter; it is promised as soon as the outbox has it.
    private func write(_ place: Int) {
        let letter = stage.letters.all[place]
        let node = letter.sender
        guard nodes[node].session != nil, let pair = nodes[node].trusted,
            let prepared = stage.letters.prepared(place, under: pair)
        else { return }
        let row = NewOutboxRow(
            messageID: letter.id,
            writtenAt: Moment(milliseconds: now),
            prepared: prepared.bytes,
            body: Data(),
            draft: Data()
        )
        do throws(StoreFailure) {
            try nodes[node].disk.enqueue(row)
        } catch .stopped {
            checker.letterMayBeWritten(letter)
            return crashNode(node, .none, milliseconds: 2_000)
        } catch {
            return
        }
        trace.note("writes", now, [place])
        checker.letterWritten(letter)
        tell(node, .outboxChanged)
    }

    private func ask(_ node: Int, _ question: NodeRequest.Question) {
        guard nodes[node].session != nil else { return }
        nodes[node].lastRequest += 1
        let number = nodes[node].lastRequest
        nodes[node].asked[number] = question
        tell(node, .asked(NodeRequest(number: number, question: question)))
    }

    // MARK: Faults

    func strike(_ fault: Fault) {
        trace.note("fault", now, [FaultKind.allCases.firstIndex(of: fault.kind) ?? 0])
        trace.tell("\(fault)")
        switch fault {
        case .drop(let node, let direction, let isTold):
            network.arm(.drop(isTold: isTold), node: node, direction)
        case .duplicate(let node, let direction): network.arm(.duplicate, node: node, direction)
        case .delay(let node, let direction, let milliseconds):
            network.arm(.delay(milliseconds), node: node, direction)
        case .reorder(let node, let milliseconds):
            network.arm(.overtake(milliseconds), node: node, .up)
        case .partition(let node, let direction, let milliseconds):
            count(fault.kind)
            network.block(node, direction, until: now + milliseconds)
        case .crash(let machine, let operations, let cut, let milliseconds):
            armCrash(machine, after: operations, cut, milliseconds)
        case .flip(let isRunning): flip(isRunning: isRunning)
        case .full(let machine, let room, let milliseconds):
            if case .hub = machine { hub.isFull = true }
            setRoom(machine, room)
            agenda.add(.roomAgain(machine), at: now + milliseconds)
        case .failSync(let machine):
            switch machine {
            case .hub: hub.disk.failSyncs(1)
            case .node(let node): nodes[node].disk.failNextSync()
            }
        case .jump(let machine, let milliseconds): jump(machine, milliseconds, fault.kind)
        case .slow(let node, let milliseconds): slow(node, milliseconds)
        case .release(let pair, let kind): release(pair, kind)
        case .storm(let isTold): storm(isTold: isTold)
        case .hostile(let node, let frame): sendHostile(frame, node)
        }
    }

    private func armCrash(
        _ machine: Machine,
        after operations: Int,
        _ cut: Fault.Cut,
        _ milliseconds: Int64
    ) {
        switch machine {
        case .hub:
            guard hub.machine != nil, hub.pendingCrash == nil else { return }
            if cut == .none { count(.hubCrash) }
            hub.pendingCrash = (cut, milliseconds)
            hub.disk.stop(after: operations)
            agenda.add(.crashDue(.hub, life: hub.life), at: now + 3_000)
        case .node(let node):
            guard nodes[node].session != nil else { return }
            if cut == .none { count(.nodeCrash) }
            nodes[node].disk.stop(after: operations)
            agenda.add(.crashDue(machine, life: nodes[node].life), at: now + 3_000)
        }
    }

    /// The moment at which a machine ends whose disk has not stopped it before; or the operator
    /// ends a hub whose ledger failed (a negative life).
    func crashDue(_ machine: Machine, life: Int) {
        switch machine {
        case .hub:
            if life < 0 {
                if hub.life == -life { restartHub() }
            } else if hub.life == life, let crash = hub.pendingCrash {
                crashHub(crash.cut, milliseconds: crash.milliseconds)
            }
        case .node(let node):
            if nodes[node].life == life { crashNode(node, .none, milliseconds: 2_000) }
        }
    }

    private func flip(isRunning: Bool) {
        guard !isRunning else {
            hub.isNextEntryFlipped = true
            return
        }
        crashHub(.none, milliseconds: 1_500)
        if hub.disk.flip() { flipped() }
    }

    func flipped() {
        count(.bitFlip)
        checker.diskIsDamaged()
    }

    private func setRoom(_ machine: Machine, _ room: Int64?) {
        switch machine {
        case .hub: hub.disk.setRoom(room)
        case .node(let node): nodes[node].disk.setRoom(room)
        }
    }

    func giveRoom(_ machine: Machine) {
        if case .hub = machine { hub.isFull = false }
        setRoom(machine, nil)
    }

    private func jump(_ machine: Machine, _ milliseconds: Int64, _ kind: FaultKind) {
        switch machine {
        case .hub:
            guard abs(hub.wallOffset + milliseconds) <= 7_200_000 else { return }
            hub.wallOffset += milliseconds
        case .node(let node):
            guard abs(nodes[node].wallOffset + milliseconds) <= 7_200_000 else { return }
            nodes[node].wallOffset += milliseconds
        }
        count(kind)
    }

    /// The hub's form of a release; a planted bug may let another decide.
    func release(_ pair: ReleasePair) -> Release {
        country.release(
            pair,
            deciding: plan.mutation == .skipRule ? 0 : nil,
            standing: plan.mutation == .forgetRevocation ? 0 : nil
        )
    }

    private func release(_ pair: ReleasePair, _ kind: FaultKind) {
        guard pair.registry >= hub.files.registry, pair.policy >= hub.files.policy else { return }
        count(kind)
        hub.files = pair
        checker.operatorsRelease(pair)
        if hub.machine != nil { tellHub(.released(release(pair))) }
        if kind == .keyRotation, let node = Country.rotations[pair.registry],
            nodes[node].session != nil
        {
            // Its operator puts the new keys in place and starts it again.
            crashNode(node, .none, milliseconds: 500)
        }
    }

    private func slow(_ node: Int, _ milliseconds: Int64) {
        nodes[node].slowUntil = max(nodes[node].slowUntil, now + milliseconds)
        agenda.add(.nodeReads(node), at: nodes[node].slowUntil)
    }

    private func storm(isTold: Bool) {
        count(.reconnectStorm)
        for node in nodes {
            guard let link = node.link else { continue }
            if isTold {
                agenda.add(.linkClosed(link), at: now + Int64(random.within(1...50)))
            } else {
                network.lose(link)
            }
        }
    }

    /// Faults end: disks have room and sync, frames pass, whoever is down starts.
    func calm() {
        trace.note("calm", now, [])
        network.calm()
        hub.disk.failSyncs(0)
        for machine in [.hub] + nodes.indices.map(Machine.node) { giveRoom(machine) }
        for place in nodes.indices {
            nodes[place].slowUntil = 0
            readWaiting(place)
        }
    }
}

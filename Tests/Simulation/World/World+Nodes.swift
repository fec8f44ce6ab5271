// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a node's shell does: starts, ticks, frames, and what the session wants done. It follows
// NodeThread of WiciNode, with the model store or the real one behind it.

import FaultDisk
import Foundation
import WiciCore
import WiciNode

extension World {
    // MARK: Life

    func startNode(_ place: Int) {
        guard nodes[place].session == nil else { return }
        let disk = nodes[place].disk
        do throws(StoreFailure) {
            try disk.open()
            if plan.mutation != .forgetOutbox { try disk.requeueSubmitted() }
            let notes = try disk.keptNotes()
            let stored = try disk.storedThrough()
            nodes[place].life += 1
            nodes[place].trusted = trusted(notes)
            nodes[place].keyNumber = country.keyNumber(place, in: hub.files.registry)
            nodes[place].session = NodeSessionStateMachine(
                node: country.members[place].node,
                stored: stored,
                trust: facts(of: nodes[place].trusted),
                checkpoint: try disk.keptCheckpoint().flatMap(Checkpoint.init(kept:)),
                program: "simulation"
            )
            trace.note("node starts", now, [place, Int(stored.value)])
            checker.nodeStarted(place, try disk.contents())
        } catch {
            nodes[place].session = nil
            disk.end(FAULT_DISK_KEEP)
            agenda.add(.nodeStart(place), at: now + 1_000)
            return
        }
        tell(place, .started)
    }

    /// The program ends where it is; the machine's unsynced writes meet their fate.
    func crashNode(_ place: Int, _ cut: Fault.Cut, milliseconds: Int64) {
        guard nodes[place].session != nil else { return }
        trace.note("node ends", now, [place])
        nodes[place].session = nil
        nodes[place].life += 1
        nodes[place].unstored = []
        nodes[place].unsealed = []
        nodes[place].unread = []
        nodes[place].isOutboxUnread = false
        nodes[place].asked = [:]
        if let link = nodes[place].link { network.close(link) }
        nodes[place].link = nil
        nodes[place].disk.end(cut.fate)
        agenda.add(.nodeStart(place), at: now + milliseconds)
    }

    private func trusted(_ notes: (registry: Data?, policy: Data?)) -> ReleasePair? {
        guard let registry = country.registries.firstIndex(where: { $0.note == notes.registry }),
            let policy = country.policies.firstIndex(where: { $0.note == notes.policy })
        else { return nil }
        return ReleasePair(registry: registry, policy: policy)
    }

    func facts(of pair: ReleasePair?) -> NodeTrust? {
        pair.map {
            NodeTrust(
                registry: country.registries[$0.registry].document.digest,
                policy: country.policies[$0.policy].document.digest,
                ledgerKey: country.ledgerSigner.verifierKey
            )
        }
    }

    // MARK: Events

    /// Tells the session what happened and does what it wants, in order.
    func tell(_ place: Int, _ event: NodeSessionEvent) {
        var events = [event]
        let life = nodes[place].life
        while !events.isEmpty, checker.violation == nil {
            let next = events.removeFirst()
            let moment = Moment(milliseconds: now)
            let randomness = nodeRandom.next()
            let effects =
                nodes[place].session?.handle(next, now: moment, randomness: randomness) ?? []
            for effect in effects {
                guard nodes[place].session != nil, nodes[place].life == life else { return }
                events += perform(effect, place)
            }
        }
        planTick(place)
    }

    private func planTick(_ place: Int) {
        guard let deadline = nodes[place].session?.nextDeadline?.milliseconds else { return }
        let time = max(deadline, now + 1)
        guard time < nodes[place].nextTick else { return }
        nodes[place].nextTick = time
        agenda.add(.nodeTick(place, life: nodes[place].life), at: time)
    }

    func tickNode(_ place: Int, life: Int) {
        nodes[place].nextTick = .max
        guard nodes[place].session != nil else { return }
        guard nodes[place].life == life else { return planTick(place) }
        retryDisk(place)
        guard let deadline = nodes[place].session?.nextDeadline?.milliseconds else { return }
        if deadline <= now { tell(place, .tick) } else { planTick(place) }
    }

    func linkClosed(_ link: Int) {
        let place = network.links[link].node
        network.lose(link)
        guard nodes[place].link == link else { return }
        tell(place, .connectionClosed)
    }

    func doorRefused(_ link: Int) {
        let place = network.links[link].node
        guard nodes[place].link == link else { return }
        trace.note("door refuses", now, [place])
        tell(place, .authenticationFailed)
    }

    func frameDown(_ link: Int, _ bytes: Data) {
        let place = network.links[link].node
        guard nodes[place].link == link, nodes[place].session != nil else { return }
        // What came before it is read before it, or the connection would not be TCP.
        guard nodes[place].slowUntil <= now, nodes[place].unread.isEmpty else {
            count(.slowNode)
            nodes[place].unread.append((link, bytes))
            return
        }
        read(bytes, place)
    }

    /// A node that was slow reads what came meanwhile.
    func readWaiting(_ place: Int) {
        guard nodes[place].slowUntil <= now else { return }
        let waiting = nodes[place].unread
        nodes[place].unread = []
        for (link, bytes) in waiting
        where nodes[place].link == link && nodes[place].session != nil {
            read(bytes, place)
        }
    }

    private func read(_ bytes: Data, _ place: Int) {
        trace.note("frame down", now, [place])
        tell(place, .packet(altered(arriving: bytes)))
    }

    // MARK: Effects

    private func perform(_ effect: NodeSessionEffect, _ place: Int) -> [NodeSessionEvent] {
        switch effect {
        case .openConnection:
            let link = network.open(place, now: now)
            nodes[place].link = link
            if !country.isMember(place, in: hub.files.registry) {
                agenda.add(.doorRefused(link), at: now + 20)
                network.lose(link)
            }
            return []
        case .closeConnection:
            if let link = nodes[place].link { network.close(link) }
            nodes[place].link = nil
            return []
        case .send(let bytes):
            checker.nodeSends(place, bytes)
            sendUp(place, bytes)
            return []
        case .storeDeliveries(let deliveries): return store(deliveries, place)
        case .storeReceipts(let batch):
            nodes[place].unstored.append(batch)
            retryStoring(place)
            return []
        case .adopt(let registry, let policy): return adopt(registry, policy, place)
        case .keepCheckpoint(let note): return keep(checkpoint: note, place)
        case .requestNewestEntries:
            return [.newestEntries(try? nodes[place].disk.newestEntries())]
        case .requestOutbox(let limit): return [.outboxReady(readyLetters(limit, place))]
        case .reseal(let id): return reseal(id, place)
        case .rememberSubscriptions: return []
        case .answer(let number, let answer):
            if let question = nodes[place].asked.removeValue(forKey: number) {
                checker.nodeLearns(place, question, answer)
            }
            return []
        case .report(let state):
            checker.nodeReports(place, state)
            return []
        }
    }

    /// Sends one frame towards the hub.
    func sendUp(_ place: Int, _ bytes: Data) {
        guard let link = nodes[place].link else { return }
        let passage = network.send(on: link, .up, now: now)
        for kind in passage.faults { count(kind) }
        for arrival in passage.arrivals { agenda.add(.frameUp(link, bytes), at: arrival) }
        if let closure = passage.closure { agenda.add(.linkClosed(link), at: closure) }
    }
}

extension Fault.Cut {
    /// What becomes of unsynced writes.
    var fate: Disk.Fate {
        switch self {
        case .none: FAULT_DISK_KEEP
        case .lose: FAULT_DISK_LOSE
        case .tear: FAULT_DISK_TEAR
        }
    }
}

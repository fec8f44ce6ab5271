// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the hub's shell does: starts, ticks, frames, and the machine's effects. It follows HubDaemon
// and ExchangeThread; the ledger's part is in World+Ledger.

import FaultDisk
import Foundation
import SwiftProtobuf
import WiciCore
import WiciHub
import WiciLedger

extension World {
    /// The hub's wall clock.
    var hubClock: Moment {
        Country.noon.adding(milliseconds: now + hub.wallOffset)
    }

    // MARK: Life

    func startHub() {
        guard hub.machine == nil else { return }
        let failedSyncs = hub.disk.counters.failed_syncs
        do throws(LedgerError) {
            let (ledger, recovered) = try openLedger()
            checker.ledgerOpens(
                try ledger.entries(from: LedgerIndex(0), limit: .max),
                checkpoint: recovered.lastCheckpoint
            )
            guard checker.violation == nil else { return }
            guard !checker.isTailLost else {
                isBeyondRepair = true
                return
            }
            // Opening notes on disk how far the log goes, if there is room for it.
            if !hub.isFull { checker.isMarkLost = false }
            hub.ledger = ledger
            hub.work = ledgerWork(ledger)
            hub.startedAt = now
            hub.life += 1
            hub.orders = []
            hub.isTurnDue = false
            hub.answers = []
            hub.areAnswersDue = false
            hub.refusedStarts = 0
            if plan.mutation == .staleRelease, hub.life > 1 {
                hub.files = ReleasePair(registry: 0, policy: 0)
            }
            let release = release(hub.files)
            hub.machine = HubStateMachine(recovered: altered(recovered), release: release)
            trace.note("hub starts", now, [Int(ledger.size)])
            checker.hubStarts(files: hub.files)
            tellHub(.released(release))
            tellHub(.operation(.started))
            agenda.add(.hubTick(life: hub.life), at: now + 200)
            agenda.add(.ledgerReread(life: hub.life), at: now + 5_000)
        } catch {
            ledgerRefusesToOpen(error, syncFailed: hub.disk.counters.failed_syncs > failedSyncs)
        }
    }

    /// The ledger did not open: a fault still lasts, a flipped bit was found, or it is a bug.
    private func ledgerRefusesToOpen(_ error: LedgerError, syncFailed: Bool) {
        trace.note("ledger refuses", now, [Int(error.code.number)])
        trace.tell("\(error)")
        hub.refusedStarts += 1
        if hub.disk.isStopped {
            restartDisk((hub.pendingCrash?.cut ?? .none).fate)
            hub.pendingCrash = nil
        } else if hub.isFull || syncFailed {
            // The operator makes room, or the disk comes to itself.
        } else if hub.disk.repair() > 0 {
            // The operator restores the damaged sectors from the mirror.
        } else if hub.disk.counters.flips > 0 {
            isBeyondRepair = true
        } else {
            checker.fail(.ledgerUnreadable, "\(error)")
        }
        agenda.add(.hubStart, at: now + 1_000)
    }

    private func restartDisk(_ fate: Disk.Fate) {
        if fate != FAULT_DISK_KEEP { checker.isMarkLost = true }
        hub.disk.restart(fate)
    }

    /// The program ends where it is.
    func crashHub(_ cut: Fault.Cut, milliseconds: Int64) {
        guard hub.machine != nil || hub.ledger != nil else { return }
        trace.note("hub ends", now, [])
        hub.disk.stop()
        hub.machine = nil
        hub.work = nil
        hub.ledger = nil
        hub.life += 1
        hub.pendingCrash = nil
        restartDisk(cut.fate)
        breakLinks()
        agenda.add(.hubStart, at: now + milliseconds)
    }

    /// The operator ends a hub whose ledger has failed; it may close its files in order.
    func restartHub() {
        guard hub.machine != nil else { return }
        if hub.isDamageFound { _ = hub.disk.repair() }
        hub.isDamageFound = false
        if random.chance(50) { return crashHub(.none, milliseconds: 1_000) }
        trace.note("hub is closed", now, [])
        hub.machine = nil
        hub.work = nil
        hub.ledger = nil
        hub.life += 1
        let wasStopped = hub.disk.isStopped
        restartDisk(wasStopped ? (hub.pendingCrash?.cut ?? .none).fate : FAULT_DISK_KEEP)
        hub.pendingCrash = nil
        breakLinks()
        agenda.add(.hubStart, at: now + 1_000)
    }

    /// Half of the nodes learn that the hub is gone; the sockets of the others connect again by
    /// themselves and their next frame comes from a stranger.
    private func breakLinks() {
        for node in nodes {
            guard let link = node.link else { continue }
            network.forget(link)
            if random.chance(50) {
                agenda.add(.linkClosed(link), at: now + Int64(random.within(1...500)))
            }
        }
    }

    func tickHub(life: Int) {
        guard hub.machine != nil, hub.life == life else { return }
        tellHub(.tick)
        agenda.add(.hubTick(life: life), at: now + 200)
    }

    // MARK: Frames

    func frameUp(_ link: Int, _ bytes: Data) {
        guard hub.machine != nil else { return }
        if network.heard(link) { count(.reorder) }
        let node = network.links[link].node
        let connection = network.connection(
            of: link,
            hubLife: hub.life,
            next: &hub.lastConnection
        )
        trace.note("frame up", now, [node, Int(connection)])
        checker.hubHears(node, connection, bytes)
        tellHub(.packet(ConnectionID(connection), country.members[node].node, bytes))
    }

    /// Hands the machine an event and carries out its effects.
    func tellHub(_ event: HubStateMachine.Event) {
        let clock = hubClock
        guard checker.violation == nil, let effects = hub.machine?.handle(event, now: clock)
        else { return }
        checker.hubHandled(event)
        for effect in effects {
            guard checker.violation == nil, hub.machine != nil else { return }
            perform(effect)
        }
    }

    private func perform(_ effect: HubStateMachine.Effect) {
        switch effect {
        case .send(let connection, let bytes):
            send(altered(bytes, to: connection), to: connection.value)
        case .deliver(let connection, let batch):
            send(altered(batch.packet, to: connection), to: connection.value)
        case .sendReceipts(let connection, let receipts):
            guard let packet = signed(altered(receipts: receipts)) else { return }
            send(packet, to: connection.value)
        case .publish(let topic, let payload):
            trace.note("publishes", now, [payload.count])
            checker.hubPublishes(topic, payload)
        case .resumeAppends: order(.resumeAppends)
        case .append(let commit, let entries):
            checker.hubDecides(entries)
            order(.append(commit, entries))
        case .readMessages(let request, let indices): order(.readMessages(request, indices))
        case .readPage(let request): order(.readPage(request))
        case .readProof(let request): order(.readProof(request))
        case .readConsistency(let request): order(.readConsistency(request))
        case .signCheckpoint: order(.signCheckpoint)
        case .cut(let connection, let node):
            trace.note("cuts", now, [country.placeOfNode[node] ?? -1])
            guard let link = network.link(of: connection.value, hubLife: hub.life) else { return }
            network.forget(link)
            agenda.add(.linkClosed(link), at: now + 5)
        }
    }

    private func order(_ order: LedgerOrder) {
        hub.orders.append(order)
        guard !hub.isTurnDue else { return }
        hub.isTurnDue = true
        agenda.add(.ledgerTurn(life: hub.life), at: now + Int64(random.within(1...12)))
    }

    private func send(_ bytes: Data, to connection: UInt64) {
        let connection = misdirected(connection, bytes)
        guard let link = network.link(of: connection, hubLife: hub.life) else {
            return tellHub(.unreachable(ConnectionID(connection)))
        }
        let node = network.links[link].node
        trace.note("frame leaves", now, [node, bytes.count])
        checker.hubSends(node, connection, bytes)
        guard checker.violation == nil else { return }
        if !network.links[link].isOpen, random.chance(50) {
            // The socket has noticed that the other end is gone.
            network.forget(link)
            return tellHub(.unreachable(ConnectionID(connection)))
        }
        let passage = network.send(on: link, .down, now: now)
        for kind in passage.faults { count(kind) }
        for arrival in passage.arrivals { agenda.add(.frameDown(link, bytes), at: arrival) }
        if let closure = passage.closure { agenda.add(.linkClosed(link), at: closure) }
        pretendDelivery(bytes, connection, node)
    }

    private func signed(_ receipts: Data) -> Data? {
        let statement = Data("wici/v1/receipts\0".utf8) + receipts
        guard let signature = country.ledgerKey.signature(for: statement) else { return nil }
        var signed = WireSignedReceipts()
        signed.receipts = receipts
        signed.signature = signature
        var packet = WirePacket()
        packet.content = .receipts(signed)
        return try? packet.serializedData()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A run: all machines, the network, the clock, and what is going to happen. One thread, no sockets,
// no files of the system but the ledger's lock; everything that happens follows from the seed.

import FaultDisk
import Foundation
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// How a run is to be played.
struct Plan {
    let seed: UInt64
    var mutation: Mutation?
    /// Places of the faults that strike; nil for all.
    var kept: Set<Int>?
    /// Whether somebody reads the trace.
    var isTold = false
}

/// A run in progress.
final class World {
    /// Something that is going to happen.
    enum Occurrence {
        case action(Int)
        case fault(Int)
        case nodeStart(Int)
        case nodeTick(Int, life: Int)
        case nodeReads(Int)
        case linkClosed(Int)
        case doorRefused(Int)
        case frameUp(Int, Data)
        case frameDown(Int, Data)
        case hubStart
        case hubTick(life: Int)
        case hubAnswers(life: Int)
        case ledgerTurn(life: Int)
        case ledgerReread(life: Int)
        case crashDue(Machine, life: Int)
        case roomAgain(Machine)
        case calm
    }

    let stage: Stage
    let plan: Plan
    let schedule: Schedule
    var agenda = Agenda<Occurrence>()
    var network: Network
    var hub: HubMachine
    var nodes: [NodeMachine]
    var checker: Checker
    var trace: Trace
    /// Milliseconds of true time since the run began.
    var now: Int64 = 0
    var faultCounts: [FaultKind: Int] = [:]
    var random: Generator
    var nodeRandom: Generator
    var saltRandom: Generator
    /// The run ended because a disk lost what no program can bring back, and said so.
    var isBeyondRepair = false
    /// Whether the mutation has had its chance.
    var mutationState = MutationState()

    var country: Country { stage.country }

    /// How long after the calm everything must have arrived.
    static let boundMilliseconds: Int64 = 150_000

    init(_ stage: Stage, _ plan: Plan) throws {
        Disk.resetRandomness()
        self.stage = stage
        self.plan = plan
        let members = stage.country.members.count
        schedule = Schedule(seed: plan.seed, letters: stage.letters.all, members: members)
        network = Network(seed: plan.seed, members: members)
        random = Generator(seed: plan.seed, for: "hub shell")
        nodeRandom = Generator(seed: plan.seed, for: "node shells")
        saltRandom = Generator(seed: plan.seed, for: "salts")
        trace = Trace(isTold: plan.isTold)
        guard let disk = Disk(folder: stage.folder + "/hub", seed: plan.seed) else {
            throw StoreFailure.refused
        }
        stage.templates.ledger.copyFiles(to: disk)
        hub = HubMachine(disk: disk)
        nodes = try (0..<members).map { place in
            NodeMachine(place: place, disk: try World.nodeDisk(place, stage, plan))
        }
        checker = Checker(stage)
        if plan.mutation == .acknowledgeBeforeSync { disk.ignoreSyncs() }
        prepare()
    }

    /// Two nodes have the real store, which two depends on the seed.
    private static func nodeDisk(
        _ place: Int,
        _ stage: Stage,
        _ plan: Plan
    ) throws -> any NodeDisk {
        let members = stage.country.members.count
        guard place % (members / 2) == Int(plan.seed % UInt64(members / 2)), place < members - 1,
            let key = StorageKey(bytes: Data(repeating: 77, count: 32)),
            let disk = Disk(
                folder: stage.folder + "/node\(place)",
                seed: plan.seed &+ UInt64(place) &* 1_000_003
            )
        else { return ModelStore(seed: plan.seed, place: place) }
        stage.templates.store.copyFiles(to: disk)
        return RealStore(disk: disk, key: key)
    }

    private func prepare() {
        agenda.add(.hubStart, at: 0)
        for place in nodes.indices {
            agenda.add(.nodeStart(place), at: Int64(nodeRandom.within(0...1_500)))
        }
        for (place, action) in schedule.actions.enumerated() {
            agenda.add(.action(place), at: action.time)
        }
        for (place, fault) in schedule.faults.enumerated()
        where plan.kept?.contains(place) ?? true {
            agenda.add(.fault(place), at: fault.time)
        }
        agenda.add(.calm, at: Schedule.calmMilliseconds)
    }

    // MARK: Running

    /// Plays until a promise is broken, or everything has arrived, or the time is over.
    func run() {
        var isCalm = false
        var nextLook = Schedule.calmMilliseconds + 5_000
        let end = Schedule.calmMilliseconds + Self.boundMilliseconds
        while checker.violation == nil, !isBeyondRepair, let next = agenda.takeNext() {
            now = next.time
            if case .calm = next.occurrence { isCalm = true }
            happen(next.occurrence)
            guard isCalm, now >= nextLook else { continue }
            nextLook = now + 5_000
            if let missing = missing() {
                guard now >= end else { continue }
                checker.fail(.notDelivered, missing)
            } else {
                break
            }
        }
        if checker.violation == nil, !isBeyondRepair { checkEnd() }
        endMachines()
    }

    /// Closes everything without a word to the disks.
    private func endMachines() {
        hub.disk.stop()
        hub.machine = nil
        hub.work = nil
        hub.ledger = nil
        for node in nodes { node.disk.end(FAULT_DISK_LOSE) }
    }

    private func happen(_ occurrence: Occurrence) {
        switch occurrence {
        case .action(let place): act(schedule.actions[place].item)
        case .fault(let place): strike(schedule.faults[place].item)
        case .nodeStart(let node): startNode(node)
        case .nodeTick(let node, let life): tickNode(node, life: life)
        case .nodeReads(let node): readWaiting(node)
        case .linkClosed(let link): linkClosed(link)
        case .doorRefused(let link): doorRefused(link)
        case .frameUp(let link, let bytes): frameUp(link, bytes)
        case .frameDown(let link, let bytes): frameDown(link, bytes)
        case .hubStart: startHub()
        case .hubTick(let life): tickHub(life: life)
        case .hubAnswers(let life): takeAnswers(life: life)
        case .ledgerTurn(let life): takeLedgerTurn(life: life)
        case .ledgerReread(let life): reread(life: life)
        case .crashDue(let machine, let life): crashDue(machine, life: life)
        case .roomAgain(let machine): giveRoom(machine)
        case .calm: calm()
        }
    }

    func count(_ kind: FaultKind) { faultCounts[kind, default: 0] += 1 }
}

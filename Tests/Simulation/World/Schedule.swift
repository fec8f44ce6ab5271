// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a seed makes of a run: who writes what and when, and which faults strike. The faults of each
// kind come from a stream of their own.

/// What people and operators do in a run.
enum Action {
    /// Somebody sends a letter.
    case send(letter: Int)
    /// A node asks for other subscriptions.
    case subscribe(node: Int, choice: Int)
    /// The auditor reads the ledger.
    case audit
    /// A sender asks for the proof of a letter.
    case prove(letter: Int)
    /// A node asks for the proof of the last letter that it has.
    case proveReceived(node: Int)
    /// A node asks again for mail that it has.
    case fetch(node: Int)
}

/// The plan of a run.
struct Schedule {
    /// Something at a moment of simulated time, milliseconds from the start.
    struct Timed<Item> {
        let time: Int64
        let item: Item
    }

    let actions: [Timed<Action>]
    /// In no particular order; a fault is known by its place.
    let faults: [Timed<Fault>]

    /// After this nothing is sent and no fault begins.
    static let busyMilliseconds = 45_000
    /// Faults that last end by then.
    static let calmMilliseconds: Int64 = 75_000

    init(seed: UInt64, letters: [Letter], members: Int) {
        actions = Self.actions(seed: seed, letters: letters, members: members)
        var faults: [Timed<Fault>] = []
        var swarm = Generator(seed: seed, for: "swarm")
        for kind in FaultKind.allCases where swarm.chance(Self.chance(of: kind)) {
            var random = Generator(seed: seed, for: kind.rawValue)
            faults += Self.faults(kind, members: members, &random)
        }
        faults += Self.releases(seed: seed)
        self.faults = faults
    }

    private static func actions(
        seed: UInt64,
        letters: [Letter],
        members: Int
    ) -> [Timed<Action>] {
        var random = Generator(seed: seed, for: "actions")
        var actions: [Timed<Action>] = []
        func add(_ action: Action, within range: ClosedRange<Int>) {
            actions.append(Timed(time: Int64(random.within(range)), item: action))
        }
        for node in 0..<members where random.chance(40) {
            add(.subscribe(node: node, choice: random.below(4)), within: 200...6_000)
        }
        for _ in 0..<random.within(0...3) {
            add(
                .subscribe(node: random.below(members), choice: random.below(4)),
                within: 6_000...busyMilliseconds
            )
        }
        var waiting = Array(letters.indices)
        waiting.shuffle(using: &random)
        for letter in waiting.prefix(random.within(16...36)) {
            add(.send(letter: letter), within: 500...busyMilliseconds)
            if random.chance(8) {
                add(.prove(letter: letter), within: busyMilliseconds / 2...busyMilliseconds)
            }
        }
        for _ in 0..<random.within(0...2) { add(.audit, within: 3_000...busyMilliseconds) }
        return actions + secondLooks(seed: seed, members: members)
    }

    /// Who looks again at what it has received, often after the release that decided it.
    private static func secondLooks(seed: UInt64, members: Int) -> [Timed<Action>] {
        var random = Generator(seed: seed, for: "second looks")
        return (0..<random.within(0...12)).map { _ in
            let node = random.below(members)
            let time = Int64(random.within(5_000...busyMilliseconds))
            let action = random.chance(50) ? Action.proveReceived(node: node) : .fetch(node: node)
            return Timed(time: time, item: action)
        }
    }

    /// How often in a hundred runs a kind of fault is in play.
    private static func chance(of kind: FaultKind) -> Int {
        switch kind {
        case .revocation, .keyRotation, .policyChange: 0
        case .bitFlip: 10
        case .diskFull, .failedSync: 15
        case .lostWrites, .tornWrite, .hubCrash: 35
        default: 25
        }
    }

    private static func releases(seed: UInt64) -> [Timed<Fault>] {
        var random = Generator(seed: seed, for: "releases")
        var pair = ReleasePair(registry: 0, policy: 0)
        var time = 2_000
        var faults: [Timed<Fault>] = []
        while random.chance(60) {
            time += random.within(500...15_000)
            let isRegistry = random.chance(50)
            if isRegistry { pair.registry += 1 } else { pair.policy += 1 }
            guard time < busyMilliseconds, pair.registry < Country.registryCount,
                pair.policy < Country.policyCount
            else { break }
            let kind: FaultKind =
                !isRegistry
                ? .policyChange
                : Country.revocations[pair.registry] == nil ? .keyRotation : .revocation
            faults.append(Timed(time: Int64(time), item: .release(pair, kind)))
        }
        return faults
    }

    private static func faults(
        _ kind: FaultKind,
        members: Int,
        _ random: inout Generator
    ) -> [Timed<Fault>] {
        (0..<random.within(1...most(of: kind))).map { _ in
            let time = Int64(random.within(300...busyMilliseconds))
            return Timed(time: time, item: fault(kind, members: members, &random))
        }
    }

    private static func most(of kind: FaultKind) -> Int {
        switch kind {
        case .drop, .duplicate, .delay, .hostileFrame: 12
        case .partition, .oneWayPartition, .reorder, .slowNode, .nodeCrash: 5
        case .bitFlip, .reconnectStorm: 2
        default: 3
        }
    }

    private static func fault(
        _ kind: FaultKind,
        members: Int,
        _ random: inout Generator
    ) -> Fault {
        let node = random.below(members)
        let direction: Direction = random.chance(50) ? .up : .down
        let machine: Machine = random.chance(50) ? .hub : .node(node)
        let long = Int64(random.within(500...25_000))
        switch kind {
        case .drop: return .drop(node: node, direction, isTold: random.chance(50))
        case .duplicate: return .duplicate(node: node, direction)
        case .reorder: return .reorder(node: node, milliseconds: Int64(random.within(300...4_000)))
        case .delay:
            return .delay(node: node, direction, milliseconds: Int64(random.within(50...8_000)))
        case .partition: return .partition(node: node, nil, milliseconds: long)
        case .oneWayPartition: return .partition(node: node, direction, milliseconds: long)
        case .hubCrash:
            return .crash(.hub, after: random.below(40), .none, milliseconds: long / 4)
        case .nodeCrash:
            return .crash(.node(node), after: random.below(5), .none, milliseconds: long)
        case .lostWrites:
            return .crash(machine, after: random.below(40), .lose, milliseconds: long / 4)
        case .tornWrite:
            return .crash(machine, after: random.below(40), .tear, milliseconds: long / 4)
        case .bitFlip: return .flip(isRunning: random.chance(40))
        case .diskFull:
            return .full(machine, room: Int64(random.below(40_000)), milliseconds: long / 2)
        case .failedSync: return .failSync(machine)
        case .clockForward: return .jump(machine, milliseconds: 3_600_000)
        case .clockBack: return .jump(machine, milliseconds: -3_600_000)
        case .slowNode: return .slow(node: node, milliseconds: long)
        case .reconnectStorm: return .storm(isTold: random.chance(70))
        case .hostileFrame:
            return .hostile(node: node, random.pick(HostileFrame.allCases))
        case .revocation, .keyRotation, .policyChange:
            return .release(ReleasePair(registry: 0, policy: 0), kind)
        }
    }
}

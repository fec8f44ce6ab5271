// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The kinds of fault, and the single faults of a run as data: what, when, to whom. A run's faults are
// a list made before it begins, so that a shrinker can leave some out.

/// What can go wrong.
enum FaultKind: String, CaseIterable {
    /// A frame is lost, and with it the rest of its connection: TCP loses nothing in the middle.
    case drop
    /// A frame arrives twice.
    case duplicate
    /// Frames of an old connection arrive after those of the new one.
    case reorder
    /// A frame, and what follows it, is late.
    case delay
    /// A node and the hub cannot reach each other.
    case partition
    /// Only one of the two can reach the other.
    case oneWayPartition = "one-way-partition"
    /// The hub's program ends, at any step of its work with the disk.
    case hubCrash = "hub-crash"
    /// A node's program ends, at any step of its work with the disk.
    case nodeCrash = "node-crash"
    /// The hub's or a node's power fails and unsynced writes are lost.
    case lostWrites = "lost-writes"
    /// The power fails and unsynced writes survive in part.
    case tornWrite = "torn-write"
    /// A bit of the hub's disk flips.
    case bitFlip = "bit-flip"
    /// The hub's or a node's disk has no room.
    case diskFull = "disk-full"
    /// A sync of the hub's or a node's disk fails.
    case failedSync = "failed-sync"
    /// A wall clock jumps an hour forward.
    case clockForward = "clock-forward"
    /// A wall clock jumps an hour back.
    case clockBack = "clock-back"
    /// A node takes seconds for everything.
    case slowNode = "slow-node"
    /// A registry that revokes a member comes into force.
    case revocation
    /// A registry with new keys of a member comes into force.
    case keyRotation = "key-rotation"
    /// A policy that grants less or more comes into force.
    case policyChange = "policy-change"
    /// Everybody's connection breaks at once.
    case reconnectStorm = "reconnect-storm"
    /// A member sends what no honest program sends.
    case hostileFrame = "hostile-frame"
}

/// Which way a frame goes.
enum Direction: Int { case up, down }

/// Which machine is meant.
enum Machine: Hashable {
    case hub
    case node(Int)
}

/// One fault.
enum Fault {
    /// The next frame of a node's connection is lost; the node learns of it or not.
    case drop(node: Int, Direction, isTold: Bool)
    case duplicate(node: Int, Direction)
    case reorder(node: Int, milliseconds: Int64)
    case delay(node: Int, Direction, milliseconds: Int64)
    /// No direction means both.
    case partition(node: Int, Direction?, milliseconds: Int64)
    /// The machine stops after some operations of its disk; a power cut takes unsynced writes.
    case crash(Machine, after: Int, Cut, milliseconds: Int64)
    /// A bit flips while the hub is down, or while it runs.
    case flip(isRunning: Bool)
    case full(Machine, room: Int64, milliseconds: Int64)
    case failSync(Machine)
    case jump(Machine, milliseconds: Int64)
    case slow(node: Int, milliseconds: Int64)
    /// A registry and policy come into force, of which the kind says what is new.
    case release(ReleasePair, FaultKind)
    case storm(isTold: Bool)
    case hostile(node: Int, HostileFrame)

    /// What becomes of unsynced writes in a crash.
    enum Cut { case none, lose, tear }
}

/// What a member sends that no honest program sends.
enum HostileFrame: Int, CaseIterable {
    case garbage, reusedID, forgedSender, badSignature, acknowledgeTooMuch, foreignMailbox
    case secondHello, emptySubmit
}

extension Fault {
    /// The kind under which it is counted.
    var kind: FaultKind {
        switch self {
        case .drop: .drop
        case .duplicate: .duplicate
        case .reorder: .reorder
        case .delay: .delay
        case .partition(_, let direction, _): direction == nil ? .partition : .oneWayPartition
        case .crash(let machine, _, let cut, _):
            switch cut {
            case .none: machine == .hub ? .hubCrash : .nodeCrash
            case .lose: .lostWrites
            case .tear: .tornWrite
            }
        case .flip: .bitFlip
        case .full: .diskFull
        case .failSync: .failedSync
        case .jump(_, let milliseconds): milliseconds > 0 ? .clockForward : .clockBack
        case .slow: .slowNode
        case .release(_, let kind): kind
        case .storm: .reconnectStorm
        case .hostile: .hostileFrame
        }
    }
}

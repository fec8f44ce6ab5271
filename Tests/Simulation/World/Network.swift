// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The network between nodes and hub as CURVE over TCP gives it: a connection delivers its frames in
// order until it breaks, and what is lost is the rest of it. Frames of one connection overtake those
// of another, and whoever closed its end hears nothing more.

import Foundation

/// One connection, from the node's socket to the hub's.
struct Link {
    let node: Int
    /// The hub's number for it; 0 while the hub knows none.
    var connection: UInt64 = 0
    /// Which life of the hub gave the number.
    var hubLife = 0
    /// Whether the node has its end open.
    var isOpen = true
    /// Whether everything sent on it vanishes.
    var isLost = false
    /// When the last frame of each direction arrives; later ones come no sooner.
    var lastArrival: [Int64] = [0, 0]
}

/// A fault that waits for the next frame of a node in one direction.
enum ArmedFault {
    case drop(isTold: Bool)
    case duplicate
    case delay(Int64)
    /// The frame is late and the node's end closes right after it was sent.
    case overtake(Int64)
}

/// All connections of a run.
struct Network {
    private(set) var links: [Link] = []
    private var armed: [[[ArmedFault]]]
    /// Until when frames of a node wait, by direction.
    private var blockedUntil: [[Int64]]
    /// The newest link of each node from which the hub has had a frame.
    private var newestHeard: [Int]
    private var linkOfConnection: [UInt64: Int] = [:]
    private var random: Generator

    init(seed: UInt64, members: Int) {
        armed = Array(repeating: [[], []], count: members)
        blockedUntil = Array(repeating: [0, 0], count: members)
        newestHeard = Array(repeating: -1, count: members)
        random = Generator(seed: seed, for: "network")
    }

    // MARK: Ends

    mutating func open(_ node: Int, now: Int64) -> Int {
        links.append(Link(node: node, lastArrival: [now, now]))
        return links.count - 1
    }

    mutating func close(_ link: Int) { links[link].isOpen = false }

    mutating func lose(_ link: Int) { links[link].isLost = true }

    /// The hub's number for a link, given when its first frame arrives.
    mutating func connection(of link: Int, hubLife: Int, next: inout UInt64) -> UInt64 {
        if links[link].connection == 0 || links[link].hubLife != hubLife {
            next += 1
            links[link].connection = next
            links[link].hubLife = hubLife
            linkOfConnection[next] = link
        }
        return links[link].connection
    }

    /// The link behind a connection; nil when the hub has forgotten it.
    func link(of connection: UInt64, hubLife: Int) -> Int? {
        guard let link = linkOfConnection[connection], links[link].hubLife == hubLife,
            links[link].connection == connection
        else { return nil }
        return link
    }

    /// The hub forgets a connection: the next frame on it is a stranger's.
    mutating func forget(_ link: Int) { links[link].connection = 0 }

    // MARK: Frames

    /// What becomes of a frame: when its copies arrive, and what it does to the connection.
    struct Passage {
        var arrivals: [Int64] = []
        /// The node learns that its connection is gone, at this time.
        var closure: Int64?
        var faults: [FaultKind] = []
    }

    mutating func send(on link: Int, _ direction: Direction, now: Int64) -> Passage {
        var passage = Passage()
        let node = links[link].node
        guard !links[link].isLost else { return passage }
        var arrival = now + Int64(random.within(1...30))
        let blocked = blockedUntil[node][direction.rawValue]
        if blocked > now {
            // TCP tries again for a while; then the connection is gone.
            guard blocked - now < 15_000 else {
                links[link].isLost = true
                return passage
            }
            arrival = max(arrival, blocked + Int64(random.within(0...400)))
        }
        var copies = 1
        let waiting = armed[node][direction.rawValue]
        armed[node][direction.rawValue] = []
        for fault in waiting {
            switch fault {
            case .drop(let isTold):
                passage.faults.append(.drop)
                links[link].isLost = true
                if isTold { passage.closure = now + Int64(random.within(1...300)) }
                return passage
            case .duplicate:
                passage.faults.append(.duplicate)
                copies = 2
            case .delay(let milliseconds):
                passage.faults.append(.delay)
                arrival += milliseconds
            case .overtake(let milliseconds):
                arrival += milliseconds
                passage.closure = now + 1
            }
        }
        for _ in 0..<copies {
            arrival = max(arrival, links[link].lastArrival[direction.rawValue])
            links[link].lastArrival[direction.rawValue] = arrival
            passage.arrivals.append(arrival)
        }
        return passage
    }

    /// Notes a frame at the hub; true when a newer connection of the node spoke before.
    mutating func heard(_ link: Int) -> Bool {
        let node = links[link].node
        if newestHeard[node] > link { return true }
        newestHeard[node] = link
        return false
    }

    // MARK: Faults

    mutating func arm(_ fault: ArmedFault, node: Int, _ direction: Direction) {
        armed[node][direction.rawValue].append(fault)
    }

    mutating func block(_ node: Int, _ direction: Direction?, until time: Int64) {
        for one in [Direction.up, .down] where direction == nil || direction == one {
            blockedUntil[node][one.rawValue] = max(blockedUntil[node][one.rawValue], time)
        }
    }

    /// Ends every fault that waits or lasts.
    mutating func calm() {
        for node in armed.indices {
            armed[node] = [[], []]
            blockedUntil[node] = [0, 0]
        }
    }
}

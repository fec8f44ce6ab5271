// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Network namespaces as hosts: one for the hub, one for each node, and a link between them each.

import Foundation
import NetworkRig

/// What is wrong with a link.
enum LinkFault: String {
    /// Nothing.
    case none
    /// The cable is out.
    case down
    /// What the hub says does not arrive; what the node says does.
    case deafNode = "deaf-node"
    /// The other way round.
    case deafHub = "deaf-hub"
    /// Every tenth packet is lost, either way.
    case loss
    /// Packets take 20 to 180 ms either way, and overtake each other.
    case delay
}

/// The hosts of a network.
///
/// They are removed with this, and also when this program is killed.
final class Hosts: Sendable {
    /// Faults that this kernel can make.
    let faults: [LinkFault]
    var hasNetem: Bool { faults.contains(.loss) }

    private let names: [String]
    private let tag: String
    private let remover: Process
    private let lifeline: FileHandle

    private var hub: String { "\(tag)hub" }
    private func space(_ name: String) -> String { "\(tag)\(place(name))" }
    private func place(_ name: String) -> Int { names.firstIndex(of: name) ?? 0 }
    /// Interface names are at most fifteen characters: one end with the hub, one with the node.
    private func link(_ name: String) -> String { "w\(place(name))" }

    /// Makes namespaces and links; throws what the system says where it does not let us.
    init(_ names: [String]) throws {
        self.names = names
        let tag = "wici\(getpid())"
        self.tag = tag
        let spaces = names.indices.map { "\(tag)\($0)" } + ["\(tag)hub"]
        // Its input ends with this program, however that ends.
        let script = """
            trap '' INT TERM HUP
            cat >/dev/null
            for name in \(spaces.joined(separator: " ")); do ip netns delete $name 2>/dev/null; done
            """
        (remover, lifeline) = try Self.shell(script)
        do {
            for space in spaces {
                try Self.system("ip netns add \(space)")
                try Self.system("ip -n \(space) link set lo up")
            }
            let hasNetem = (try? Self.netem(["delay", "0ms"], on: "lo", in: "\(tag)hub")) != nil
            faults = [.down, .deafNode, .deafHub] + (hasNetem ? [.loss, .delay] : [])
            for (place, space) in spaces.dropLast().enumerated() {
                let link = "w\(place)"
                let pair = "type veth peer name \(link) netns \(space)"
                try Self.system("ip -n \(tag)hub link add \(link) \(pair)")
                for (space, last) in [("\(tag)hub", 1), (space, 2)] {
                    let address = "10.77.\(place).\(last)/24"
                    try Self.system("ip -n \(space) address add \(address) dev \(link)")
                    try Self.system("ip -n \(space) link set \(link) up")
                }
            }
        } catch {
            try? lifeline.close()
            remover.waitUntilExit()
            throw error
        }
    }

    deinit {
        try? lifeline.close()
        remover.waitUntilExit()
    }

    /// Where a node's host reaches the hub.
    func hubEndpoint(from name: String) -> String { "tcp://10.77.\(place(name)).1:5570" }

    /// The words that run a child on its host.
    @Sendable func prefix(_ name: String) -> [String] {
        ["ip", "netns", "exec", name == ProcessNetwork.hub ? hub : space(name)]
    }

    /// Makes a link bad, or good again.
    func set(_ fault: LinkFault, at name: String) throws {
        let ends = [(hub, "10.77.\(place(name)).2"), (space(name), "10.77.\(place(name)).1")]
        for (space, other) in ends {
            let isDeaf =
                fault == .deafNode && space == hub || fault == .deafHub && space != hub
            if isDeaf {
                try Self.system("ip -n \(space) route replace blackhole \(other)/32")
            } else {
                try? Self.system("ip -n \(space) route del blackhole \(other)/32")
            }
            if hasNetem {
                let kind =
                    switch fault {
                    case .loss: ["loss", "10%"]
                    case .delay: ["delay", "100ms", "80ms"]
                    case .none, .down, .deafNode, .deafHub: ["delay", "0ms"]
                    }
                try Self.netem(kind, on: link(name), in: space)
            }
        }
        // One end out is both ends out.
        let state = fault == .down ? "down" : "up"
        try Self.system("ip -n \(hub) link set \(link(name)) \(state)")
    }

    private static func shell(_ script: String) throws -> (Process, FileHandle) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        let pipe = Pipe()
        process.standardInput = pipe
        try process.run()
        return (process, pipe.fileHandleForWriting)
    }

    private static func netem(_ words: [String], on link: String, in space: String) throws {
        let discipline = "root netem \(words.joined(separator: " "))"
        try system("ip netns exec \(space) tc qdisc replace dev \(link) \(discipline)")
    }

    private static func system(_ line: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = line.split(separator: " ").map(String.init)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw NetworkFailure("\(line): \(error)")
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw NetworkFailure("\(line): failed")
        }
    }
}

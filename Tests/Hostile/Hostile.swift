// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A hub under attack while honest nodes work: for each attack one line with what the honest noticed,
// what the hub's memory did, and whether anything was lost. Everything is on loopback, bounded in
// count and time, and ends by itself.
//
// Reading order: `HonestTraffic` says what honest nodes feel, `Attack` names what they are exposed to,
// the two `Attacks+` files carry it out: by strangers, and by a member.

import ArgumentParser
import Foundation
import Glibc
import NetworkRig
import WiciCore
import WiciNode

@main
struct Hostile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hostile",
        abstract: "Attacks a hub while honest nodes work, and measures what they notice.",
        discussion: """
            The attacker's threads run at the lowest priority: on the attacker's own machine they \
            would take nothing from the hub's processors.
            """
    )

    @Option(help: "Seconds of each attack, and of the quiet before it.") var seconds = 5
    @Option(help: "Only the attacks whose name contains this.") var only = ""
    @Flag(help: "Prints one JSON object for each attack.") var json = false

    /// What the hub may keep of one attack, bytes.
    private static let memoryBound = 160 << 20
    /// Below this, twice the quiet is the machine's own noise.
    private static let noise = Duration.milliseconds(250)
    private static let attacker = "stowarzyszenie-wzor"
    private static let honestCount = 20

    func run() async throws {
        let known = try NetworkFolders.knownInstitutions().institutions.map(\.id.text)
            .filter { $0 != Self.attacker }
        // The network of Deploy/network and as many NGOs as are missing.
        let honest = (0..<Self.honestCount).map { place in
            place < known.count ? known[place] : "fundacja-\(place + 1)"
        }
        let rows = try await ProcessNetwork.run(institutions: honest + [Self.attacker]) {
            processes in
            try await processes.startHub()
            for institution in honest { try await processes.startNode(institution) }
            let traffic = try HonestTraffic(honest, attacker: Self.attacker, in: processes)
            let target = try Target(processes, attacker: Self.attacker)
            var rows: [Row] = []
            for attack in Attack.all where only.isEmpty || attack.name.contains(only) {
                var row = try await measure(attack, target, traffic, processes)
                // Noise of the machine does not come three times at the same place; harm does.
                for _ in 0..<2 where !isHarmless(row) {
                    tell(row)
                    row = try await measure(attack, target, traffic, processes)
                }
                tell(row)
                rows.append(row)
            }
            let sent = try await traffic.checkNothingLost()
            if !json { print("\(sent) messages of \(honest.count) honest nodes, none lost") }
            return rows
        }
        let broken = rows.filter { !isHarmless($0) }
        guard broken.isEmpty, !rows.isEmpty else {
            print("BROKEN: \(broken.map(\.attack).joined(separator: ", "))")
            throw ExitCode(1)
        }
        if !json { print("\(rows.count) attacks, every promise held") }
    }

    private func isHarmless(_ row: Row) -> Bool {
        row.isWithin(noise: Self.noise, memory: Self.memoryBound)
    }

    private func measure(
        _ attack: Attack,
        _ target: Target,
        _ traffic: HonestTraffic,
        _ processes: ProcessNetwork
    ) async throws -> Row {
        let time = Duration.seconds(seconds)
        let quiet = try await traffic.latencies(during: time)
        let before = try processes.residentBytes(of: ProcessNetwork.hub)
        let memory = PeakMemory(of: ProcessNetwork.hub, in: processes)
        let deadline = ContinuousClock().now.advanced(by: time)
        async let attacked = onThread {
            // On Linux 0 is the calling thread (setpriority(2)).
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            return try attack.carryOut(target, deadline)
        }
        let under = try await traffic.latencies(during: time)
        let count = try await attacked
        // The hub is itself again before the next one.
        try await Task.sleep(for: .milliseconds(500))
        return Row(
            attack: attack.name,
            count: count,
            quiet: quiet,
            under: under,
            memoryGrowth: max(0, try memory.end() - before)
        )
    }

    private func tell(_ row: Row) {
        if json { return print(row.json) }
        let name = row.attack.padding(toLength: 42, withPad: " ", startingAt: 0)
        print(
            """
            \(name) \(row.count) times; p50 \(row.quiet.p50.text) then \(row.under.p50.text), \
            p99 \(row.quiet.p99.text) then \(row.under.p99.text) ms; \
            hub \(row.memoryGrowth >> 20) MiB more
            """
        )
    }
}

/// What one attack did to the honest.
struct Row {
    let attack: String
    /// Connections, packets or bytes, as the attack counts.
    let count: Int
    let quiet: Latencies
    let under: Latencies
    let memoryGrowth: Int

    /// Whether the honest noticed less than twice of quiet, and the hub's memory stayed bounded.
    func isWithin(noise: Duration, memory: Int) -> Bool {
        under.p99 <= max(quiet.p99 * 2, noise) && memoryGrowth <= memory
            && under.failures == 0 && quiet.failures == 0
    }

    var json: String {
        """
        {"attack":"\(attack)","count":\(count),"samples":\(under.count),\
        "quietP50":\(quiet.p50.text),"quietP99":\(quiet.p99.text),\
        "p50":\(under.p50.text),"p99":\(under.p99.text),\
        "failures":\(under.failures),"memoryGrowth":\(memoryGrowth)}
        """
    }
}

extension Duration {
    /// Milliseconds with one decimal.
    fileprivate var text: String {
        String(format: "%.1f", self / .milliseconds(1))
    }
}

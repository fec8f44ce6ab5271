// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Hub and nodes on hosts of their own, which are network namespaces, with links that lose, delay and
// part (tc-netem(8)). Where the kernel cannot do that, links only part; where nothing may be made,
// nothing is run. The planted bug is a link that never comes back.

import ArgumentParser
import Foundation
import NetworkRig

struct HostsApartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts-apart",
        abstract: "Runs hub and nodes in network namespaces with bad links."
    )

    @Option(help: "How many faults of links.") var links = 200
    @Option(help: "Longest time of a fault, milliseconds.") var longest = 1_500
    @OptionGroup var options: RunOptions

    private static let senders = ["oip-lublin", "kwp-lublin"]
    private static let receivers = ["nosg-chelm", "fundacja-przyklad"]

    func run() async throws {
        let hosts: Hosts
        do {
            hosts = try Hosts(Self.senders + Self.receivers)
        } catch {
            return print("hosts-apart: SKIPPED, NOTHING WAS TESTED: \(error)")
        }
        if !hosts.hasNetem {
            print("hosts-apart: NO LOSS, NO DELAY: this kernel has no sch_netem; links only part")
        }
        var run = Run("hosts-apart", options)
        try await run.finish(replay: "--links \(links)") {
            var generator = SeededGenerator(seed: options.seed)
            let folder = try ScratchFolder("hosts")
            let folders = try NetworkFolders(
                in: folder.url,
                institutions: Self.senders + Self.receivers,
                exchange: "tcp://0.0.0.0:5570",
                feed: "tcp://0.0.0.0:5571",
                reached: { hosts.hubEndpoint(from: $0) },
                policy: NetworkFolders.openPolicy
            )
            do {
                return try await ProcessNetwork.run(folders, prefix: hosts.prefix) { processes in
                    try await play(hosts, processes, &generator, &run)
                }
            } catch let failure as NetworkFailure {
                throw Violation("\(failure)")
            }
        }
    }

    private func play(
        _ hosts: Hosts,
        _ processes: ProcessNetwork,
        _ generator: inout SeededGenerator,
        _ run: inout Run
    ) async throws -> Result {
        let everybody = Self.senders + Self.receivers
        try await processes.startHub()
        for institution in everybody { try await processes.startNode(institution) }
        // The planted bug is there before the first message, or everything might have arrived.
        let healed = options.prove ? everybody.filter { $0 != Self.receivers[0] } : everybody
        if options.prove { try hosts.set(.down, at: Self.receivers[0]) }
        var faults: [LinkFault: Int] = [:]
        let handed = try await withThrowingTaskGroup(of: (String, HandedMail).self) { group in
            for sender in Self.senders {
                let client = try processes.client(of: sender)
                group.addTask {
                    let handed = await HandedMail.handOver(
                        to: client,
                        addressing: Self.receivers,
                        every: .milliseconds(links > 100 ? 500 : 100)
                    )
                    return (sender, handed)
                }
            }
            for link in 0..<links {
                let fault = hosts.faults[Int.random(in: 0..<hosts.faults.count, using: &generator)]
                let host = healed[Int.random(in: 0..<healed.count, using: &generator)]
                try hosts.set(fault, at: host)
                faults[fault, default: 0] += 1
                let time = Int.random(in: 50...longest, using: &generator)
                try await Task.sleep(for: .milliseconds(time))
                // Two links may be bad at once.
                if Bool.random(using: &generator) { try hosts.set(.none, at: host) }
                run.progress("\(link + 1) faults of links")
            }
            group.cancelAll()
            return try await group.reduce(into: [String: HandedMail]()) { $0[$1.0] = $1.1 }
        }
        for host in healed { try hosts.set(.none, at: host) }
        let messages = try await processes.settle(
            handed,
            at: Self.receivers,
            within: .seconds(options.prove ? 5 : 60)
        )
        var result = Result()
        result.add("links", links)
        for (fault, count) in faults.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            result.add(fault.rawValue, count)
        }
        result.add("messages", messages)
        return result
    }
}

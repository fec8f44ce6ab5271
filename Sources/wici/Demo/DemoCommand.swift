// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici demo: a whole network on this machine, from keys to a verified ledger.

import ArgumentParser
import Foundation
import Glibc
import WiciCore
import WiciHub
import WiciLedger
import WiciNode

/// Runs a demonstration network.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract:
            "Run a whole network on this machine: keys, hub, nodes, messages, verified ledger.",
        discussion: """
            Makes authority keys (2 of 3), a hub and a node for every institution of \
            Deploy/network, starts each as a process of its own on loopback, sends every sample \
            message, shows who received and acknowledged what, compares every inbox with the \
            receipts, and verifies the ledger. Then the network stays up until Ctrl-C; with \
            --exit, and with --json after its one document, the command ends, with 1 when \
            anything was not as it must be.

            Examples:
              wici demo
              wici demo --json
              wici demo --folder /tmp/net
            """
    )

    @Option(help: "Folder to make (default: a temporary one, removed at the end with --exit).")
    var folder: String?

    @Option(help: "Folder with institutions.yaml, policy.yaml and messages/.")
    var network: String?

    @Flag(help: "End after the verification.")
    var exit = false

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let folder: String
        let nodes: Int
        let messages: Int
        let sound: Bool
        let faults: [String]
        let institutions: [DemoCourse.Tally]
    }

    func run() async throws {
        let signals = ProcessSignals([SIGTERM, SIGINT])
        defer { signals.end() }
        let texts = try DemoNetwork.Texts(given: network)
        let samples = try DemoSample.all(in: texts.messages)
        let location = try makeFolder()
        let processes = DemoProcesses()
        let isTemporary = folder == nil
        let work = DemoWork(
            network: try DemoNetwork(at: location, from: texts),
            samples: samples,
            isQuiet: output.json
        )
        let result: Result<DemoCourse, any Error>
        do {
            result = .success(try await work.run(processes))
        } catch {
            result = .failure(error)
        }
        let faults: [String]
        switch result {
        case .success(let course):
            faults = course.faults
            if output.json {
                try Console.write(
                    json: Report(
                        folder: location.path,
                        nodes: work.network.members.count,
                        messages: course.accepted,
                        sound: faults.isEmpty,
                        faults: faults,
                        institutions: course.table
                    )
                )
            } else {
                DemoText.verdict(faults)
            }
            if !exit, !output.json {
                DemoText.whatNext(work.network)
                for await _ in signals.stream { break }
            }
            await processes.stop()
        case .failure(let error):
            await processes.stop()
            Console.remark(say("Dzienniki: ", "Logs: ") + location.path)
            throw error
        }
        if isTemporary, faults.isEmpty { try? FileManager.default.removeItem(at: location) }
        if !faults.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    /// A new folder that only its owner may enter; unix sockets need a short path.
    private func makeFolder() throws -> URL {
        if let folder {
            let location = URL(filePath: folder)
            if let found = try? FileManager.default.contentsOfDirectory(atPath: location.path),
                !found.isEmpty
            {
                throw CommandFailure(
                    RefusalCode.alreadyInitialised,
                    field: folder,
                    RefusalCode.alreadyInitialised.sentence
                )
            }
            try FileManager.default.createDirectory(
                at: location,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            return location
        }
        var template = Array("/tmp/wici-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(
                RefusalCode.fileUnwritable,
                RefusalCode.fileUnwritable.sentence
            )
        }
        let path = template.dropLast().map { UInt8(bitPattern: $0) }
        return URL(filePath: String(decoding: path, as: UTF8.self))
    }
}

/// The work of a demonstration, step by step.
struct DemoWork {
    let network: DemoNetwork
    let samples: [DemoSample]
    let isQuiet: Bool

    /// Starts everything, sends everything, compares and verifies.
    func run(_ processes: DemoProcesses) async throws -> DemoCourse {
        tell(
            say(
                "Sieć w \(network.location.path): instytucji \(network.members.count), zespołów "
                    + "wojewódzkich \(network.teams.count).",
                "Network in \(network.location.path): \(network.members.count) institutions, "
                    + "\(network.teams.count) voivodeship teams."
            )
        )
        try await start(processes)
        var course = try DemoCourse(network)
        try await course.awaitReadiness(processes)
        tell(
            say(
                "Działa węzeł centralny i \(network.members.count) węzłów, każdy jako osobny proces.",
                "The hub and \(network.members.count) nodes run, each a process of its own."
            )
        )
        await course.subscribe()
        let bar = ProgressBar(say("wysyłanie", "sending"))
        for (place, sample) in samples.enumerated() {
            await course.send(sample)
            bar.show(place + 1, of: samples.count)
        }
        tell(
            say(
                "Wysłano wiadomości: \(course.accepted) z \(samples.count).",
                "Messages sent: \(course.accepted) of \(samples.count)."
            )
        )
        let table = LiveTable(isQuiet: isQuiet)
        try await course.awaitDeliveries { table.show($0) }
        try await course.acknowledge { table.show($0) }
        try await course.awaitDeliveries { table.show($0) }
        table.finish(course.table)
        try await course.compare()
        try await verify(&course, processes)
        return course
    }

    private func tell(_ text: String) {
        if !isQuiet { Console.write(text) }
    }

    private func start(_ processes: DemoProcesses) async throws {
        let hub = network.hub.location
        try processes.start(
            "hub",
            ["hub", "run", hub.path],
            log: hub.appending(path: "hub.log")
        )
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        while (try? HubAddresses.read(hub.path).health())?.ready != true {
            guard clock.now < deadline, processes.ended.isEmpty else {
                let log = (try? Files.text(hub.appending(path: "hub.log").path)) ?? ""
                throw CommandFailure(
                    .failed,
                    "hub-not-ready",
                    "Węzeł centralny nie wystartował. \(log)",
                    "The hub did not start. \(log)"
                )
            }
            try await clock.sleep(for: .milliseconds(50))
        }
        for member in network.members {
            try processes.start(
                member.node.text,
                ["node", "run", member.folder.location.path],
                log: member.folder.location.appending(path: "node.log")
            )
        }
    }

    /// Exports the ledger once its checkpoint covers every receipt, and verifies the export.
    private func verify(_ course: inout DemoCourse, _ processes: DemoProcesses) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        let reader = try LedgerReader(path: network.hub.ledgerFile.path)
        while clock.now < deadline {
            let size = try reader.lastCheckpoint().map { try Checkpoint(text: $0.text).size } ?? 0
            if size > course.lastIndex.value { break }
            try await clock.sleep(for: .milliseconds(100))
        }
        let export = network.location.appending(path: "export").path
        let quiet = isQuiet ? ["--json"] : []
        let wrote = try processes.run(
            ["audit", "export", "--hub", network.hub.location.path, "--output", export] + quiet,
            isSilent: isQuiet
        )
        let verified = try processes.run(
            ["audit", "verify", export, "--key", network.hub.registryFile.path] + quiet,
            isSilent: isQuiet
        )
        if wrote != 0 || verified != 0 {
            course.fault(
                say("Księga nie przeszła sprawdzenia.", "The ledger did not pass verification.")
            )
        }
        let ended = processes.ended
        if !ended.isEmpty {
            course.fault(
                say("Zakończyły się procesy: ", "Processes have ended: ")
                    + ended.joined(separator: " ")
            )
        }
    }
}

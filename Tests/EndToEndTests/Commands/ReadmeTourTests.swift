// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The README's tour of five minutes, taken: the commands are read from the page itself, so that what
// it tells a newcomer to type cannot cease to work unnoticed.

import Foundation
import NetworkRig
import Testing
import WiciCore

@Suite(.timeLimit(.minutes(8)))
struct ReadmeTourTests {
    /// The commands of the code block under a heading, without comments.
    static func commands(under heading: String) throws -> [String] {
        let page = try String(
            contentsOf: repositoryRoot.appending(path: "README.md"),
            encoding: .utf8
        )
        guard let start = page.firstRange(of: "\n## \(heading)\n"),
            let open = page[start.upperBound...].firstRange(of: "\n```\n"),
            let close = page[open.upperBound...].firstRange(of: "\n```\n")
        else { throw TestNetwork.Failure("README.md has no block under \(heading)") }
        return page[open.upperBound..<close.lowerBound].split(separator: "\n")
            .map { $0.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    /// The status of a command; every other ends with 0.
    private static func status(of command: String) -> Int32 {
        switch command {
        // A template that nobody has filled in has faults.
        case "wici message check alert.yaml": 1
        // TLP:RED goes to named roles alone.
        case let line where line.hasPrefix("wici policy explain") && line.contains("TLP:RED"): 3
        default: 0
        }
    }

    @Test
    func `every command of the tour works on a network as the demonstration makes it`()
        async throws
    {
        var commands = try Self.commands(under: "Five minutes")
        #expect(commands.count > 15)
        #expect(commands.first?.hasPrefix("alias wici=") == true)
        #expect(commands.dropFirst().first?.hasPrefix("NET=") == true)
        commands.removeFirst(2)
        // After a revocation the node is not connected any more, which takes a moment.
        #expect(commands.removeLast() == "wici node status $NET/nodes/caritas-test")

        let institutions = ["kwp-lublin", "uw-lublin", "audyt-wojewody", "caritas-test"]
        try await CommandNetwork.run(institutions, rules: .demonstration) { network in
            try FileManager.default.createSymbolicLink(
                atPath: network.path("Deploy"),
                withDestinationPath: repositoryRoot.appending(path: "Deploy").path
            )
            for institution in institutions {
                try await network.ok("subscribe", "--all", "--to-node", network.node(institution))
            }
            var message = "ID"
            for command in commands {
                if command.hasPrefix("wici acknowledge") {
                    try await network.awaitMail(message, at: "uw-lublin")
                }
                if command.hasPrefix("wici audit verify") || command.hasPrefix("wici audit trail") {
                    try await network.awaitCheckpoint(covering: message, from: "kwp-lublin")
                }
                let run = try await shell(
                    command.replacing(/\bID\b/, with: message),
                    in: network
                )
                #expect(run.status == Self.status(of: command), "\(command): \(run)")
                message = sentMessage(command, run) ?? message
            }
            #expect(message != "ID")
            try await eventually("the revoked member is turned away", within: .seconds(60)) {
                let run = try await network.run("node", "status", network.node("caritas-test"))
                return run.status == 1 && run.output.contains("refused")
            }
            // What it still writes is kept, and that is said.
            let sent = try await network.run(
                ["message", "send", "-", "--wait", "1", "--to-node", network.node("caritas-test")],
                input: try CommandNetwork.sample("19")
            )
            #expect(sent.status == 4, "\(sent)")
            #expect(sent.remarks.contains("stays on the node's disk"), "\(sent)")
        }
    }

    /// Runs a line of the page in a shell that knows `wici` and `NET` as a reader's does.
    private func shell(_ line: String, in network: CommandNetwork) async throws -> ProgramRun {
        let program = try ProcessNetwork.builtProgram().path
        return try await ProgramRun.run(
            ["-c", "wici() { '\(program)' \"$@\"; }; NET='\(network.folder.path)'; \(line)"],
            in: network.folder,
            program: URL(filePath: "/bin/bash")
        )
    }

    /// The id that a send has printed.
    private func sentMessage(_ command: String, _ run: ProgramRun) -> String? {
        guard command.hasPrefix("wici message send"), !command.contains("--dry-run") else {
            return nil
        }
        return run.output.split(separator: "\n").map(String.init).first { MessageID($0) != nil }
    }
}

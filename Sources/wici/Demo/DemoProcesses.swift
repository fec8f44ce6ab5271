// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The processes of a demonstration network: one hub and a node for each member, each the same
// program with other arguments, each ended by its own process id.

import Foundation
import Glibc
import WiciCore

/// The running children, in the order of their start.
final class DemoProcesses {
    private var children: [(name: String, process: Process)] = []
    private let program: URL

    /// Runs this very program.
    init() {
        program =
            URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    }

    /// Starts a daemon; what it says goes to a log file.
    func start(_ name: String, _ arguments: [String], log: URL) throws {
        try Files.write(Data(), to: log)
        let output = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        children.append((name, process))
    }

    /// Runs a command to its end and gives its exit code; it writes where this program writes.
    func run(_ arguments: [String], isSilent: Bool = false) throws -> Int32 {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        if isSilent { process.standardOutput = FileHandle.nullDevice }
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Names of the children that have ended by themselves.
    var ended: [String] { children.filter { !$0.process.isRunning }.map(\.name) }

    /// Number of children.
    var count: Int { children.count }

    /// Ends every child: nodes first, the hub last, so that goodbyes are heard.
    func stop() async {
        for group in [Array(children.dropFirst().reversed()), Array(children.prefix(1))] {
            for child in group where child.process.isRunning {
                kill(child.process.processIdentifier, SIGTERM)
            }
            let clock = ContinuousClock()
            let deadline = clock.now + .seconds(10)
            while clock.now < deadline, group.contains(where: { $0.process.isRunning }) {
                try? await clock.sleep(for: .milliseconds(20))
            }
            for child in group where child.process.isRunning {
                kill(child.process.processIdentifier, SIGKILL)
            }
        }
        children = []
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The peers: servers that `Deploy/race/run` has started, and its drivers, each a program that plays
// one workload against one of them and prints what it measured as JSON.

import Foundation

/// Plays workloads against the peers of a folder.
struct RaceDrivers {
    /// A running server and the program that drives it.
    private struct Peer {
        let program: String
        let port: Int
        let process: Int32
    }

    private let folder: URL
    private let peers: [RaceContestant: Peer]
    private let cleanup: BenchCleanup

    /// Reads which peers run: lines of name, driver, port and process in the file `peers`.
    init(folder: URL, cleanup: BenchCleanup) throws {
        self.folder = folder
        self.cleanup = cleanup
        let file = folder.appending(path: "peers")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw CommandFailure.missing(file)
        }
        peers = Dictionary(
            text.split(separator: "\n").compactMap { line -> (RaceContestant, Peer)? in
                let words = line.split(separator: " ").map(String.init)
                guard words.count == 4, let name = RaceContestant(rawValue: words[0]),
                    let port = Int(words[2]), let process = Int32(words[3])
                else { return nil }
                return (name, Peer(program: words[1], port: port, process: process))
            },
            uniquingKeysWith: { $1 }
        )
    }

    /// Whether a contestant's server runs.
    func has(_ contestant: RaceContestant) -> Bool { peers[contestant] != nil }

    /// Plays a workload; gives the driver's figures.
    func play(_ cell: RaceCell, _ contestant: RaceContestant, _ scope: RaceScope) throws
        -> [String: Double]
    {
        guard let peer = peers[contestant] else { return [:] }
        let isCrowd = cell.workload == .crowd
        var options: [(String, any CustomStringConvertible)] = [
            ("port", peer.port), ("pid", peer.process),
            ("ca", folder.appending(path: "tls/ca.pem").path), ("bytes", cell.bodyBytes),
            ("window", cell.window), ("senders", cell.workload.senders),
            ("receivers", isCrowd ? scope.connected : cell.workload.receivers),
            ("rate", isCrowd ? RaceHub.crowdRate : scope.rate),
            ("seconds", isCrowd ? RaceHub.crowdSeconds : scope.seconds),
        ]
        if cell.workload == .catchUp {
            let share = scope.catchUpCount(bodyBytes: cell.bodyBytes) / cell.workload.senders
            // What a slow peer cannot be filled with in this time it need not read.
            options.removeLast()
            options += [("count", max(1, share)), ("seconds", min(60, 4 * scope.seconds))]
        }
        return try run(peer.program, cell.workload.driverName, options)
    }

    /// Measures one of the machine's limits.
    func limit(_ name: String, bodyBytes: Int, receivers: Int = 1, seconds: Double) throws
        -> [String: Double]
    {
        try run(
            "race-limits",
            name,
            [
                ("folder", folder.path), ("bytes", bodyBytes), ("receivers", receivers),
                ("seconds", seconds),
            ]
        )
    }

    private func run(
        _ program: String,
        _ workload: String,
        _ options: [(String, any CustomStringConvertible)]
    ) throws -> [String: Double] {
        let process = Process()
        let output = Pipe()
        process.executableURL = folder.appending(path: "drivers/\(program)")
        process.arguments =
            [workload] + options.flatMap { ["--\($0)", $1.description] }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        cleanup.note(process: process.processIdentifier)
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        cleanup.forget(process: process.processIdentifier)
        guard process.terminationStatus == 0,
            let figures = try? JSONDecoder().decode([String: Double].self, from: bytes)
        else {
            throw CommandFailure(
                .failed,
                "driver-failed",
                "Program \(program) \(workload) nie zmierzył niczego.",
                "\(program) \(workload) measured nothing."
            )
        }
        return figures
    }
}

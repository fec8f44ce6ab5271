// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The measured hub: this same program as a process of its own, ended by its process id.

import Foundation
import Glibc
import WiciHub

/// A hub process under measurement.
final class BenchHub {
    /// Where nodes connect.
    private(set) var exchange = ""
    private let process = Process()
    private let folder: URL
    private let cleanup: BenchCleanup

    /// Takes a hub's folder.
    init(folder: URL, cleanup: BenchCleanup) {
        self.folder = folder
        self.cleanup = cleanup
    }

    /// Starts and waits until the health page says ready; gives the time from start to ready.
    func start() throws -> Duration {
        let clock = ContinuousClock()
        let begin = clock.now
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["hub", "run", folder.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        cleanup.note(process: process.processIdentifier)
        while clock.now - begin < .seconds(120) {
            if let addresses = try? HubAddresses.read(folder.path),
                addresses.process == process.processIdentifier,
                let port = URL(string: addresses.status)?.port,
                (try? LoopbackPage.get("/readyz", port: port)) != nil
            {
                exchange = addresses.exchange
                return clock.now - begin
            }
            usleep(2_000)
        }
        throw CommandFailure(
            .timeout,
            "hub-not-ready",
            "Węzeł centralny nie był gotów w ciągu 120 s.",
            "The hub was not ready within 120 s."
        )
    }

    /// Resident memory, bytes (VmRSS of proc(5)).
    var residentBytes: Int {
        let path = "/proc/\(process.processIdentifier)/status"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (kibibytes ?? 0) * 1024
    }

    /// Ends the process and waits for its end.
    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        cleanup.forget(process: process.processIdentifier)
    }
}

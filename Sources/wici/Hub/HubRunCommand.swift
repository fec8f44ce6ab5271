// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici hub run: the hub in the foreground, for a supervisor. Signals: TERM and INT end it cleanly, HUP
// loads registry and policy again.

import ArgumentParser
import Foundation
import Glibc
import Logging
import WiciCore
import WiciHub
import ZeroMQ

/// Runs a hub.
struct HubRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a hub in the foreground.",
        discussion: """
            SIGTERM and SIGINT end it: what was acknowledged is on disk. SIGHUP (wici hub reload) \
            loads registry and policy again. Writes hub.pid and hub.addresses into the folder.

            Example:
              wici hub run hub
            """
    )

    @Argument(help: "The hub's folder.")
    var folder: String

    @Option(help: "Least log level: debug, info, notice, warning, error.")
    var logLevel = "notice"

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let hubFolder = HubFolder(URL(filePath: folder))
        guard FileManager.default.fileExists(atPath: hubFolder.location.path) else {
            throw CommandFailure.missing(hubFolder.location)
        }
        CrashSignals.restoreDefaults()
        Context.tuneMemory(for: .manyConnections)
        let signals = ProcessSignals([SIGTERM, SIGINT, SIGHUP])
        defer { signals.end() }
        let mark = try ProcessMark(hubFolder.processFile)
        let bar = ProgressBar(say("księga", "ledger"))
        let daemon: HubDaemon
        do {
            daemon = try await HubDaemon(
                folder: hubFolder,
                logger: try Log.logger("wici.hub", level: logLevel)
            ) { bar.show($0, of: $1) }
        } catch let error as HubError where error.code == .socketFailed {
            throw Self.unlistening(try hubFolder.configuration(), error)
        }
        let addresses = HubAddresses(
            process: getpid(),
            exchange: daemon.addresses.exchange,
            feed: daemon.addresses.feed,
            status: daemon.addresses.status
        )
        let addressFile = HubAddresses.file(in: hubFolder)
        try Files.write(try JSONEncoder().encode(addresses), to: addressFile)
        if output.json {
            try Console.write(json: addresses)
        } else {
            Console.write("exchange  \(addresses.exchange)")
            Console.write("feed      \(addresses.feed)")
            Console.write("status    \(addresses.status)")
        }
        for await signal in signals.stream {
            guard signal == SIGHUP else { break }
            // The daemon logs a refusal and shows it on its health page.
            try? daemon.reload()
        }
        await daemon.stop()
        try? FileManager.default.removeItem(at: addressFile)
        mark.remove()
    }

    /// The failure to listen, with the addresses that were tried.
    private static func unlistening(
        _ configuration: HubConfiguration,
        _ error: HubError
    ) -> CommandFailure {
        var addresses = [configuration.exchange, configuration.feed]
        if configuration.statusPort > 0 {
            addresses.append("127.0.0.1:\(configuration.statusPort)")
        }
        return CommandFailure(
            error.code,
            field: addresses.joined(separator: ", "),
            error.sentence
        )
    }
}

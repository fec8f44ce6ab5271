// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici node run: the node in the foreground, for a supervisor.

import ArgumentParser
import Foundation
import Glibc
import Logging
import WiciCore
import WiciNode

/// Runs a node.
struct NodeRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a node in the foreground: the connection to the hub and the local API.",
        discussion: """
            SIGTERM and SIGINT end it; what it acknowledged is on disk. Writes node.pid.

            Example:
              wici node run node
            """
    )

    @Argument(help: "The node's folder.")
    var folder: String

    @Option(help: "Least log level: debug, info, notice, warning, error.")
    var logLevel = "notice"

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let node: String
        let api: String
        let process: Int32
    }

    func run() async throws {
        let nodeFolder = NodeFolder(URL(filePath: folder))
        guard FileManager.default.fileExists(atPath: nodeFolder.location.path) else {
            throw CommandFailure.missing(nodeFolder.location)
        }
        CrashSignals.restoreDefaults()
        let signals = ProcessSignals([SIGTERM, SIGINT])
        defer { signals.end() }
        let logger = try Log.logger("wici.node", level: logLevel)
        let configuration = try nodeFolder.configuration()
        let mark = try ProcessMark(nodeFolder.location.appending(path: "node.pid"))
        defer { mark.remove() }
        let node = try Node(folder: nodeFolder, logger: logger)
        let address = nodeFolder.address(in: configuration)
        let server = NodeAPIServer(
            node: node,
            address: address,
            token: try APIToken.load(from: nodeFolder.tokenFile),
            logger: logger
        )
        try await serve(node, server, address, signals.stream)
    }

    private func serve(
        _ node: Node,
        _ server: NodeAPIServer,
        _ address: NodeConfiguration.APIAddress,
        _ signals: AsyncStream<Int32>
    ) async throws {
        let isJSON = output.json
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            group.addTask {
                try await server.run { port in
                    let shown =
                        switch address {
                        case .unixSocket(let path): path
                        case .loopback: "http://127.0.0.1:\(port)"
                        }
                    let id = await node.status().node.text
                    if isJSON {
                        try? Console.write(json: Report(node: id, api: shown, process: getpid()))
                    } else {
                        Console.write("\(id)  \(shown)")
                    }
                }
            }
            group.addTask {
                for await _ in signals { break }
            }
            // Whichever ends first, a signal or a failure, ends the other two.
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

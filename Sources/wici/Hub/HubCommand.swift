// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici hub: the broker itself.

import ArgumentParser
import Foundation
import WiciCore
import WiciHub

/// The noun `hub`.
struct HubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub",
        abstract: "Make and run the hub, the broker between the nodes.",
        subcommands: [
            HubInitCommand.self, HubRunCommand.self, HubReloadCommand.self, HubStatusCommand.self,
        ]
    )
}

/// What a running process leaves in its folder, so that others find it: `hub.addresses` as JSON.
struct HubAddresses: Codable {
    let process: Int32
    let exchange: String
    let feed: String
    let status: String

    static func file(in folder: HubFolder) -> URL {
        folder.location.appending(path: "hub.addresses")
    }

    /// The addresses of the running hub of a folder.
    static func read(_ path: String) throws -> HubAddresses {
        let folder = HubFolder(URL(filePath: path))
        guard FileManager.default.fileExists(atPath: folder.location.path) else {
            throw CommandFailure.missing(folder.location)
        }
        guard let bytes = try? Data(contentsOf: file(in: folder)),
            let addresses = try? JSONDecoder().decode(HubAddresses.self, from: bytes),
            kill(addresses.process, 0) == 0
        else {
            throw CommandFailure(
                .notFound,
                "hub-not-running",
                "Dla tego katalogu nie działa żaden węzeł centralny.",
                "No hub is running for this folder."
            )
        }
        return addresses
    }

    /// The port of the status page.
    var statusPort: Int { Int(status.split(separator: ":").last ?? "") ?? 0 }

    /// Asks the health page.
    func health() throws -> HubHealth {
        let bytes = try LoopbackPage.get("/healthz", port: statusPort)
        return try JSONDecoder().decode(HubHealth.self, from: bytes)
    }
}

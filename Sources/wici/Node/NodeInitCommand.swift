// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici node init: folder, keys, configuration and enrolment request of a node.

import ArgumentParser
import Foundation
import WiciCore
import WiciNode

/// Makes a node.
struct NodeInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a node's folder, keys, configuration and enrolment request.",
        discussion: """
            The request file goes to the network authority (wici registry add). The secret keys \
            never leave the folder.

            Examples:
              wici node init node --id kwp-lublin.main --institution kwp-lublin \
            --hub tcp://hub.example:5570 --hub-key HEX --authority a1.pub --authority a2.pub
              wici node init node --id kwp-lublin.main --institution kwp-lublin \
            --hub tcp://hub.example:5570 --registry registry.note
            """
    )

    @Argument(help: "Folder to make.")
    var folder: String

    @Option(help: "The node's id, for example kwp-lublin.main.")
    var id: String

    @Option(help: "The institution's id in the registry.")
    var institution: String

    @Option(help: "Where the hub listens, for example tcp://hub.example:5570.")
    var hub: String

    @Option(help: "The hub's exchange key, 64 hexadecimal digits.")
    var hubKey: String?

    @Option(help: "A registry from which hub key and authority are taken; compare its keys.")
    var registry: String?

    @OptionGroup var authority: AuthorityOptions

    @Option(help: "Serve the local API on this port of 127.0.0.1 instead of a unix socket.")
    var apiPort: Int?

    @Option(help: "Pseudonym of who writes here, known to the institution alone.")
    var `operator` = "op-1"

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let folder: String
        let request: String
        let signingKey: String
    }

    func run() throws {
        guard let node = NodeID(id), let member = InstitutionID(institution) else {
            throw CommandFailure.usage(
                "--id i --institution: małe litery, cyfry, kropka i łącznik.",
                "--id and --institution: lower-case letters, digits, dots and hyphens."
            )
        }
        let known = try registry.map { try RegistryFile.contents($0) }
        guard let key = hubKey ?? known?.hub.exchangeKey.hexadecimal else {
            throw CommandFailure.usage(
                "Podaj --hub-key albo --registry.",
                "Give --hub-key or --registry."
            )
        }
        let trust: AuthorityTrust
        if authority.authority.isEmpty, let named = known?.authority {
            trust = named
        } else {
            trust = try authority.trust()
        }
        let location = URL(filePath: folder)
        let configuration = try NodeConfiguration.made(
            node: node,
            hub: hub,
            hubKey: key,
            authority: trust,
            api: apiPort.map { .loopback(port: $0) } ?? .unixSocket(path: "api.sock"),
            operator: `operator`
        )
        if case .unixSocket(let path) = NodeFolder(location).address(in: configuration) {
            try NodeAPIServer.checkSocketPath(path)
        }
        let request = try NodeFolder(location).initialise(configuration, institution: member)
        let report = Report(
            folder: location.path,
            request: NodeFolder(location).requestFile.path,
            signingKey: request.signingKey.hexadecimal
        )
        if output.json { return try Console.write(json: report) }
        Console.write(report.request)
        Console.remark(
            say(
                "Przekaż ten plik organowi sieci i odczytaj klucz podpisu: \(report.signingKey)",
                "Give that file to the network authority and read out the signing key: "
                    + report.signingKey
            )
        )
    }
}

extension NodeConfiguration {
    /// A configuration from a hub key in digits.
    ///
    /// It goes through the file's own strict reader: what is refused here would be refused there.
    static func made(
        node: NodeID,
        hub: String,
        hubKey: String,
        authority: AuthorityTrust,
        api: APIAddress,
        operator pseudonym: String = "op-1"
    ) throws -> NodeConfiguration {
        let address =
            switch api {
            case .unixSocket(let path): "socket: \"\(path)\""
            case .loopback(let port): "port: \(port)"
            }
        return try NodeConfiguration(
            text: """
                node: "\(node)"
                operator: "\(pseudonym)"
                hub:
                  endpoint: "\(hub)"
                  key: "\(hubKey)"
                authority:
                  threshold: \(authority.threshold)
                  keys:
                \(authority.keys.map { "    - \"\($0.text)\"" }.joined(separator: "\n"))
                api:
                  \(address)
                store: "node.sqlite"

                """
        )
    }
}

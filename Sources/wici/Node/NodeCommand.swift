// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici node: an institution's own daemon, and how other commands find it.

import ArgumentParser
import Foundation
import WiciCore
import WiciNode

/// The noun `node`.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Make and run an institution's node.",
        subcommands: [
            NodeInitCommand.self, NodeRunCommand.self, NodeStatusCommand.self,
            NodeRotateCommand.self,
        ]
    )
}

/// Which node a command talks to.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The node: its folder, its unix socket, or http://127.0.0.1:PORT (default: WICI_NODE, "
                + "else ./node).",
            valueName: "folder|socket|url"
        )
    )
    var toNode: String?

    @Option(
        help: "Token file, where the node is named by socket or URL (default: WICI_TOKEN_FILE)."
    )
    var tokenFile: String?

    /// A client for the node.
    func client(timeout: Duration = .seconds(30)) throws -> NodeClient {
        let environment = Settings.environment
        let name = toNode ?? environment["WICI_NODE"] ?? "node"
        if name.hasPrefix("http://") {
            let port = Int(name.split(separator: ":").last?.prefix { $0.isNumber } ?? "")
            guard let port, name.hasPrefix("http://127.0.0.1:") else {
                throw CommandFailure.usage(
                    "--to-node: adres ma postać http://127.0.0.1:PORT.",
                    "--to-node: an address reads http://127.0.0.1:PORT."
                )
            }
            return NodeClient(
                address: .loopback(port: port),
                token: try token(beside: nil),
                timeout: timeout
            )
        }
        let location = URL(filePath: name)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: location.path, isDirectory: &isFolder) else {
            throw CommandFailure.missing(location)
        }
        if isFolder.boolValue { return try NodeClient(of: NodeFolder(location), timeout: timeout) }
        return NodeClient(
            address: .unixSocket(path: location.path),
            token: try token(beside: location),
            timeout: timeout
        )
    }

    private func token(beside socket: URL?) throws -> APIToken {
        let named = tokenFile ?? Settings.environment["WICI_TOKEN_FILE"]
        let file =
            named.map { URL(filePath: $0) }
            ?? socket.map { NodeFolder($0.deletingLastPathComponent()).tokenFile }
        guard let file else {
            throw CommandFailure.usage("Podaj --token-file.", "Give --token-file.")
        }
        return try APIToken.load(from: file)
    }
}

extension MessageID {
    /// The id in an argument.
    static func argument(_ text: String) throws -> MessageID {
        guard let id = MessageID(text) else {
            throw CommandFailure.usage(
                "„\(text)” nie jest identyfikatorem wiadomości.",
                "\"\(text)\" is not a message id."
            )
        }
        return id
    }
}

extension NodeClient {
    /// A client for the node of a folder, from its configuration and token.
    init(of folder: NodeFolder, timeout: Duration = .seconds(30)) throws {
        let address = folder.address(in: try folder.configuration())
        let token = try APIToken.load(from: folder.tokenFile)
        self.init(address: address, token: token, timeout: timeout)
    }
}

extension NodeFolder {
    /// Where the node of this folder listens, a socket's path made whole.
    func address(in configuration: NodeConfiguration) -> NodeConfiguration.APIAddress {
        switch configuration.api {
        case .unixSocket(let path): .unixSocket(path: resolve(path).path)
        case .loopback: configuration.api
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The local API as a server: a unix socket or a port on this machine, never another address.

import Foundation
import Glibc
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import PrivateFiles
import WiciCore

/// Serves a node's operations over HTTP/1.1 to programs on the same machine.
public struct NodeAPIServer: Sendable {
    private let node: any NodeOperations
    private let address: NodeConfiguration.APIAddress
    private let token: APIToken
    private let logger: Logger

    /// Connections served at once; more wait to be accepted.
    public static let connectionLimit = 256
    /// A connection that asks nothing, or does not finish asking, gives its place to others.
    private static let idleTimeout = TimeAmount.seconds(10)
    /// The longest path of a unix socket, in bytes.
    public static let socketPathLimit = 107

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - node: What is asked.
    ///   - address: Where to listen; a socket's path must be absolute, or relative to the working
    ///     folder.
    ///   - token: What every request but the supervision's must show.
    ///   - logger: Receives failures, never content.
    public init(
        node: any NodeOperations,
        address: NodeConfiguration.APIAddress,
        token: APIToken,
        logger: Logger
    ) {
        self.node = node
        self.address = address
        self.token = token
        self.logger = logger
    }

    /// Serves until the task is cancelled, which breaks off the requests under way.
    ///
    /// Inside a service group that shuts down gracefully, the requests under way are finished.
    ///
    /// - Parameter onListening: Called once with the port, or 0 for a unix socket, as soon as
    ///   connections are accepted.
    /// - Throws: `NodeError` when the address cannot be used.
    public func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let requests = RequestCounter()
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: APIGate(token: token, requests: requests, logger: logger))
        APIRoutes(node: node, requests: requests).register(on: router)
        let socketPath = try prepare()
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: bindAddress,
                serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit)
            ),
            onServerRunning: { channel in
                if let socketPath { chmod(socketPath, 0o600) }
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: quietLogger
        )
        defer { if let socketPath { unlink(socketPath) } }
        do {
            try await application.run()
        } catch is CancellationError {
            return
        } catch let error as IOError {
            throw NodeError(
                Refusal(
                    .socketFailed,
                    field: socketPath ?? "port",
                    help: Bilingual(
                        polish: "Nie można otworzyć gniazda (błąd \(error.errnoCode)).",
                        english: "The socket cannot be opened (error \(error.errnoCode))."
                    )
                ),
                kind: .failed
            )
        }
    }

    private var bindAddress: BindAddress {
        switch address {
        case .unixSocket(let path): .unixDomainSocket(path: path)
        case .loopback(let port): .hostname("127.0.0.1", port: port)
        }
    }

    /// The server's own lines are details, and it reports every cancelled connection as an error;
    /// what fails in a request is logged where errors become answers.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = .critical
        return logger
    }

    /// Refuses a path that the system cannot take for a unix socket.
    public static func checkSocketPath(_ path: String) throws(NodeError) {
        guard (1...socketPathLimit).contains(path.utf8.count) else {
            throw NodeError(
                Refusal(
                    .socketFailed,
                    field: path,
                    help: Bilingual(
                        polish: "Ścieżka gniazda ma \(path.utf8.count) bajtów, a może mieć "
                            + "\(socketPathLimit). Wybierz krótszy katalog.",
                        english: "The socket's path has \(path.utf8.count) bytes and may have "
                            + "\(socketPathLimit). Choose a shorter folder."
                    )
                ),
                kind: .failed
            )
        }
    }

    /// Refuses a socket path that cannot work, and a folder in which others could replace it.
    private func prepare() throws(NodeError) -> String? {
        guard case .unixSocket(let path) = address else { return nil }
        try Self.checkSocketPath(path)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        try PrivateFolder.check(folder, .closed)
        return path
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The files around the local API, its addresses, and a client whose node does not answer.

import Foundation
import Glibc
import Logging
import Testing
import WiciCore

@testable import WiciNode

struct LocalAPIFilesTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? NSNumber).intValue & 0o777
    }

    @Test func `a token's file is made once, for its owner alone`() async throws {
        try await withFolder { folder in
            let file = folder.appendingPathComponent(APIToken.fileName)
            let made = try APIToken.loadOrCreate(at: file)
            #expect(try mode(file.path) == 0o600)
            #expect(try APIToken.loadOrCreate(at: file).authorization == made.authorization)
            #expect(try APIToken.load(from: file).matches(authorization: made.authorization))
        }
    }

    @Test func `a token's file that others may read is refused`() async throws {
        try await withFolder { folder in
            let file = folder.appendingPathComponent(APIToken.fileName)
            _ = try APIToken.loadOrCreate(at: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o640],
                ofItemAtPath: file.path
            )
            let error = await problem { () throws(NodeError) in _ = try APIToken.load(from: file) }
            #expect(error?.report.name == "key-file-open")
        }
    }

    @Test func `only the whole token matches`() throws {
        let text = String(repeating: "0a", count: 32)
        let token = try #require(APIToken(hexadecimal: text))
        #expect(token.matches(authorization: "Bearer \(text)"))
        #expect(token.matches(authorization: "bearer \(text)"))
        for wrong in [nil, "", text, "Bearer \(text) ", "Bearer \(text.uppercased())", "Bearer 0a"]
        {
            #expect(!token.matches(authorization: wrong))
        }
        #expect(APIToken(hexadecimal: "0a") == nil)
    }

    @Test func `the socket is for its owner alone`() async throws {
        try await withServer(FakeNode()) { api in
            guard case .unixSocket(let path) = api.address else { return }
            let socketMode = try mode(path)
            #expect(socketMode == 0o600)
        }
    }

    @Test func `a socket in a folder that others may enter is refused`() async throws {
        try await withFolder { folder in
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: folder.path
            )
            let socket = folder.appendingPathComponent("api.sock").path
            let server = NodeAPIServer(
                node: try FakeNode(),
                address: .unixSocket(path: socket),
                token: .generate(),
                logger: Logger(label: "test")
            )
            await #expect(throws: NodeError.self) { try await server.run() }
        }
    }

    @Test func `a socket path that the system cannot take is refused`() async throws {
        let server = NodeAPIServer(
            node: try FakeNode(),
            address: .unixSocket(path: "/" + String(repeating: "a", count: 107)),
            token: .generate(),
            logger: Logger(label: "test")
        )
        await #expect(throws: NodeError.self) { try await server.run() }
    }

    @Test func `a port in use is an error and not a crash`() async throws {
        try await withServer(FakeNode(), loopback: true) { api in
            let server = NodeAPIServer(
                node: try FakeNode(),
                address: api.address,
                token: .generate(),
                logger: Logger(label: "test")
            )
            let error = await #expect(throws: NodeError.self) { try await server.run() }
            #expect(error?.report.name == "socket-failed" && error?.kind == .failed)
        }
    }

    @Test func `a node that is not running is unreachable`() async throws {
        try await withFolder { folder in
            let socket = folder.appendingPathComponent("api.sock").path
            let client = NodeClient(address: .unixSocket(path: socket), token: .generate())
            let error = await problem { () throws(NodeError) in _ = try await client.status() }
            #expect(error == NodeError(.nodeUnreachable))
        }
    }

    @Test func `a node that ends before it takes a connection is unreachable at once`() async throws
    {
        try await withFolder { folder in
            for round in 0..<200 {
                let path = folder.appendingPathComponent("\(round).sock").path
                let listener = try #require(Self.listener(at: path))
                let client = NodeClient(
                    address: .unixSocket(path: path),
                    token: .generate(),
                    timeout: .seconds(10)
                )
                await withTaskGroup(of: NodeError?.self) { group in
                    for _ in 0..<16 {
                        group.addTask {
                            await problem { () throws(NodeError) in _ = try await client.status() }
                        }
                    }
                    usleep(UInt32.random(in: 0..<3_000))
                    close(listener)
                    for await error in group { #expect(error == NodeError(.nodeUnreachable)) }
                }
            }
        }
    }

    /// A socket that listens and that nobody serves.
    private static func listener(at path: String) -> Int32? {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, listen(listener, 64) == 0 else { return nil }
        return listener
    }

    @Test func `a node that does not answer is silent, and the server still stops`() async throws {
        let node = try FakeNode()
        node.change { $0.silent = true }
        try await withServer(node) { api in
            let client = NodeClient(
                address: api.address,
                token: api.token,
                timeout: .milliseconds(200)
            )
            let error = await problem { () throws(NodeError) in
                _ = try await client.send(draft: Fixture.draft)
            }
            #expect(error == NodeError(.nodeSilent))
            #expect(error?.kind == .timeout)
        }
    }
}

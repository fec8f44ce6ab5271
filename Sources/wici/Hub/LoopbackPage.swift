// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reads one small page of a status server on this machine. The answer fits in memory, the server is
// our own, and nothing but 127.0.0.1 is ever asked.

import Foundation
import Glibc
import WiciCore

/// A page on a port of 127.0.0.1.
enum LoopbackPage {
    /// The body of a page; throws when the server does not answer within five seconds.
    static func get(_ path: String, port: Int) throws -> Data {
        let descriptor = try Self.connect(port: port)
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        try handle.write(contentsOf: Data(request.utf8))
        var answer = Data()
        while answer.count < 1 << 20, let part = try handle.read(upToCount: 1 << 16), !part.isEmpty
        {
            answer.append(part)
        }
        guard let end = answer.range(of: Data("\r\n\r\n".utf8)),
            answer.starts(with: Data("HTTP/1.1 200".utf8))
        else { throw silent(port) }
        return Data(answer[end.upperBound...])
    }

    /// Whether something listens on a port.
    static func isListening(host: UInt32 = 0x7F00_0001, port: Int) -> Bool {
        guard let descriptor = try? connect(host: host, port: port) else { return false }
        close(descriptor)
        return true
    }

    private static func connect(host: UInt32 = 0x7F00_0001, port: Int) throws -> Int32 {
        guard let number = UInt16(exactly: port), number > 0 else { throw silent(port) }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw silent(port) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw silent(port)
        }
        return descriptor
    }

    private static func silent(_ port: Int) -> CommandFailure {
        CommandFailure(
            .timeout,
            "no-answer",
            "Port \(port) na tym komputerze nie odpowiada.",
            "Port \(port) on this machine does not answer."
        )
    }
}

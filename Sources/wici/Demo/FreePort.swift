// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Ports of loopback for networks that run on one machine: the demonstration and the tests.

import Glibc
import Synchronization
import WiciCore

/// Finds ports that nobody uses and that this program has not given out before.
///
/// All lie below those from which the system serves outgoing connections: before a hub takes its
/// port, and while it is down, nobody must get it by chance.
enum FreePort {
    private static let given = Mutex<Set<UInt16>>([])

    /// A free port.
    static func find() throws -> Int {
        try given.withLock { given in
            for _ in 0..<1_000 {
                let port = UInt16.random(in: 20_000..<30_000)
                if !given.contains(port), isFree(port) {
                    given.insert(port)
                    return Int(port)
                }
            }
            throw CommandFailure(
                RefusalCode.socketFailed,
                RefusalCode.socketFailed.sentence
            )
        }
    }

    /// Whether a port can be bound; lets it go again.
    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The way another thread gets the attention of a thread that waits in a poller.

import Glibc

/// A signal that any thread can raise and a `Poller` can wait for.
///
/// Signals raised before the waiting thread drains them count as one.
public final class WakeSignal: Sendable {
    /// The descriptor to watch for input.
    public let descriptor: Int32
    private let writing: Int32

    /// Makes a signal that is not raised.
    public init() throws(ZeroMQError) {
        // A pipe and not an eventfd, which the platform module does not show to Swift.
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ZeroMQError(code: errno, operation: "create signal")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
        descriptor = ends[0]
        writing = ends[1]
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    /// Raises the signal.
    ///
    /// It may be called from any thread and never waits.
    public func signal() {
        var one: UInt8 = 1
        // The only other failure is a full pipe, and then the signal is raised already.
        while write(writing, &one, 1) < 0 && errno == EINTR {}
    }

    /// Lowers the signal.
    ///
    /// - Returns: Whether it had been raised.
    @discardableResult
    public func drain() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256)
        var raised = false
        while true {
            let length = read(descriptor, &buffer, buffer.count)
            if length > 0 {
                raised = true
                if length < buffer.count { return true }
            } else if length == 0 || errno != EINTR {
                return raised
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The libzmq context: the I/O threads and the socket table that all sockets of a process share.

import CZeroMQ
import Glibc

/// A libzmq context.
///
/// The context may be shared by every thread. Each `Socket` keeps its context alive, so the
/// context ends (and waits for lingering messages) only after the last socket has been closed.
public final class Context: @unchecked Sendable {
    // Safety: the pointer is set once and never changes; libzmq documents that a context may be
    // used from any thread without further locking.
    let handle: UnsafeMutableRawPointer

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - ioThreads: Threads that move and encrypt bytes; about one for each gigabyte a second.
    ///   - maxSockets: The largest number of open sockets, counting the internal ones.
    public init(ioThreads: Int = 1, maxSockets: Int = 1023) throws(ZeroMQError) {
        guard let handle = zmq_ctx_new() else {
            throw ZeroMQError(code: zmq_errno(), operation: "create context")
        }
        do throws(ZeroMQError) {
            try ZeroMQError.check("set I/O threads") {
                zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(clamping: ioThreads))
            }
            try ZeroMQError.check("set the socket limit") {
                zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, Int32(clamping: maxSockets))
            }
        } catch {
            zmq_ctx_term(handle)
            throw error
        }
        self.handle = handle
    }

    deinit {
        _ = ZeroMQError.attempt { zmq_ctx_term(handle) }
    }

    /// What a process needs its memory for.
    public enum MemoryUse: Sendable {
        /// Many connections, most of them idle.
        case manyConnections
        /// Large packets in quick succession.
        case muchTraffic
    }

    /// Tells the allocator what memory is needed for; it may change while the process runs.
    ///
    /// libzmq reserves three blocks of 16 to 18 KiB for every connection, of which an idle one touches
    /// a few bytes. For many connections such blocks get pages of their own: taken from the heap they
    /// would lie on pages that other work has touched (a hub with 500 nodes: 45 KiB a node so, 60 to
    /// 270 KiB otherwise). But then every packet larger than that costs a system call and its pages
    /// anew, and the library copies each packet three times to encrypt it; under much traffic large
    /// blocks come from the heap and go back to it (messages to 200 nodes: 1.6 times as many).
    ///
    /// The allocator reads these numbers whenever it asks the system for memory. Any thread may see
    /// the old or the new one, and a block goes back the way it came
    /// (https://man7.org/linux/man-pages/man3/mallopt.3.html).
    public static func tuneMemory(for use: MemoryUse) {
        switch use {
        case .manyConnections:
            mallopt(M_MMAP_THRESHOLD, 16 << 10)
            mallopt(M_TRIM_THRESHOLD, 128 << 10)
            mallopt(M_TOP_PAD, 128 << 10)
            malloc_trim(0)
        case .muchTraffic:
            mallopt(M_MMAP_THRESHOLD, 4 << 20)
            mallopt(M_TRIM_THRESHOLD, 64 << 20)
            mallopt(M_TOP_PAD, 4 << 20)
        }
    }

    /// The version of the library at run time, for example "4.3.4".
    public static var libraryVersion: String {
        var major: Int32 = 0
        var minor: Int32 = 0
        var patch: Int32 = 0
        zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Whether the library was built with CURVE encryption.
    public static var hasCurve: Bool { zmq_has("curve") == 1 }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a failed libzmq call becomes. The error number is read at once, on the calling thread, and
// an interrupted call is repeated here and nowhere else in the program.

import CZeroMQ
import Glibc

/// A libzmq call that failed.
public struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The error number: a value of errno.h or one of libzmq's own.
    public let code: Int32
    /// What was being done, for example "bind".
    public let operation: String
    /// The library's sentence for the code.
    ///
    /// It never holds keys or message content.
    public let message: String

    /// Builds an error from an error number, with the library's own sentence for it.
    public init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
        self.message = zmq_strerror(code).map { String(cString: $0) } ?? "unknown error"
    }

    /// The operation, the sentence and the number in one line for a log.
    public var description: String { "\(operation): \(message) (\(code))" }

    /// Whether the context was shut down while the call ran, so that the socket has to be closed.
    public var contextTerminated: Bool { code == ETERM }
    /// Whether the address is already bound by another socket.
    public var addressInUse: Bool { code == EADDRINUSE }

    /// Runs a call that returns -1 on failure, repeats it when interrupted by a signal.
    @discardableResult
    static func check(
        _ operation: StaticString,
        _ call: () -> Int32
    ) throws(ZeroMQError) -> Int32 {
        let (result, code) = attempt(call)
        guard result >= 0 else {
            throw ZeroMQError(code: code, operation: "\(operation)")
        }
        return result
    }

    /// Runs a call and returns its result with the error number, 0 when it succeeded.
    static func attempt(_ call: () -> Int32) -> (result: Int32, code: Int32) {
        while true {
            let result = call()
            if result >= 0 { return (result, 0) }
            let code = zmq_errno()
            if code != EINTR { return (result, code) }
        }
    }
}

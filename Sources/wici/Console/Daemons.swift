// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the two daemons have in common as processes: signals, crashes, process file, log.

import Dispatch
import Foundation
import Glibc
import Logging
import WiciCore

/// Signals as a stream, from the moment of making until `end`.
final class ProcessSignals {
    /// The signals in the order in which they came.
    let stream: AsyncStream<Int32>
    private let sources: [any DispatchSourceSignal]

    /// Takes over the signals' handling from the system.
    init(_ signals: [Int32]) {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        self.stream = stream
        self.sources = signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    /// Stops listening.
    func end() {
        for source in sources { source.cancel() }
    }
}

/// What a crash does to a daemon.
enum CrashSignals {
    private static let all = [SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGQUIT]

    /// Lets a crash end the process at once, without a word.
    ///
    /// On Linux Swift's runtime takes these signals over and starts swift-backtrace, which writes the
    /// registers to standard error: bytes of keys may be among them, and that is the log. That takes
    /// seconds, and it keeps what it inherits: the listening sockets, so that the hub that a supervisor
    /// starts next cannot have its ports. After a signal from outside the program even goes on. An
    /// operator who sets SWIFT_BACKTRACE wants to see the crash and has it as before.
    static func restoreDefaults() {
        guard Settings.environment["SWIFT_BACKTRACE"] == nil else { return }
        for number in all { signal(number, SIG_DFL) }
    }
}

/// A process file: says which process serves a folder, and that only one does.
///
/// The lock on the file is what counts. The system takes it back however a process ends; the number
/// in the file may outlive its process and by then belong to a stranger.
final class ProcessMark {
    private let file: URL
    private let descriptor: Int32

    /// Takes the file; refuses while another process holds it.
    init(_ file: URL) throws {
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CommandFailure.unwritable(file) }
        self.file = file
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(
                RefusalCode.alreadyRunning,
                field: file.path,
                RefusalCode.alreadyRunning.sentence
            )
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, text, text.count, 0) == text.count
        else { throw CommandFailure.unwritable(file) }
    }

    deinit { close(descriptor) }

    /// Removes the file.
    func remove() {
        try? FileManager.default.removeItem(at: file)
    }
}

/// The log of a daemon: standard error, one line an event.
enum Log {
    static func logger(_ label: String, level: String) throws -> Logger {
        guard let level = Logger.Level(rawValue: level) else {
            throw CommandFailure.usage(
                "--log-level: „\(level)” nie jest poziomem.",
                "--log-level: \"\(level)\" is not a level."
            )
        }
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}

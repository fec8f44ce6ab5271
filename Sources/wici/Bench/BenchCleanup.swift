// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a measurement leaves behind when it is broken off: nothing. Processes that it started are ended
// by their ids and its folders removed, also at Ctrl-C.

import Foundation
import Glibc
import Synchronization

/// Processes and folders that must not outlive a measurement.
final class BenchCleanup: Sendable {
    private struct Left {
        var processes: Set<Int32> = []
        var folders: Set<URL> = []
    }

    private let left = Mutex(Left())

    /// Answers SIGINT and SIGTERM from now on.
    func watch() {
        let signals = ProcessSignals([SIGINT, SIGTERM])
        Task { [self] in
            for await number in signals.stream {
                removeAll()
                exit(128 + number)
            }
        }
    }

    /// Ends the process when the measurement is broken off.
    func note(process: Int32) { left.withLock { _ = $0.processes.insert(process) } }

    /// The process has ended; its id may soon be another's.
    func forget(process: Int32) { left.withLock { _ = $0.processes.remove(process) } }

    /// Removes the folder at the end.
    func note(folder: URL) { left.withLock { _ = $0.folders.insert(folder) } }

    /// Ends and removes everything.
    func removeAll() {
        let left = left.withLock { left in
            defer { left = Left() }
            return left
        }
        for process in left.processes { kill(process, SIGKILL) }
        for folder in left.folders { try? FileManager.default.removeItem(at: folder) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A child of the network whose calls on files the harness counts and makes fail, by FaultCalls as a
// preloaded library (ld.so(8)).

import FaultCalls
import Foundation
import NetworkRig
import Synchronization

/// Which child obeys, and what becomes of its calls.
final class ObedientProcess: Sendable {
    private let assignments: [String]
    private let file: String
    private let obedient = Mutex<String?>(nil)

    /// Takes a folder for the file by which the child is reached.
    init(in folder: ScratchFolder) throws {
        let library = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "libFaultCalls.so")
        guard FileManager.default.fileExists(atPath: library.path) else {
            throw NetworkFailure("\(library.path) is not built: swift build --product FaultCalls")
        }
        file = folder.url.appending(path: "calls").path
        assignments = ["LD_PRELOAD=\(library.path)", "WICI_FAULT_CALLS=\(file)"]
    }

    /// The words before a child's command, for `ProcessNetwork`.
    func prefix(of child: String) -> [String] {
        obedient.withLock { $0 == child } ? assignments : []
    }

    /// Lets a child that is launched in the body obey, and gives what becomes of its calls.
    func launch(_ child: String, _ body: (OpaquePointer) throws -> Void) throws -> OpaquePointer {
        guard let calls = fault_calls_share(file) else { throw NetworkFailure("no shared file") }
        obedient.withLock { $0 = child }
        defer { obedient.withLock { $0 = nil } }
        try body(calls)
        return calls
    }
}

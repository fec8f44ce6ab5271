// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One process serves a node's folder; the system drops the lock when the process ends, however it ends.

import Foundation
import Glibc
import WiciCore

/// Says to other processes that this one serves a folder, for as long as it lives.
final class ProcessLock: Sendable {
    private let descriptor: Int32

    init(_ file: URL) throws(NodeError) {
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw NodeError(.fileUnwritable, file: file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw NodeError(.alreadyRunning, file: file)
        }
    }

    deinit { close(descriptor) }
}

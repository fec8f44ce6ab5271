// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One process serves a node's folder and its store; the system drops the locks when the process ends,
// however it ends.

import Foundation
import Glibc
import WiciCore

/// Says to other processes that this one serves a folder or a store, for as long as it lives.
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

    /// Takes the lock of a store, beside the file that links lead to: the store may have several names.
    convenience init(ofStore file: URL) throws(NodeError) {
        try self.init(URL(filePath: NodeStore.fullPath(file.path) + "-lock"))
    }

    deinit { close(descriptor) }
}

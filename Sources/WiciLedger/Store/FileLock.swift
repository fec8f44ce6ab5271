// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A lock on a file beside the ledger: two hubs on one file would each sign checkpoints of their own.
// The system drops the lock when the process ends, however it ends.

import Foundation
import Glibc
import WiciCore

/// An exclusive lock, held until the value is gone.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock or says that the ledger is in use.
    init(path: String, ledger: String) throws(LedgerError) {
        let place = LedgerError.Place(file: ledger)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code: RefusalCode = errno == EROFS ? .ledgerReadOnly : .ledgerUnopenable
            throw LedgerError(code, at: place, detail: "\(path): errno \(errno)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw LedgerError(.ledgerInUse, at: place)
        }
    }

    deinit {
        close(descriptor)
    }
}

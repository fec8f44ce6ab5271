// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Which calls on files fail, and with what.

import FaultCalls
import Foundation

/// An error that a call on a file ends with.
struct CallError {
    let name: String
    let number: Int32

    static let damaged = CallError(name: "EIO", number: EIO)
    static let full = CallError(name: "ENOSPC", number: ENOSPC)
    static let tooManyFiles = CallError(name: "EMFILE", number: EMFILE)
}

/// A kind of call with the errors that it may end with.
struct CallKind {
    let kind: fault_call_kind
    let name: String
    let errors: [CallError]

    static let all = [
        CallKind(kind: FAULT_CALL_OPEN, name: "open", errors: [.damaged, .full, .tooManyFiles]),
        CallKind(kind: FAULT_CALL_WRITE, name: "write", errors: [.damaged, .full]),
        CallKind(kind: FAULT_CALL_SYNC, name: "sync", errors: [.damaged, .full]),
        CallKind(kind: FAULT_CALL_RENAME, name: "rename", errors: [.damaged, .full]),
        CallKind(kind: FAULT_CALL_TRUNCATE, name: "truncate", errors: [.damaged]),
        CallKind(kind: FAULT_CALL_UNLINK, name: "unlink", errors: [.damaged]),
    ]
}

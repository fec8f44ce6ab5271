// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How many descriptors the system lets the hub open: as many as its operator allows are asked for, and
// connections leave enough for the ledger, the status page and the hub's own work.

import Glibc

/// The process's open files.
enum OpenFiles {
    /// Descriptors that are never given to connections.
    private static let reserve = 96

    /// Raises the process's limit to what the system allows it (setrlimit(2)), and gives the number
    /// of connections that fit: at least 16.
    static func forConnections() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 16 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
                limit = raised
            }
        }
        return max(16, Int(clamping: limit.rlim_cur) - reserve)
    }
}

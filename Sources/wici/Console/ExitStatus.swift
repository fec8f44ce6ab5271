// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The numbers with which the program ends, so that scripts can tell what happened without reading
// sentences.

import WiciCore
import WiciNode

/// How a command ended.
enum ExitStatus: Int32, CaseIterable {
    /// Done.
    case ok = 0
    /// It failed: a file, a disk, a connection, a fault in what was given.
    case failed = 1
    /// The command line itself was wrong.
    case usage = 2
    /// A rule refuses it.
    case refused = 3
    /// A key, a signature or a token is not accepted.
    case authentication = 4
    /// There is no such message, node, file or entry.
    case notFound = 5
    /// It did not happen in the time given.
    case timeout = 6
    /// Something that must agree does not: a ledger, a proof, a digest.
    case integrity = 8

    /// The table for the help page.
    static let table = """
        Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused by a rule, 4 key, signature or token
        not accepted, 5 not found, 6 no answer in time, 8 integrity: something does not match.
        """

    /// The status for a code of Schemas/codes.json.
    init(_ code: RefusalCode) {
        switch code.number {
        case 100, 101, 203, 208, 1021, 1022, 1040: self = .authentication
        case 300...399, 600, 800, 802, 1210: self = .refused
        case 701, 801, 1009, 1206: self = .notFound
        case 1026, 1108...1114, 1120...1127, 1160, 1207, 1209, 1211: self = .integrity
        default: self = .failed
        }
    }
}

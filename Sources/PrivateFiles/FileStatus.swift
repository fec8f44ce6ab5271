// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Whose a file is, and what others may do with it: stat(2) in one place.

// `stat` is declared in headers that this module's library takes in too; which of the two the compiler
// sees as its owner differs from build to build.
import Dispatch
import Glibc

/// Owner, kind and rights of a file.
package struct FileStatus {
    /// Whether the file is this user's own.
    package let isOwn: Bool
    /// Rights of owner, group and others: nine bits.
    package let rights: UInt32
    private let kind: mode_t

    /// Whether it is a file with contents, and no folder, link or device.
    package var isRegular: Bool { kind == S_IFREG }
    /// Whether it is a folder.
    package var isFolder: Bool { kind == S_IFDIR }

    /// Of the file that a path leads to; nil when there is none.
    package init?(following path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of what stands at a path, links included; nil when nothing does.
    package init?(at path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open file; nil when it is none.
    package init?(of descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        isOwn = status.st_uid == geteuid()
        rights = UInt32(status.st_mode) & 0o777
        kind = status.st_mode & S_IFMT
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Folders in which secrets lie. Whoever may write in a folder decides what its names mean, whatever
// the modes of the files: one that another user owns or may write in is refused.

package import Foundation
import Glibc
import WiciCore

/// Folders of one owner.
package enum PrivateFolder<Failure: FileFailure> {
    /// What others may have in a folder.
    package enum Openness {
        /// Nothing: the folder holds keys.
        case closed
        /// They may enter and read, not write: what is in it has modes of its own.
        case readable

        fileprivate var forbidden: UInt32 {
            switch self {
            case .closed: 0o077
            case .readable: 0o022
            }
        }
    }

    /// Makes a folder with mode 0700, or takes one that is there already when it is this user's own
    /// and no more open than allowed.
    package static func make(_ folder: URL, _ openness: Openness) throws(Failure) {
        do {
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw Failure(.fileUnwritable, at: folder, detail: nil)
        }
        try check(folder, openness)
    }

    /// Refuses a folder that is another user's or more open than allowed.
    package static func check(_ folder: URL, _ openness: Openness) throws(Failure) {
        guard let status = FileStatus(following: folder.path), status.isFolder else {
            throw Failure(.fileUnreadable, at: folder, detail: nil)
        }
        guard status.isOwn else {
            throw Failure(.fileForeign, at: folder, detail: nil)
        }
        guard status.rights & openness.forbidden == 0 else {
            throw Failure(.keyFolderOpen, at: folder, detail: nil)
        }
    }
}

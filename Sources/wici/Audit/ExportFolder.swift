// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The folder of an export: it appears whole or not at all, and a failed export leaves an earlier one
// as it was.

import Foundation
import Glibc
import PrivateFiles
import WiciCore

/// Writes an export beside its place, and puts it there once it is whole.
final class ExportFolder {
    private let target: URL
    private let staging: URL
    private let handle: FileHandle
    private var buffer = Data()

    /// The files of an export.
    private static let names: Set<String> = [
        LedgerSource.entriesName, LedgerSource.checkpointName, LedgerSource.keyName,
    ]

    /// Begins an export for a place that is free or holds an earlier export; nothing there is touched.
    ///
    /// - Throws: `CommandFailure` where the place holds anything else.
    init(replacing target: URL) throws {
        let target = target.standardizedFileURL
        try Self.check(target)
        let parent = target.deletingLastPathComponent()
        staging = parent.appending(path: "\(target.lastPathComponent).part-\(getpid())")
        self.target = target
        // Headers tell who told whom what: that is for whoever made the export alone.
        try PrivateFolder<CommandFailure>.make(staging, .readable)
        let file = staging.appending(path: LedgerSource.entriesName)
        try Files.write(Data(), to: file, mode: 0o600)
        handle = try FileHandle(forWritingTo: file)
    }

    /// An export that was not put in its place leaves nothing behind.
    deinit {
        try? handle.close()
        try? FileManager.default.removeItem(at: staging)
    }

    /// Adds a line, its newline included.
    func write(_ line: Data) throws {
        buffer.append(line)
        if buffer.count > 1 << 20 { try flush() }
    }

    /// Adds checkpoint and key, syncs, and puts the whole in its place.
    ///
    /// A stop between the two renames leaves the earlier export whole beside its place, under a name
    /// that nobody else uses.
    func publish(checkpoint: Data, key: String) throws {
        try flush()
        try handle.synchronize()
        for (name, bytes) in [
            (LedgerSource.checkpointName, checkpoint),
            (LedgerSource.keyName, Data((key + "\n").utf8)),
        ] {
            try Files.write(bytes, to: staging.appending(path: name), mode: 0o600)
        }
        let earlier = target.appendingPathExtension("old-\(getpid())")
        let isReplacing = FileManager.default.fileExists(atPath: target.path)
        if isReplacing, rename(target.path, earlier.path) != 0 {
            throw CommandFailure(.fileUnwritable, at: target, detail: nil)
        }
        guard rename(staging.path, target.path) == 0 else {
            if isReplacing { rename(earlier.path, target.path) }
            throw CommandFailure(.fileUnwritable, at: target, detail: nil)
        }
        if isReplacing { try? FileManager.default.removeItem(at: earlier) }
    }

    /// Only an earlier export may be replaced: its folder goes as a whole.
    private static func check(_ target: URL) throws {
        var isFolder: ObjCBool = false
        let files = FileManager.default
        guard files.fileExists(atPath: target.path, isDirectory: &isFolder) else { return }
        let held = isFolder.boolValue ? try files.contentsOfDirectory(atPath: target.path) : []
        guard isFolder.boolValue, names.isSuperset(of: held) else {
            throw CommandFailure(
                .failed,
                "export-place-taken",
                "\(target.path): jest tam coś innego niż eksport; podaj nowy albo pusty katalog.",
                "\(target.path): something other than an export is there; name a new or empty "
                    + "folder."
            )
        }
    }

    private func flush() throws {
        try handle.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}

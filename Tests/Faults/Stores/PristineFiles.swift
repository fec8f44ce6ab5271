// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The files of a folder as they were, so that one bit can be flipped and everything put back.

import Foundation
import NetworkRig

/// The files of a folder with their contents.
///
/// `hub.yaml` and `node.yaml` are not among them: they say what an operator wants, and another port or
/// limit is as good as the one before.
struct PristineFiles {
    private let folder: URL
    private let files: [(path: String, content: Data, mode: Int)]
    let bytes: Int

    struct Bit {
        let file: Int
        let byte: Int
        let mask: UInt8
    }

    init(of folder: URL) throws {
        self.folder = folder
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        files = try paths.compactMap { path in
            let file = folder.appending(path: path)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { return nil }
            let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o600
            return (path, try Data(contentsOf: file), mode)
        }
        bytes = files.filter { !$0.path.hasSuffix(".yaml") }.reduce(0) { $0 + $1.content.count }
    }

    /// Any bit of any file: half of the time a file first, so that small ones are hit too.
    func randomBit(_ generator: inout SeededGenerator) -> Bit {
        let candidates = files.indices.filter {
            !files[$0].content.isEmpty && !files[$0].path.hasSuffix(".yaml")
        }
        let mask = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
        if Bool.random(using: &generator) {
            let file = candidates[Int.random(in: 0..<candidates.count, using: &generator)]
            let byte = Int.random(in: 0..<files[file].content.count, using: &generator)
            return Bit(file: file, byte: byte, mask: mask)
        }
        var byte = Int.random(in: 0..<bytes, using: &generator)
        for file in candidates {
            if byte < files[file].content.count { return Bit(file: file, byte: byte, mask: mask) }
            byte -= files[file].content.count
        }
        return Bit(file: candidates[0], byte: 0, mask: mask)
    }

    func name(of bit: Bit) -> String { "\(files[bit.file].path) byte \(bit.byte) bit \(bit.mask)" }

    func flip(_ bit: Bit) {
        var content = files[bit.file].content
        content[content.startIndex + bit.byte] ^= bit.mask
        write(content, to: bit.file)
    }

    /// Puts every file back and removes what was added.
    func restore() {
        let known = Set(files.map(\.path))
        let present = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
        for path in present where !known.contains(path) {
            let file = folder.appending(path: path)
            if (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory != true {
                try? FileManager.default.removeItem(at: file)
            }
        }
        for file in files.indices { write(files[file].content, to: file) }
    }

    private func write(_ content: Data, to file: Int) {
        let path = folder.appending(path: files[file].path).path
        _ = FileManager.default.createFile(
            atPath: path,
            contents: content,
            attributes: [.posixPermissions: files[file].mode]
        )
    }
}

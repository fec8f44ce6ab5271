// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where ledgers come from and exports go: a failed export leaves the place as it was, and a place
// without a ledger is called that.

import Foundation
import Testing
import WiciNode

@testable import wici

struct ExportFolderTests {
    private static func write(_ line: String, into folder: URL, isWhole: Bool = true) throws {
        let export = try ExportFolder(replacing: folder)
        try export.write(Data(line.utf8))
        if isWhole { try export.publish(checkpoint: Data("checkpoint".utf8), key: "key") }
    }

    private static func entries(_ folder: URL) throws -> String {
        try Files.text(folder.appending(path: LedgerSource.entriesName).path)
    }

    private static func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test
    func `an export appears whole, replaces an earlier one and leaves nothing beside it`() throws {
        let rig = try RegistryCommandTests.Rig()
        let folder = rig.folder.appending(path: "deep/export")
        try Self.write("one\n", into: folder)
        try Self.write("two\n", into: folder)
        #expect(try Self.entries(folder) == "two\n")
        #expect(try Self.names(folder) == ["checkpoint", "ledger-key", "ledger.jsonl"])
        #expect(try Self.names(folder.deletingLastPathComponent()) == ["export"])
    }

    @Test
    func `an export that breaks off leaves the earlier one, and no part of itself`() throws {
        let rig = try RegistryCommandTests.Rig()
        let folder = rig.folder.appending(path: "export")
        try Self.write("new\n", into: folder, isWhole: false)
        #expect(try Self.names(rig.folder) == [])
        try Self.write("good\n", into: folder)
        try Self.write("bad\n", into: folder, isWhole: false)
        #expect(try Self.entries(folder) == "good\n")
        #expect(try Self.names(rig.folder) == ["export"])
    }

    @Test
    func `a folder with anything else in it is not replaced`() throws {
        let rig = try RegistryCommandTests.Rig()
        try Files.write(Data("mine".utf8), to: rig.folder.appending(path: "letter.txt"))
        let error = #expect(throws: CommandFailure.self) {
            try ExportFolder(replacing: rig.folder)
        }
        #expect(error?.report.name == "export-place-taken")
        #expect(try Self.names(rig.folder) == ["letter.txt"])
    }

    @Test
    func `a folder without a ledger is called that`() throws {
        let rig = try RegistryCommandTests.Rig()
        let error = #expect(throws: CommandFailure.self) {
            try LedgerSource(path: rig.folder.path)
        }
        #expect(error?.report.name == "ledger-not-found")
        #expect(error?.report.help.en.contains(rig.folder.path) == true)
    }
}

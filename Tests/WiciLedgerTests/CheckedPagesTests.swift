// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One flipped bit of the ledger's file or of its log is found, and said where.

import CheckedPages
import Foundation
import Testing
import WiciCore
import WiciLedger

struct CheckedPagesTests {
    private static let batches: UInt64 = 6

    /// A ledger with a checkpoint and, after it, batches that are only in the log; a copy of its files.
    private func killed(
        _ fixture: LedgerFixture,
        beforeTheLast: () -> Void = {}
    ) throws -> String {
        let ledger = try fixture.openWithReleases()
        func append(_ batch: UInt64) throws {
            let entries = try (0..<UInt64(4)).map {
                let entry = try acceptedEntry(batch * 4 + $0, to: recipients(["ngo-a.main"]))
                return NewEntry.accepted(entry)
            }
            _ = try ledger.append(entries, at: LedgerFixture.start)
        }
        for batch in 0..<Self.batches { try append(batch) }
        _ = try ledger.checkpoint(now: LedgerFixture.start)
        for batch in Self.batches..<2 * Self.batches - 1 { try append(batch) }
        beforeTheLast()
        try append(2 * Self.batches - 1)
        return try fixture.copyFiles(to: "killed.sqlite", suffixes: ["", "-wal", "-synced"])
    }

    private func flip(_ file: String, byte: Int, bit: UInt8) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[byte] ^= bit
        try bytes.write(to: URL(fileURLWithPath: file))
    }

    @Test func `any damaged bit of what was synced to the log refuses the ledger with its place`()
        throws
    {
        let fixture = try LedgerFixture()
        let copy = try killed(fixture)
        let log = copy + "-wal"
        let whole = try Data(contentsOf: URL(fileURLWithPath: log))
        #expect(whole.count > 8_192 * Int(Self.batches))
        // A prime step meets headers and pages, the last frame too.
        for byte in Array(stride(from: 0, to: whole.count, by: 1_009)) + [whole.count - 1] {
            try flip(log, byte: byte, bit: UInt8(1 << (byte % 8)))
            let error = #expect(throws: LedgerError.self) { try fixture.open(copy) }
            #expect(error?.code == .ledgerPageCorrupt)
            #expect(error?.place.file == log)
            let place = error.flatMap { Int($0.detail.dropFirst("byte ".count)) }
            #expect(place.map { $0 <= byte && byte < $0 + 8_192 + 24 + 32 } == true)
            try whole.write(to: URL(fileURLWithPath: log))
        }
        #expect(try fixture.open(copy).ledger.findMessage(messageID(47)) != nil)
    }

    @Test func `a log that ends before what was synced refuses the ledger`() throws {
        let fixture = try LedgerFixture()
        let copy = try killed(fixture)
        let log = URL(fileURLWithPath: copy + "-wal")
        try Data(contentsOf: log).dropLast(8_192 + 24).write(to: log)
        let error = #expect(throws: LedgerError.self) { try fixture.open(copy) }
        #expect(error?.code == .ledgerPageCorrupt)
    }

    @Test func `a log that is missing or empty though it was synced refuses the ledger`() throws {
        let fixture = try LedgerFixture()
        let copy = try killed(fixture)
        let log = copy + "-wal"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: log))
        for short in [nil, Data(), bytes.prefix(32)] as [Data?] {
            try FileManager.default.removeItem(atPath: log)
            try short?.write(to: URL(fileURLWithPath: log))
            let error = #expect(throws: LedgerError.self) { try fixture.open(copy) }
            #expect(error?.code == .ledgerPageCorrupt)
            if short == nil { try Data().write(to: URL(fileURLWithPath: log)) }
        }
        try bytes.write(to: URL(fileURLWithPath: log))
        #expect(try fixture.open(copy).ledger.findMessage(messageID(47)) != nil)
        // Now everything is in the file, and the log may go.
        try? FileManager.default.removeItem(atPath: log)
        #expect(try fixture.open(copy).ledger.findMessage(messageID(47)) != nil)
    }

    @Test
    func `a mark of the log that is old, damaged or missing claims nothing and refuses nothing`()
        throws
    {
        let fixture = try LedgerFixture()
        var old = Data()
        let copy = try killed(fixture) {
            old = (try? Data(contentsOf: URL(fileURLWithPath: fixture.path + "-synced"))) ?? old
        }
        // What a power cut may leave: a last transaction that no sync has followed.
        var torn = try Data(contentsOf: URL(fileURLWithPath: copy + "-wal"))
        torn[torn.count - 100] ^= 1
        let mark = try Data(contentsOf: URL(fileURLWithPath: copy + "-synced"))
        func open(_ name: String, _ mark: Data?) throws -> Ledger {
            let file = fixture.folder.path(name)
            try FileManager.default.copyItem(atPath: copy, toPath: file)
            try torn.write(to: URL(fileURLWithPath: file + "-wal"))
            try mark?.write(to: URL(fileURLWithPath: file + "-synced"))
            return try fixture.open(file).ledger
        }
        #expect(throws: LedgerError.self) { try open("whole.sqlite", mark) }
        var others: [Data?] = [nil, Data(), old]
        for byte in stride(from: 0, to: mark.count, by: 3) {
            var damaged = mark
            damaged[byte] ^= 4
            others.append(damaged)
        }
        for (number, other) in others.enumerated() {
            let ledger = try open("other-\(number).sqlite", other)
            #expect(try ledger.findMessage(messageID(43)) != nil)
            #expect(try ledger.findMessage(messageID(47)) == nil)
        }
    }

    @Test func `without the mark damage is found by the transaction behind it`() throws {
        let fixture = try LedgerFixture()
        var last = 0
        let copy = try killed(fixture) {
            last = (try? Data(contentsOf: URL(fileURLWithPath: fixture.path + "-wal")).count) ?? 0
        }
        try FileManager.default.removeItem(atPath: copy + "-synced")
        let log = copy + "-wal"
        let whole = try Data(contentsOf: URL(fileURLWithPath: log))
        func open(_ name: String, damagedAt byte: Int) throws -> Ledger {
            let file = fixture.folder.path(name)
            try FileManager.default.copyItem(atPath: copy, toPath: file)
            var damaged = whole
            damaged[byte] ^= UInt8(1 << (byte % 8))
            try damaged.write(to: URL(fileURLWithPath: file + "-wal"))
            return try fixture.open(file).ledger
        }
        // The frame before the last transaction, in all that it says: database size, salts, checksum, page.
        let frame = last - (8_192 + 24)
        let said = [4, 8, 15, 16, 23, 24].map { frame + $0 }
        for byte in Array(stride(from: 0, to: last, by: 4_093)) + said {
            let error = #expect(throws: LedgerError.self) {
                try open("synced-\(byte).sqlite", damagedAt: byte)
            }
            #expect(error?.code == .ledgerPageCorrupt)
        }
        // The last one looks as if it had not been synced.
        for byte in stride(from: last, to: whole.count, by: 4_093) {
            let ledger = try open("last-\(byte).sqlite", damagedAt: byte)
            #expect(try ledger.findMessage(messageID(43)) != nil)
            #expect(try ledger.findMessage(messageID(47)) == nil)
        }
    }

    @Test func `opening notes how far the log goes, to the end of its last transaction`() throws {
        let fixture = try LedgerFixture()
        var last = 0
        let copy = try killed(fixture) {
            last = (try? Data(contentsOf: URL(fileURLWithPath: fixture.path + "-wal")).count) ?? 0
        }
        let log = copy + "-wal"
        let whole = try Data(contentsOf: URL(fileURLWithPath: log))
        func markedEnd(_ bytes: Data) throws -> UInt64 {
            try bytes.write(to: URL(fileURLWithPath: log))
            try FileManager.default.removeItem(atPath: copy + "-synced")
            var damage: Int64 = 0
            #expect(checked_pages_secure_log(copy, &damage) == 0)
            #expect(damage < 0)
            let mark = try Data(contentsOf: URL(fileURLWithPath: copy + "-synced"))
            return mark.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self) }
        }
        #expect(try markedEnd(whole) == UInt64(whole.count))
        // Without its last frame the last transaction is none.
        let cut = whole.dropLast(8_192 + 24)
        #expect(cut.count > last)
        #expect(try markedEnd(cut) == UInt64(last))
        #expect(try markedEnd(whole) == UInt64(whole.count))
        var damaged = whole
        damaged[whole.count - 1] ^= 1
        try damaged.write(to: URL(fileURLWithPath: log))
        #expect(throws: LedgerError.self) { try fixture.open(copy) }
    }

    /// A sync that failed leaves in the page cache, clean, what is not on disk; a power cut takes it away,
    /// and with it what a program that starts again on the same machine adds after it.
    @Test func `what the mark of a log does not vouch for is written once more, and nothing else`()
        throws
    {
        let fixture = try LedgerFixture()
        var old = Data()
        let copy = try killed(fixture) {
            old = (try? Data(contentsOf: URL(fileURLWithPath: fixture.path + "-synced"))) ?? old
        }
        let log = copy + "-wal"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: log))
        func isWritten() throws -> Bool {
            let before = Date(timeIntervalSince1970: 1_000_000_000)
            try FileManager.default.setAttributes([.modificationDate: before], ofItemAtPath: log)
            var damage: Int64 = 0
            #expect(checked_pages_secure_log(copy, &damage) == 0)
            #expect(damage < 0)
            #expect(try Data(contentsOf: URL(fileURLWithPath: log)) == bytes)
            let attributes = try FileManager.default.attributesOfItem(atPath: log)
            return try #require(attributes[.modificationDate] as? Date) > before
        }
        #expect(try !isWritten())
        try old.write(to: URL(fileURLWithPath: copy + "-synced"))
        #expect(try isWritten())
        try FileManager.default.removeItem(atPath: copy + "-synced")
        #expect(try isWritten())
    }

    @Test func `any damaged bit of the file is found by whoever reads the page`() throws {
        let fixture = try LedgerFixture()
        do {
            let ledger = try fixture.openWithReleases()
            for number in UInt64(0)..<30 {
                let entry = try acceptedEntry(number, to: recipients(["ngo-a.main"]))
                _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
            }
        }
        let file = fixture.path
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        var found = 0
        for byte in stride(from: 0, to: whole.count, by: 911) {
            try flip(file, byte: byte, bit: UInt8(1 << (byte % 8)))
            do {
                let ledger = try fixture.open().ledger
                _ = try ledger.entries(from: LedgerIndex(0), limit: .max)
                for number in UInt64(0)..<30 {
                    let place = try #require(try ledger.findMessage(messageID(number)))
                    let message = try #require(try ledger.messages(at: [place]).first)
                    #expect(message.body == Data(repeating: UInt8(number), count: 64))
                }
            } catch let error as LedgerError {
                #expect(error.place.file == file)
                found += 1
            }
            try? FileManager.default.removeItem(atPath: file + "-wal")
            try whole.write(to: URL(fileURLWithPath: file))
        }
        #expect(found > whole.count / 911 / 2)
    }
}
